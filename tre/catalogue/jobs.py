"""The jobs that land submissions and build the warehouse. Safe to run again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import transaction

from tre.catalogue import clerical
from tre.catalogue.models import Submission
from tre.catalogue.quality import unmeasured
from tre.catalogue.reports import write_reports
from tre.catalogue.services import (
    BUILD_KEYS,
    current_build,
    held,
    inputs,
    marks,
    write_build,
    write_refusal,
    write_streamed,
    write_submission,
)
from tre.catalogue.withdrawals import to_erase, write_erasure
from tre.config.options import REPOSITORY, load
from tre.errors import Refused
from tre.keys.custody import Keystore, custody
from tre.keys.filters import filters_folder
from tre.runs.queue import handler
from tre.runs.runner import JobRefused, run_job

Say = Callable[[str], None]
CONTRACTS = REPOSITORY / "policies" / "contracts"
QUALITY = REPOSITORY / "policies" / "quality.yaml"
REGISTER = REPOSITORY / "policies" / "providers.yaml"
MOST_DROPS = 1_000  # files in one batch of the stream


def land(source: Path, by: str, progress: Say | None = None, *, provider: str | None = None) -> Submission:
    """Land one submission: accepted whole, or refused whole. Either is written down.

    Parameters
    ----------
    source : Path
        The provider's outbox: a folder with ``manifest.json`` and the files that it names.
    provider : str, optional
        Whose outbox it is; by default the name of the folder that the outbox lies in.

    Raises
    ------
    Refused
        Saying which file, row and field is wrong, or that the submission was withdrawn.
    """
    spec = {
        "source": str(source),
        "provider": provider or source.resolve().parent.name,
        "by": by,
        "landing": str(load().path("landing")),
        "contracts": str(CONTRACTS),
        "register": str(REGISTER),
    }
    try:
        receipt = run_job("land", spec, {"dicom-uid": custody().derive("dicom-uid")}, progress=progress)
    except JobRefused:
        write_refusal(by, spec["provider"])
        raise
    submission = write_submission(receipt)
    if receipt["replayed"] and submission.withdrawals.exists():
        todo = "Send it under a new name, when its controller agrees"
        raise Refused("A submission of this name was withdrawn", where=submission.identity, todo=todo)
    return submission


def recover() -> None:
    """Write down what landed whole when the process that landed it ended before it could."""
    recorded = list(Submission.objects.values_list("identity", flat=True))
    for receipt in run_job("recover", {"landing": str(load().path("landing")), "recorded": recorded})["landed"]:
        write_submission(receipt)


@handler("catalogue.build")
def build(payload: dict[str, Any], progress: Say | None = None) -> None:
    """Build the warehouse from everything that has landed, unless the newest build is of just that."""
    recover()
    with transaction.atomic():  # one view of what has landed and what was withdrawn
        digest, submissions, begun = inputs(), held(), marks()
        built = current_build(digest)
    options, keys = load(), custody()
    if built is not None:
        write_reports(built, options.path("landing", "feedback"))  # the run that built it may have died before
        return
    truth = options.path("truth")
    result = run_job(
        "build",
        {
            "landing": str(options.path("landing")),
            "warehouse": str(options.path("warehouse")),
            "filters": str(filters_folder(keys.generation("exact-match"))),
            "generation": keys.generation("warehouse-pseudonym"),
            "feedback": str(options.path("feedback")),
            "contracts": str(CONTRACTS),
            "quality": str(QUALITY),
            "submissions": submissions,
            "unmeasured": unmeasured(),
            # Ground truth exists for the synthetic health system alone; it measures linkage and is never linked by.
            "truth": str(truth) if options.demonstration and truth.is_dir() else None,
            "as_of": None,
            "decisions": clerical.decisions(),
        },
        _keys(keys),
        progress=progress,
    )
    built = write_build(result, digest, payload["by"], begun)
    write_reports(built, options.path("landing", "feedback"))


def _keys(keys: Keystore) -> dict[str, bytes]:
    """Return the newest keys, and the earlier generations under which opt-outs are published as well."""
    purpose = "warehouse-pseudonym"
    earlier = range(1, keys.generation(purpose))
    return {each: keys.derive(each) for each in BUILD_KEYS} | {
        f"{purpose}.{generation}": keys.derive(purpose, generation=generation) for generation in earlier
    }


@handler("catalogue.erase")
def erase(payload: dict[str, Any]) -> None:
    """Erase what was withdrawn from landing, and from the tables the versions that held it."""
    options, wanted = load(), to_erase()
    if not wanted["withdrawals"]:
        return
    spec = {
        "landing": str(options.path("landing")),
        "warehouse": str(options.path("warehouse")),
        "certificates": str(options.path("certificates")),
        "submissions": wanted["submissions"],
        "tables": wanted["tables"],
    }
    write_erasure(wanted, run_job("erase", spec))


def stream(by: str, say: Say, *, bounded: bool = False) -> None:
    """Take device readings in until stopped; bounded, until what has been dropped is in.

    Each version that it makes is written down as the newest of its dataset.

    Raises
    ------
    JobRefused
        When the warehouse was never built.
    """
    options = load()

    def appended(line: str) -> None:
        told = json.loads(line)
        write_streamed(told, by)
        say(f"{told['dataset']} version {told['version']}: {told['rows']:,} readings")

    spec = {
        "drops": str(options.path("drops")),
        "landing": str(options.path("landing")),
        "warehouse": str(options.path("warehouse")),
        "contracts": str(CONTRACTS),
        "register": str(REGISTER),
        "quality": str(QUALITY),
        "bounded": bounded,
        "most_drops": MOST_DROPS,
    }
    run_job("stream", spec, {"warehouse-pseudonym": custody().derive("warehouse-pseudonym")}, progress=appended)
