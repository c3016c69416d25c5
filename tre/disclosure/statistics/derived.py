"""What a table's other figures tell of a cell or of a contributor: a rate of a hidden count, the largest of a total."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Table
from tre.disclosure.model import Hit
from tre.disclosure.profile import Profile
from tre.disclosure.statistics.shares import numbers_of

HIDDEN = frozenset({"[c]", "[x]", "[low]", "*", "suppressed", "redacted", "[redacted]"})
_PER = (1.0, 100.0, 1e3, 1e4, 1e5, 1e6)
_COLUMNS = 20  # of a table that are tried, each with each other
_SHOWN = 2  # rows in which a rate, its count and its base are all there
_LARGEST = re.compile(
    r"^(the )?(largest|maximum|max|biggest|highest|top( 1)?)( (value|share|contributor|contribution|provider|one))?$",
    re.IGNORECASE,
)
_SECOND = re.compile(
    r"^(the )?(second|2nd|next|top 2)( (largest|biggest|highest|value|contributor|one))*$", re.IGNORECASE
)
_SUM = re.compile(r"\b(total|sum|cost|costs|amount|spend|spending|expenditure|turnover|volume)\b", re.IGNORECASE)


def hidden_in(table: Table, column: int) -> np.ndarray:
    """Return which cells of a column are hidden, bool, shape (rows,)."""
    lower = pc.utf8_lower(pc.utf8_trim_whitespace(table.columns[column]))
    return np.asarray(pc.is_in(lower, pa.array(sorted(HIDDEN))).to_numpy(zero_copy_only=False))


def find_rates(table: Table, profile: Profile) -> Iterator[Hit]:
    """Yield the hidden counts that a rate beside them and its base give back.

    That a column is the rate of another by a third is not asked of their names: it is so in every row that shows them.
    """
    hidden_by = [hidden_in(table, n) for n in range(min(len(table.names), _COLUMNS))]
    if not any(hidden.any() for hidden in hidden_by):
        return
    values = [numbers_of(column) for column in table.columns[:_COLUMNS]]
    for count, hidden in enumerate(hidden_by):
        if not hidden.any():
            continue
        for rate, base in ((r, b) for r in range(len(values)) for b in range(len(values)) if len({r, b, count}) == 3):
            per = _per(values[rate], values[base], values[count])
            told = values[rate] * values[base] / per if per else np.full(table.rows, np.nan)
            rows = np.flatnonzero(hidden & np.isfinite(told) & (told < profile.threshold))
            if len(rows):
                place = f"row {int(rows[0]) + 1}, column {table.names[count]}"
                yield Hit("recoverable-cell", "rate", table.where, place, len(rows), "", 0.9)
                break


def _per(rate: np.ndarray, base: np.ndarray, count: np.ndarray) -> float:
    """Return how many of the base a rate is per, if it is the count's in every row that shows all three; else 0."""
    known = np.isfinite(rate) & np.isfinite(base) & np.isfinite(count) & (count > 0) & (base > 0) & (rate > 0)
    if known.sum() < _SHOWN or len(np.unique(count[known] / base[known])) < _SHOWN:
        return 0.0
    times = rate[known] * base[known] / count[known]
    return next((per for per in _PER if np.all(np.abs(times / per - 1) < 0.02)), 0.0)


def find_dominated(table: Table, labels: list[str], profile: Profile) -> Iterator[Hit]:
    """Yield the totals beside which the two largest contributions stand and make up nearly all of it."""
    largest, second, sums = (
        [n for n, label in enumerate(labels) if pattern.search(label)] for pattern in (_LARGEST, _SECOND, _SUM)
    )
    if not largest or not second or not sums:
        return
    one, two, total = (numbers_of(table.columns[n]) for n in (largest[0], second[0], sums[0]))
    with np.errstate(divide="ignore", invalid="ignore"):
        broken = ((one + two) / total >= profile.nk_k) | ((total - one - two) / one < profile.p_ratio)
    rows = np.flatnonzero(broken & (total > 0))
    if len(rows):
        place = f"row {int(rows[0]) + 1}, column {table.names[sums[0]]}"
        yield Hit("dominated-total", "total", table.where, place, len(rows), "", 0.9)
