"""A table held against one that was released before: what a reader learns by subtracting one from the other.

Two counts of the same labels that differ by fewer people than the threshold isolate them only if the one counts all
that the other counts but for these. Published numbers do not say so: a count of other people may be as large by
chance. So the chance is worked out, against the case that is hardest to tell apart: two counts of other people in
groups of the same size, each a Poisson variable, so that their difference has the variance of their sum. How many of
the cells that two tables share would then be equal, and how many within the threshold, is a sum of independent
chances; that it comes to as many as it does is the tail of that sum, exact for few cells and by Chernoff's bound
(1952) for many. Where the tail, times the tables that were compared, is next to nothing, the two tables count the same
people but for a few.

Tables with other cut points are subtracted along the points that they share
(:func:`~tre.disclosure.statistics.differencing.few_between`): there the chance is that of being equal on every range
between shared points, and so near beyond.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.statistics.differencing import Range, few_between, positions
from tre.disclosure.statistics.published import Counts
from tre.disclosure.tally import PLACES

SURE, POSSIBLE = "differencing", "possible-differencing"
_EXACT = 40  # cells up to which the tail is worked out
_TOLD = 3  # places that a finding names


@dataclass(frozen=True)
class Near:
    """What one table tells together with another.

    Parameters
    ----------
    cells : np.ndarray
        Which of the new table's cells isolate people, int64, shape (k,).
    chance : float
        How often two unrelated tables would look so.
    agreeing : int
        On how many counts the two agree nearly: one alone may be chance, however large.
    nested : bool
        Whether all that they share is as large, or larger, in the same one of them.
    by_cuts : bool
        Whether it takes cells with other cut points.
    """

    cells: np.ndarray
    chance: float
    agreeing: int
    nested: bool
    by_cuts: bool


@dataclass(frozen=True)
class Earlier:
    """Counts that are known to whoever gets the new ones.

    Parameters
    ----------
    name : str
        What a finding calls the release or the file that they stand in.
    tables : sequence of Counts
        Its tables.
    own : bool
        Whether they are of the same project, whose tables are of the same people more often than chance makes it look.
    """

    name: str
    tables: Sequence[Counts]
    own: bool


class Work:
    """How many pairs of cut points may still be looked at; `spent` once it was not enough."""

    def __init__(self, pairs: int) -> None:
        self._left, self.spent = pairs, False

    def take(self, points: int) -> bool:
        """Return whether so many cut points may be compared, each with each."""
        self._left -= points * points
        self.spent = self.spent or self._left < 0
        return not self.spent


def near(new: Counts, old: Counts, threshold: int, work: Work) -> Iterator[Near]:
    """Yield the differences between two tables that isolate fewer people than the threshold."""
    yield from _same_labels(new.cells, old.cells, threshold)
    yield from _other_cuts(new, old, threshold, work)


def _same_labels(new: np.ndarray, old: np.ndarray, threshold: int) -> Iterator[Near]:
    """Yield what cells of the same labels tell, one number of labels at a time: sums repeat what their parts say."""
    _, mine, other = np.intersect1d(new["key"], old["key"], assume_unique=True, return_indices=True)
    depths = np.unique(new["depth"][mine])
    for depth in depths:
        at = mine[new["depth"][mine] == depth]
        a, b = new["count"][at], old["count"][other[new["depth"][mine] == depth]]
        less = a - b
        isolating = (less != 0) & (np.abs(less) < threshold)
        if isolating.any():
            nested = bool((less >= 0).all() or (less <= 0).all())
            agreeing = int((np.abs(less) < threshold).sum())
            chance = min(len(depths) * _chance(a, b, threshold), 1.0)
            yield Near(at[isolating], chance, agreeing, nested, by_cuts=False)


def _chance(a: np.ndarray, b: np.ndarray, threshold: int) -> float:
    """Return how often counts of other people are equal, and near, in as many cells as these are; at most 1."""
    both, less = (a + b).astype(float), np.abs(a - b)
    equal = np.minimum(1 / np.sqrt(2 * np.pi * np.maximum(both, 1 / (2 * np.pi))), 1)
    close = np.array([math.erf(each) for each in (threshold - 0.5) / np.sqrt(2 * np.maximum(both, 0.5))])
    close = np.maximum(close, equal)
    alike, around = int((less == 0).sum()), int((less < threshold).sum())
    if len(a) > _EXACT:
        return min(_chernoff(alike, float(equal.sum())), _chernoff(around, float(close.sum())))
    # by how many are equal and how many are near
    odds = np.zeros((len(a) + 1, len(a) + 1))
    odds[0, 0] = 1
    for same, near_by in zip(equal, close, strict=True):
        moved = odds * (1 - near_by)
        moved[:, 1:] += odds[:, :-1] * (near_by - same)
        moved[1:, 1:] += odds[:-1, :-1] * same
        odds = moved
    return float(odds[alike:, around:].sum())


def _chernoff(count: int, expected: float) -> float:
    """Return a bound on how often a sum of independent chances comes to so many, or more."""
    if count <= expected:
        return 1.0
    return math.exp(count - expected - count * math.log(count / max(expected, 1e-300)))


def _other_cuts(new: Counts, old: Counts, threshold: int, work: Work) -> Iterator[Near]:
    """Yield what cells of the same group and other ranges tell."""
    if new.cuts == old.cuts:
        return
    for group in new.ranges.keys() & old.ranges.keys():
        fresh, before = new.ranges[group], old.ranges[group]
        if fresh.keys() == before.keys() or not work.take(2 * (len(fresh) + len(before))):
            continue
        found = _between(fresh, before, threshold)
        if found is not None:
            ends, chance, agreeing = found
            of_group = (new.cells["group"] == group) & ~np.isnan(new.cells["low"])
            ending = of_group & (np.isin(new.cells["low"], ends) | np.isin(new.cells["high"], ends))
            yield Near(
                np.flatnonzero(ending if ending.any() else of_group), chance, agreeing, nested=True, by_cuts=True
            )


def _between(
    fresh: dict[Range, int], before: dict[Range, int], threshold: int
) -> tuple[list[float], float, int] | None:
    """Return the ends of the ranges in which subtraction finds few people, the chance, and on how much they agree.

    None where there are no such ranges, and where the two disagree on a range that both tell: they count different
    people, and nothing follows.
    """
    few = few_between(fresh, list(before.items()), threshold)
    if not few:
        return None
    mine, other = positions(list(fresh.items())), positions(list(before.items()))
    both = mine.keys() & other.keys()
    if any(mine[each] != other[each] for each in both):
        return None
    shared = sorted({end for each in both for end in each})
    steps = [mine[each] for each in pairwise(shared) if each in both]
    equal = math.prod(min(1, 1 / math.sqrt(4 * math.pi * people)) for people in steps if people)
    small = min(1, (threshold - 1) / math.sqrt(4 * math.pi * max(*fresh.values(), 1)))
    return [end for each in few for end in each], equal * small, len(steps) + 1


class Comparison:
    """What a file's tables tell together with those that are known.

    Parameters
    ----------
    tables : sequence of Counts
        Of one file.
    threshold : int
        The least people that a difference may have.
    """

    def __init__(self, tables: Sequence[Counts], policy: Policy, threshold: int) -> None:
        self._tables, self._policy, self._threshold = tables, policy, threshold
        self._work = Work(policy.limits["cut_pairs"])
        self._seen = {True: 0, False: 0}
        self._found: list[_Found] = []

    def hold(self, earlier: Earlier) -> None:
        """Hold the tables against a release or another file."""
        self._seen[earlier.own] += len(earlier.tables)
        for new in self._tables:
            for old in earlier.tables:
                for each in near(new, old, self._threshold, self._work):
                    self._found.append(_Found(new, earlier.name, earlier.own, each))

    def hits(self) -> list[Hit]:
        """Return what isolates people, one for each table and release, what is sure first."""
        worst: dict[tuple[str, str], tuple[str, _Found]] = {}
        for found in sorted(self._found, key=lambda each: each.near.chance):
            rule = self._rule(found)
            if rule and worst.get((found.new.where, found.name), ("",))[0] != SURE:
                worst[found.new.where, found.name] = (rule, found)
        hits = [found.told(rule) for rule, found in worst.values()]
        told = [each for rule in (SURE, POSSIBLE) for each in _shortened([hit for hit in hits if hit.rule == rule])]
        spent = Hit("uncompared", "cut-points", "", "more cut points than are compared")
        return [*told, spent] if self._work.spent else told

    def _rule(self, found: _Found) -> str:
        """Return the rule that a difference breaks, by how many such would be there by chance; empty for none."""
        shape = self._policy.shape
        expected = found.near.chance * self._seen[found.own]  # not by its own tables: junk beside them would weigh
        if expected < shape["differencing_sure"] and found.near.agreeing > 1:
            return SURE
        own = found.own and found.near.nested and expected < shape["differencing_own"]
        return POSSIBLE if own or expected < shape["differencing_possible"] else ""


@dataclass(frozen=True)
class _Found:
    """A difference, and between what."""

    new: Counts
    name: str
    own: bool
    near: Near

    def told(self, rule: str) -> Hit:
        """Return the difference in words: where the new table's cells stand, never what the other says."""
        cells = self.near.cells
        places = [self.new.place(int(cell)) for cell in cells[:_TOLD]]
        more = f"; and {len(cells) - _TOLD} more places" if len(cells) > _TOLD else ""
        first = self.new.cells[cells[0]]
        return Hit(
            rule, "cut-points" if self.near.by_cuts else "same-labels", self.new.where,
            f"{'; '.join(places)}{more}, with {self.name}", len(cells), "", 0.9 if rule == SURE else 0.5,
            row=int(first["row"]), column=self.new.columns[first["column"]], against=self.name,
        )  # fmt: skip


def _shortened(hits: list[Hit]) -> list[Hit]:
    if len(hits) <= PLACES:
        return hits
    more = f"with {len(hits) - PLACES} more releases or files"
    return [*hits[:PLACES], replace(hits[PLACES], where="", place=more, against="", row=None, column="")]
