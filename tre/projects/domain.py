"""What a research project must have before it may be approved and its extract made. Pure; no I/O."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tre.errors import Refused


@dataclass(frozen=True)
class Agreed:
    """What one controller agreed to share with a project: one dataset, its columns and its dates.

    Parameters
    ----------
    dataset, controller : str
        The dataset's name and who answers for it.
    columns : sequence of str
        The columns that the project may have, and no other.
    first, last : date or None
        Events outside these days are left out; None where the dataset has no dates.
    starts, ends : date
        The agreement's own life.
    linkage : str
        Whose pseudonyms its rows have: ``project`` (they join with the project's other tables), ``table`` (the table's
        alone) or ``none``.
    generalise : mapping
        The rule that makes a column coarser, by column; see :mod:`spark_jobs.provisioning.generalise`.
    """

    dataset: str
    controller: str
    columns: Sequence[str]
    first: date | None
    last: date | None
    starts: date
    ends: date
    linkage: str = "project"
    generalise: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def live(self, today: date) -> bool:
        """Return whether the agreement holds today."""
        return self.starts <= today <= self.ends


def digest(terms: Mapping[str, object]) -> str:
    """Return the SHA-256 of what is approved, in hexadecimal: equal for equal terms, whatever their order as keys.

    Parameters
    ----------
    terms : mapping
        JSON values, and dates, which count as their ISO text.
    """
    return hashlib.sha256(json.dumps(terms, sort_keys=True, default=str).encode()).hexdigest()


def check_unchanged(now: str, *approved: str) -> None:
    """Refuse to go on when a project's terms are not those that were approved.

    Parameters
    ----------
    now : str
        The digest of the terms as they stand.
    approved : str
        The same digest, as each place kept it that an approval is written to.

    Raises
    ------
    Refused
        When any differs, or none was kept.
    """
    if not approved or any(each != now for each in approved):
        raise Refused(
            "The project is not what was approved: its purpose, cohort, people, dates or agreements have changed since",
            todo="Look at them and approve the project again",
        )


def check_approvable(purpose: str, members: int, starts: date, ends: date, agreements: Sequence[Agreed]) -> None:
    """Refuse to approve a project that lacks something.

    Raises
    ------
    Refused
        Naming the first thing that is missing.
    """
    lacks = [
        (not purpose.strip(), "a purpose"),
        (members == 0, "a named person"),
        (not agreements, "a data-sharing agreement"),
        (any(not agreed.columns for agreed in agreements), "agreed columns for each dataset"),
        (ends <= starts, "an end date after its start"),
    ]
    for missing, what in lacks:
        if missing:
            raise Refused(f"The project lacks {what}", todo="Add it, then approve")


def check_provisionable(status: str, starts: date, ends: date, agreements: Sequence[Agreed], today: date) -> None:
    """Refuse to make an extract for a project that is not approved, or whose time or agreements are over.

    Raises
    ------
    Refused
        Naming what stands against it.
    """
    if status != "approved":
        raise Refused(f"The project is {status}, not approved", todo="Approve it first")
    if not starts <= today <= ends:
        raise Refused("The project's dates do not include today", todo="Renew it first")
    for agreed in agreements:
        if not agreed.live(today):
            raise Refused(
                "An agreement is not in force today", where=agreed.dataset, todo="Ask its controller to renew"
            )


@dataclass(frozen=True)
class Life:
    """What there is to know of an extract's life.

    Parameters
    ----------
    ready : bool
        Whether it was made, whole.
    held : bool
        Whether it waits for somebody to accept its risk of re-identification.
    ends : date
        The last day on which it may be used; see :func:`last_day`.
    ending : bool
        Whether its destruction was asked for.
    destroyed : bool
        Whether its bytes are gone.
    """

    ready: bool
    held: bool
    ends: date
    ending: bool
    destroyed: bool

    def state(self, today: date) -> str:
        """Return where the extract stands: one of :data:`STATES`."""
        stands = (
            (self.destroyed, "destroyed"),
            (self.ending, "being destroyed"),
            (not self.ready, "being made"),
            (self.ends < today, "expired"),
            (self.held, "waiting for acceptance"),
        )
        return next((state for holds, state in stands if holds), "in use")


STATES = ("being made", "waiting for acceptance", "in use", "expired", "being destroyed", "destroyed")
USABLE = "in use"


def last_day(own: date | None, project_ends: date, agreements_end: Sequence[date]) -> date:
    """Return the last day of an extract: its own, its project's or its agreements', whichever comes first."""
    return min([project_ends, *agreements_end, *([own] if own else [])])


def check_acceptable(state: str, reason: str, asked_by: str, actor: str) -> None:
    """Refuse to accept an extract's risk without need, without a reason, or by who asked for the extract.

    Raises
    ------
    Refused
        Saying which.
    """
    if state != "waiting for acceptance":
        raise Refused(f"The extract is {state}", todo="Only one that waits for acceptance can be accepted")
    if not reason.strip():
        raise Refused("The acceptance lacks a reason", todo="Say why the risk is justified")
    if actor == asked_by:
        raise Refused("You asked for this extract yourself", todo="Another information asset owner must accept it")


def check_destroyable(state: str, reason: str) -> None:
    """Refuse to destroy what is not there yet or no more, or without a reason.

    Raises
    ------
    Refused
        Saying which.
    """
    if state in ("being made", "being destroyed", "destroyed"):
        raise Refused(f"The extract is {state}", todo="Only one that was made can be destroyed")
    if not reason.strip():
        raise Refused("The destruction lacks a reason", todo="Say why")


def newer(pinned: Mapping[str, int], newest: Mapping[str, int]) -> tuple[str, ...]:
    """Return the datasets of which the warehouse has a newer version than an extract was made from."""
    return tuple(sorted(name for name, version in pinned.items() if newest.get(name, version) > version))


def differing(made: Mapping[str, str], remade: Mapping[str, str]) -> tuple[str, ...]:
    """Return the files, by name, whose SHA-256 is not the same in both extracts, or that one of them lacks."""
    return tuple(sorted(name for name in {*made, *remade} if made.get(name) != remade.get(name)))


def files_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of each file of an extract by its path in it."""
    return {
        f"{table['name']}/{file['name']}": file["sha256"] for table in manifest["tables"] for file in table["files"]
    }
