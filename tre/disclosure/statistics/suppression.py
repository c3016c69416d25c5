"""Which cells to hide beside the unsafe ones, so that no total gives an unsafe one away; and the proof.

What an attacker knows is every cell that is shown, that cells add up to their totals, and that no count is negative.
The least and the most that a hidden cell can then be are two linear programmes. A cell is protected when they leave its
protection interval open. Cells to hide beside it are looked for by the heuristic of Kelly, Golden and Assad (1992,
"Cell suppression: disclosure protection for sensitive tabular data", Networks 22): the cheapest set of changes to
other cells that keeps every sum and moves the unsafe cell to the end of its interval; all that it changes are hidden.
The Handbook on Statistical Disclosure Control (Hundepool and others, 2024, chapter 4) describes both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from tre.disclosure.model import DisclosureError

_EXACT = 1e-7  # relative: what HiGHS holds an equation to


@dataclass(frozen=True)
class Measure:
    """A number in each of `n` cells, and what an attacker may not be able to narrow it down to.

    Parameters
    ----------
    values : np.ndarray
        float64, shape (n,).
    low, high : np.ndarray
        The protection interval of each cell, of use where it is unsafe; float64, shape (n,).
    floor : float
        The least that any cell can be as everybody knows: 0 for counts and for sums of what is never negative.
    known : np.ndarray
        Cells that somebody outside knows in full, as their only contributor does: these protect no other; bool, (n,).
    """

    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    floor: float
    known: np.ndarray


def bounds(relations: sparse.csr_array, measure: Measure, hidden: np.ndarray, cell: int) -> tuple[float, float]:
    """Return the least and the most that a hidden cell can be, for all that is shown.

    Raises
    ------
    DisclosureError
        The cells do not add up to their totals.
    """
    unknown = np.flatnonzero(hidden & ((~measure.known) | (np.arange(len(hidden)) == cell)))
    told = relations[:, unknown]
    lines = np.flatnonzero(np.diff(told.indptr))
    fixed = measure.values.copy()
    fixed[unknown] = 0.0
    target = -(relations[lines] @ fixed)
    goal = (unknown == cell).astype(float)
    limits = (measure.floor if np.isfinite(measure.floor) else None, None)
    ends = []
    for sign in (1.0, -1.0):
        if not len(lines):
            ends.append(measure.floor if sign > 0 else np.inf)
            continue
        found = linprog(sign * goal, A_eq=told[lines], b_eq=target, bounds=limits, method="highs")
        if found.status == 2:
            raise DisclosureError("The cells of a table do not add up to its totals")
        ends.append(sign * found.fun if found.status == 0 else -sign * np.inf)
    return ends[0], ends[1]


def narrowed(
    relations: sparse.csr_array, measure: Measure, hidden: np.ndarray, cells: Iterable[int]
) -> list[tuple[int, float, float]]:
    """Return those of the hidden cells that can be bounded within their protection interval, with the bounds.

    This is the audit of a suppression: it shares nothing with the search but the equations.
    """
    found = []
    slack = _slack(measure)
    for cell in cells:
        low, high = bounds(relations, measure, hidden, cell)
        if low > measure.low[cell] + slack or high < measure.high[cell] - slack:
            found.append((cell, low, high))
    return found


def suppress(
    relations: sparse.csr_array, measures: Sequence[Measure], primary: np.ndarray, costs: np.ndarray
) -> np.ndarray:
    """Return which cells to hide so that every unsafe one keeps its protection interval in every measure.

    Parameters
    ----------
    relations : sparse.csr_array
        The equations between cells, shape (equations, n).
    measures : sequence of Measure
        What is told of each cell, or may be elsewhere: its count, its sum.
    primary : np.ndarray
        The unsafe cells, bool, shape (n,).
    costs : np.ndarray
        What hiding each cell costs, over 0, float64, shape (n,).

    Returns
    -------
    np.ndarray
        The hidden cells, the unsafe ones among them, bool, shape (n,).
    """
    hidden = primary.copy()
    for measure in measures:
        _Search(relations, measure, hidden, costs).protect(np.flatnonzero(primary))
    return hidden


class _Need(NamedTuple):
    """How far a cell must be able to be from its value, upwards (1) or downwards (-1)."""

    size: float
    cell: int
    sign: int


class _Search:
    """The search for one measure; it hides cells in the array that it is given."""

    def __init__(self, relations: sparse.csr_array, measure: Measure, hidden: np.ndarray, costs: np.ndarray) -> None:
        self.relations, self.measure, self.hidden, self.costs = relations, measure, hidden, costs
        self.both = sparse.hstack([relations, -relations], format="csr")  # what is added to a cell, and taken
        self.slack = _slack(measure)
        # how far scenarios that were found already move each cell
        self.up, self.down = np.zeros(len(hidden)), np.zeros(len(hidden))

    def protect(self, cells: np.ndarray) -> None:
        """Hide what protects those cells, the largest need first."""
        measure = self.measure
        needs = [_Need(measure.high[n] - measure.values[n], int(n), 1) for n in cells]
        needs += [_Need(measure.values[n] - max(measure.low[n], measure.floor), int(n), -1) for n in cells]
        needs.sort(reverse=True)
        together = True
        while needs := [each for each in needs if self._is_open(each)]:
            if together and self._moved_together(needs):
                continue
            hidden = int(self.hidden.sum())
            self._take(self._moved(needs[0].cell, needs[0].sign * needs[0].size))
            together = int(self.hidden.sum()) > hidden

    def _is_open(self, need: _Need) -> bool:
        moved = self.up if need.sign > 0 else self.down
        return need.size > self.slack and moved[need.cell] < need.size - self.slack

    def _moved_together(self, needs: list[_Need]) -> bool:
        """Look for one change of hidden cells alone that meets many needs at once; tell whether it met any."""
        free = np.flatnonzero(self.hidden & ~self.measure.known)
        place = {int(cell): n for n, cell in enumerate(free)}
        wanted = list({each.cell: each for each in needs if each.cell in place}.values())
        if not wanted:
            return False
        # for each need a variable that is at most the cell's change and at most the need; their sum is made large
        met = sparse.identity(len(wanted), format="csr")
        lines = np.arange(len(wanted))
        change = sparse.csr_array(
            ([-each.sign for each in wanted], (lines, [place[each.cell] for each in wanted])),
            shape=(len(wanted), len(free)),
        )
        told = self.relations[:, free]
        told = told[np.flatnonzero(np.diff(told.indptr))]
        sums = sparse.hstack([told, sparse.csr_array((told.shape[0], len(wanted)))], format="csr")
        scale = np.array([each.size for each in wanted])
        least = np.concatenate([self.measure.floor - self.measure.values[free], np.zeros(len(wanted))])
        most = np.concatenate([np.full(len(free), np.inf), scale])
        found = linprog(
            np.concatenate([np.zeros(len(free)), -1.0 / scale]),
            A_ub=sparse.hstack([change, met], format="csr"), b_ub=np.zeros(len(wanted)),
            A_eq=sums if told.shape[0] else None, b_eq=np.zeros(told.shape[0]) if told.shape[0] else None,
            bounds=np.column_stack([least, most]), method="highs",
        )  # fmt: skip
        if found.status != 0:
            return False
        moved = np.zeros(len(self.hidden))
        moved[free] = found.x[: len(free)]
        self._take(moved)
        return not all(self._is_open(each) for each in wanted)

    def _take(self, change: np.ndarray) -> None:
        self.hidden |= np.abs(change) > self.slack
        np.maximum(self.up, change, out=self.up)
        np.maximum(self.down, -change, out=self.down)

    def _moved(self, cell: int, by: float) -> np.ndarray:
        """Return the cheapest change of all cells that moves one by that much and keeps every sum.

        A total of known cells alone can only move with them: it is protected from who knows none of them.
        """
        for known in (self.measure.known, np.zeros_like(self.measure.known)):
            found = self._cheapest(cell, by, known)
            if found is not None:
                return found
        raise DisclosureError("No suppression protects this table", todo="Join categories, or leave out its totals")

    def _cheapest(self, cell: int, by: float, known: np.ndarray) -> np.ndarray | None:
        n = len(self.hidden)
        price = np.where(self.hidden, 0.0, self.costs)
        most = np.full(n, np.inf)
        least = np.maximum(self.measure.values - self.measure.floor, 0.0)  # how much may be taken
        most[known] = least[known] = 0.0
        most[cell], least[cell] = max(by, 0.0), max(-by, 0.0)
        low = np.zeros(2 * n)
        low[cell if by > 0 else n + cell] = abs(by)
        found = linprog(
            np.concatenate([price, price]), A_eq=self.both, b_eq=np.zeros(self.both.shape[0]),
            bounds=np.column_stack([low, np.concatenate([most, least])]), method="highs",
        )  # fmt: skip
        return found.x[:n] - found.x[n:] if found.status == 0 else None


def _slack(measure: Measure) -> float:
    return _EXACT * max(1.0, float(np.max(np.abs(measure.values), initial=0.0)))
