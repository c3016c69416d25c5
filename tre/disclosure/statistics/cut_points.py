"""Two published tables with other cut points: in which groups they agree, and where subtraction finds few people."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from tre.disclosure.statistics.coincidence import chance_of_few, chance_of_steps
from tre.disclosure.statistics.differencing import Range, few_between, positions
from tre.disclosure.statistics.published import Counts


class Work:
    """How many pairs of cut points may still be looked at; `spent` once it was not enough."""

    def __init__(self, pairs: int) -> None:
        self._left, self.spent = pairs, False

    def take(self, points: int) -> bool:
        """Return whether so many cut points may be compared, each with each."""
        self._left -= points * points
        self.spent = self.spent or self._left < 0
        return not self.spent


@dataclass(frozen=True)
class Group:
    """One group of two tables with other cut points.

    Parameters
    ----------
    group : int
        Its digest.
    steps : int
        The ranges between cut points that both tell, 0 where they share none.
    agrees : bool
        Whether the two tell the same of all of these.
    equal : float
        How often counts of other people would.
    few : dict
        The ranges in which subtraction finds few people.
    small : float
        How often a difference of such counts is so small.
    """

    group: int
    steps: int
    agrees: bool
    equal: float
    few: dict[Range, int]
    small: float


def groups_of(new: Counts, old: Counts, threshold: int, work: Work) -> list[Group]:
    """Return the groups that two tables tell with other cut points, as far as the work that is left allows."""
    return [
        _between(group, new.ranges[group], old.ranges[group], threshold)
        for group in new.ranges.keys() & old.ranges.keys()
        if new.ranges[group].keys() != old.ranges[group].keys()
        and work.take(2 * (len(new.ranges[group]) + len(old.ranges[group])))
    ]


def _between(group: int, fresh: dict[Range, int], before: dict[Range, int], threshold: int) -> Group:
    mine, other = positions(list(fresh.items())), positions(list(before.items()))
    both = mine.keys() & other.keys()
    shared = sorted({end for each in both for end in each})
    steps = [mine[each] for each in pairwise(shared) if each in both]
    agrees = all(mine[each] == other[each] for each in both)
    few = few_between(fresh, list(before.items()), threshold) if agrees else {}
    return Group(group, len(steps), agrees, chance_of_steps(steps), few, chance_of_few(max(fresh.values()), threshold))
