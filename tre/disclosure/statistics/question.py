"""What is asked of a frame: the groups, the values, and whose the rows are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tre.disclosure.model import DisclosureError
from tre.disclosure.profile import Profile

PERSON = "pseudonym"  # the column that tells people apart in every table of an extract


@dataclass(frozen=True)
class Question:
    """A table that is asked for.

    Parameters
    ----------
    down, across : tuple of str
        The columns that make the groups of each side.
    values : str, optional
        The column of numbers; without one each row counts as 1.
    person : str, optional
        The column that tells whose a row is; without one each row is another person's.
    largest : int
        How many of the largest contributions the rules look at.
    dominant : float
        The share of a cell from which its largest contribution may dominate it; under it those after the largest need
        not be known, and may be told as the most that they can be.
    """

    down: tuple[str, ...]
    across: tuple[str, ...]
    values: str | None
    person: str | None
    largest: int = 2
    dominant: float = 0.0

    @classmethod
    def under(
        cls,
        profile: Profile,
        down: Sequence[str],
        across: Sequence[str] = (),
        values: str | None = None,
        person: str | None = None,
    ) -> Question:
        """Return the question with what the rules of a profile look at.

        The `n` largest contributions make up `nk_k` of a total only where the first makes up an `n`-th of that; all but
        the first two are under `p_ratio` of the first only where it is more than 1 / (2 + `p_ratio`).
        """
        dominant = min(profile.nk_k / profile.nk_n, 1 / (2 + profile.p_ratio))
        return cls(tuple(down), tuple(across), values, person, max(2, profile.nk_n), dominant * (1 - 1e-6))

    @property
    def groups(self) -> tuple[str, ...]:
        """All columns that make groups."""
        return self.down + self.across

    def check(self, held: Sequence[str], numeric: Sequence[str]) -> None:
        """Hold the question against the columns that a frame has, and those of them that are numbers.

        Raises
        ------
        DisclosureError
            A column is not there, stands twice, or is not one of numbers.
        """
        wanted = [*self.groups, *(each for each in (self.values, self.person) if each)]
        missing = [name for name in wanted if name not in held]
        if missing or not self.down:
            raise DisclosureError("A table needs columns that are there", where=", ".join(missing) or "rows")
        if len(set(self.groups)) < len(self.groups):
            raise DisclosureError("A column can make groups once", where=", ".join(self.groups))
        if self.values and self.values not in numeric:
            raise DisclosureError("Only numbers can be summed or averaged", where=self.values)


def listed(names: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the names as a tuple, whichever way they were given."""
    return () if names is None else (names,) if isinstance(names, str) else tuple(names)


def person_of(held: Sequence[str], person: str | None) -> str | None:
    """Return the column that tells people apart: the one named, or the extract's own where it is there."""
    return person if person is not None else PERSON if PERSON in held else None


def is_spark(frame: Any) -> bool:
    """Tell whether a frame is Spark's, of a Connect session or a classic one."""
    return hasattr(frame, "sparkSession")
