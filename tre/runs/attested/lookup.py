"""Whether a file is what a run made: what the airlock asks of every file."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tre.keys.custody import custody
from tre.projects.models import Project
from tre.runs.attested.models import RunOutput
from tre.runs.attested.statement import AttestationBroken, kind_of, verify


def attested(project: Project, sha256: str) -> RunOutput | None:
    """Return the output that a run of the project made of these very bytes, the newest of them, or None.

    The table says which it may be, the signature whether it is so.

    Raises
    ------
    AttestationBroken
        When the table says so and the attestation does not: somebody has altered one of them.
    """
    found = _told(project, sha256)
    return found[0] if found else None


def _told(project: Project, sha256: str) -> tuple[RunOutput, dict[str, Any]] | None:
    """Return an output with what its run's statement tells, verified once."""
    found = RunOutput.objects.select_related("run").filter(run__project=project, run__state="done", sha256=sha256)
    output = found.order_by("-id").first()
    if output is None:
        return None
    told = _verified(output)
    _check_members(told, output)
    return output, told


def _verified(output: RunOutput) -> dict[str, Any]:
    return verify(output.run.attestation, custody().signing_key("attestation").public_key(), output.sha256)


def attested_among(project: Project, hashes: Collection[str]) -> dict[str, RunOutput]:
    """Return what runs of the project made of files, by SHA-256: those alone whose attestation holds.

    For who looks at them: what decides asks :func:`attested`, which stops where something was altered.
    """
    found = RunOutput.objects.select_related("run__extract").filter(run__project=project, run__state="done")
    kept = {}
    for output in found.filter(sha256__in=hashes).order_by("id"):
        with suppress(AttestationBroken):
            _verified(output)
            kept[output.sha256] = output
    return kept


@dataclass(frozen=True)
class Counted:
    """Who is counted in a file that the platform made: SHA-256 of the members of its cells, empty where none are known.

    Parameters
    ----------
    people : bool
        Whether its counts are of people, so that the members tell all that the counts do. Counts of records, sums and
        means say more than who is behind them.
    """

    members: str = ""
    people: bool = False


NOBODY = Counted()


def counted(project: Project, sha256: str) -> Counted:
    """Return who is counted in a file, where the platform made it.

    Raises
    ------
    AttestationBroken
        As :func:`attested` does.
    """
    found = _told(project, sha256)
    if found is None or not found[0].members:
        return NOBODY
    asked = found[1]["predicate"]["buildDefinition"]["externalParameters"]
    return Counted(found[0].members, asked.get("aggfunc") == "people")


def is_safe_table(project: Project, sha256: str) -> bool:
    """Return whether the platform made a file as a safe table of which no word is the researcher's own.

    Labels and headings that a query writes are words that nobody has read: a table that has any is attested, and is
    looked at. What a notebook made is attested too, and the researcher's own; a model is judged as models are.

    Raises
    ------
    AttestationBroken
        As :func:`attested` does.
    """
    found = _told(project, sha256)
    if found is None:
        return False
    told = found[1]
    return kind_of(told) == "aggregate" and _internal(told).get("table", {}).get("plain") is True


def _check_members(told: dict[str, Any], output: RunOutput) -> None:
    if _internal(told).get("members", {}).get(output.name, "") != output.members:
        raise AttestationBroken("The members kept of a run's cells are not its own", where=output.sha256[:12])


def _internal(told: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = told["predicate"]["buildDefinition"]["internalParameters"]
    return found
