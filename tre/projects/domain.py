"""What a research project must have before it may be approved and its extract made. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from tre.errors import Refused
from tre.projects.lawful_basis import LawfulBasis, check_one_use


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
    basis : LawfulBasis
        For what use, and on what lawful basis.
    """

    dataset: str
    controller: str
    columns: Sequence[str]
    first: date | None
    last: date | None
    starts: date
    ends: date
    basis: LawfulBasis = field(default_factory=LawfulBasis)

    def live(self, today: date) -> bool:
        """Return whether the agreement holds today."""
        return self.starts <= today <= self.ends


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
    check_one_use((agreed.dataset, agreed.basis) for agreed in agreements)


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
