"""A table held against one that was released before: what a reader learns by subtracting one from the other.

Two counts of the same labels that differ by fewer people than the threshold isolate them only if the one counts all
that the other counts but for these. Published numbers do not say so: a count of other people may be as large by chance.
So the chance is worked out (:mod:`~tre.disclosure.statistics.coincidence`). Where it, times the tables that were
compared, is next to nothing, the two tables count the same people but for a few.

Tables with other cut points are subtracted along the points that they share
(:func:`~tre.disclosure.statistics.differencing.few_between`): there the chance is that of being equal on every range
between shared points, and so near beyond.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.statistics.coincidence import chance_of_cells, chernoff
from tre.disclosure.statistics.cut_points import Work, groups_of
from tre.disclosure.statistics.published import Counts
from tre.disclosure.tally import PLACES

SURE, POSSIBLE = "differencing", "possible-differencing"
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
    known : bool
        Whether who is counted in both is known, and told elsewhere: then a difference that is merely likely is none.
    """

    name: str
    tables: Sequence[Counts]
    own: bool
    known: bool = False


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
            chance = min(len(depths) * chance_of_cells(a, b, threshold), 1.0)
            yield Near(at[isolating], chance, agreeing, nested, by_cuts=False)


def _other_cuts(new: Counts, old: Counts, threshold: int, work: Work) -> Iterator[Near]:
    """Yield what cells of the same group and other ranges tell.

    Where two groups disagree on a range that both tell, they count different people, and nothing follows of them. In
    how many groups two tables agree speaks for each.
    """
    if new.cuts == old.cuts:
        return
    groups = groups_of(new, old, threshold, work)
    telling = [each for each in groups if each.steps]
    alike = [each for each in telling if each.agrees]
    together = chernoff(len(alike), sum(each.equal for each in telling))
    together = together if together < 1 else len(groups)  # where they agree no more than by chance, each is one of many
    for each in groups:
        if each.few:
            ends = [end for ends in each.few for end in ends]
            of_group = (new.cells["group"] == each.group) & ~np.isnan(new.cells["low"])
            ending = of_group & (np.isin(new.cells["low"], ends) | np.isin(new.cells["high"], ends))
            cells = np.flatnonzero(ending if ending.any() else of_group)
            chance = min(each.small * min(each.equal * len(groups), together), 1.0)
            agreeing = sum(other.steps for other in alike) + 1
            yield Near(cells, chance, agreeing, nested=True, by_cuts=True)


class Comparison:
    """What a file's tables tell together with those that are known.

    Parameters
    ----------
    tables : sequence of Counts
        Of one file.
    threshold : int
        The least people that a difference may have.
    before : (int, int)
        How many tables they were held against before now: other projects', and the own project's.
    """

    def __init__(
        self, tables: Sequence[Counts], policy: Policy, threshold: int, before: tuple[int, int] = (0, 0)
    ) -> None:
        self._tables, self._policy, self._threshold = tables, policy, threshold
        self._work = Work(policy.limits["cut_pairs"])
        self._seen = dict(zip((False, True), before, strict=True))
        self._found: list[_Found] = []

    def hold(self, earlier: Earlier) -> None:
        """Hold the tables against a release or another file."""
        self._seen[earlier.own] += len(earlier.tables)
        for new in self._tables:
            for old in earlier.tables:
                for each in near(new, old, self._threshold, self._work):
                    self._found.append(_Found(new, earlier.name, earlier.own, earlier.known, each))

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
        if found.known:
            return ""
        own = found.own and found.near.nested and expected < shape["differencing_own"]
        return POSSIBLE if own or expected < shape["differencing_possible"] else ""


@dataclass(frozen=True)
class _Found:
    """A difference, and between what."""

    new: Counts
    name: str
    own: bool
    known: bool
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
