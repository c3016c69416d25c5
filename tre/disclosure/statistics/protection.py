"""How well each unsafe cell of a table must stay hidden, and the search for what hides it."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from tre.disclosure.model import DisclosureError
from tre.disclosure.policy import load_policy
from tre.disclosure.profile import Profile
from tre.disclosure.statistics.contributors import Contributors
from tre.disclosure.statistics.lattice import Lattice
from tre.disclosure.statistics.rules import Aggregate, Judgement
from tre.disclosure.statistics.suppression import Measure, suppress

_SCALE = 1e6  # sums are brought to this size, which HiGHS's tolerances are made for
_UNSHOWN = 1000.0  # what hiding a total costs that is not shown: others may know it, so it is the last resort


def whole_classes(lattice: Lattice, cells: Contributors) -> np.ndarray:
    """Return the cells that hold all people of a group with other categories: class disclosure; bool, shape (n,).

    The zeros beside such a cell say the same; that everybody is in one of several cells is what ACRO does not check.
    """
    found = np.zeros(len(cells.records), dtype=bool)
    for total, parts in lattice.sums():
        if len(parts) > 1 and cells.records[total] > 0:
            found[parts] |= cells.records[parts] == cells.records[total]
    return found


def protect(
    lattice: Lattice,
    cells: Contributors,
    judged: Judgement,
    aggregate: Aggregate,
    profile: Profile,
    *,
    shown: np.ndarray,
) -> np.ndarray:
    """Return which cells to hide: the unsafe ones and those that would give them away; bool, shape (n,).

    Parameters
    ----------
    shown : np.ndarray
        The cells that the table shows where they are safe, bool, shape (n,).

    Raises
    ------
    DisclosureError
        The table is too large to look for a suppression.
    """
    primary = judged.primary
    if not primary.any():
        return primary
    if len(primary) > load_policy().suppression["cells"]:
        raise DisclosureError("The table has too many cells to be protected", todo="Join categories")
    costs = 1.0 + cells.records * np.where(shown, 1.0, _UNSHOWN)
    costs = np.where(lattice.inner(), costs, costs + cells.records.max())
    if aggregate == "people":
        return _protect_people(lattice, cells, primary, costs, profile)
    measures = [count_measure(cells, judged, profile)]
    if aggregate in ("sum", "mean") or (aggregate == "count" and (cells.total != cells.records).any()):
        measures.append(sum_measure(cells, judged, profile, inner=lattice.inner()))
    return suppress(lattice.relations(), measures, primary, costs)


def count_measure(cells: Contributors, judged: Judgement, profile: Profile) -> Measure:
    """Return the numbers of records, and what may not be told of them.

    Of a count under the threshold the arithmetic may tell nothing: neither that anybody is there at all nor that it is
    under the threshold, so its interval reaches from 0 to the threshold. Of a cell that holds a whole class it may not
    tell that it does, so the interval reaches down by the threshold.
    """
    values = cells.records.astype(float)
    low, high = values.copy(), values.copy()
    small = judged.unsafe["threshold"] | judged.unsafe["degrees-of-freedom"]
    low[small] = 0.0
    high[small] = np.maximum(values[small] * (1 + profile.protection), profile.threshold)
    whole = judged.unsafe["class-disclosure"] & ~small
    low[whole] = np.maximum(values[whole] - profile.threshold, 0.0)
    return Measure(values, low, high, 0.0, np.zeros(len(values), dtype=bool))


def sum_measure(cells: Contributors, judged: Judgement, profile: Profile, *, inner: np.ndarray) -> Measure:
    """Return the sums, brought to a common size, and how nearly nobody may be able to estimate the unsafe ones.

    For dominance the protection level is what makes the rule hold of an estimate (Handbook on SDC 2024, table 4.2):
    ``p x1 - (T - x1 - x2)`` for the p-ratio, ``(x1 + ... + xn) / k - T`` for the NK rule; for every unsafe cell it is
    at least the profile's share of the sum. A mean is protected as the sum that it gives where the count is known. A
    cell of one person protects no other from that person.
    """
    largest = cells.largest
    rest = np.maximum(cells.size - largest[:, :2].sum(axis=1), 0.0)
    levels = np.maximum.reduce([
        profile.protection * cells.size,
        np.where(judged.unsafe["p-ratio"], profile.p_ratio * largest[:, 0] - rest, 0.0),
        np.where(judged.unsafe["nk-rule"], largest[:, : profile.nk_n].sum(axis=1) / profile.nk_k - cells.size, 0.0),
    ])  # fmt: skip
    low, high = cells.total - levels, cells.total + levels
    few = judged.unsafe["numerator"]
    low[few] = np.maximum(cells.total[few] - profile.threshold, 0.0)
    high[few] = np.maximum(cells.total[few], profile.threshold)
    whole = judged.unsafe["class-disclosure"] & ~judged.unsafe["threshold"]
    high[whole] = cells.total[whole]  # its group's sum is the most that it can be
    floor = -np.inf if (cells.negatives > 0).any() else 0.0
    known = (cells.people == 1) & judged.primary & inner
    scale = _SCALE / max(float(np.abs(cells.total).max()), 1e-300)
    return Measure(cells.total * scale, np.maximum(low, floor) * scale, high * scale, floor, known)


def _protect_people(
    lattice: Lattice, cells: Contributors, primary: np.ndarray, costs: np.ndarray, profile: Profile
) -> np.ndarray:
    """Return which numbers of people to hide.

    Where people stand in several cells of a sum, how many do is one more number that nobody outside knows.
    """
    n = len(primary)
    relations = lattice.relations()
    people = cells.people.astype(float)
    overlap = relations @ people
    shared = np.flatnonzero(overlap > 0)
    slack = sparse.csr_array(
        (-np.ones(len(shared)), (shared, np.arange(len(shared)))), shape=(relations.shape[0], len(shared))
    )
    values = np.concatenate([people, overlap[shared]])
    low, high = values.copy(), values.copy()
    low[:n][primary] = 0.0
    high[:n][primary] = np.maximum(people[primary], profile.threshold)
    measure = Measure(values, low, high, 0.0, np.zeros(len(values), dtype=bool))
    costs = np.concatenate([costs, np.zeros(len(shared))])
    wide = np.concatenate([primary, np.zeros(len(shared), dtype=bool)])
    return suppress(sparse.hstack([relations, slack], format="csr"), [measure], wide, costs)[:n]
