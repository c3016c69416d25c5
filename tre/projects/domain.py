"""What a research project must have before it may be approved and its extract made. Pure; no I/O."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

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
    """

    dataset: str
    controller: str
    columns: Sequence[str]
    first: date | None
    last: date | None
    starts: date
    ends: date

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
