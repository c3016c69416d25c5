"""What a table's other figures tell of a cell or of a contributor.

A rate and its base tell a count that is hidden or left out, a running total its steps, the largest of a total the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Table
from tre.disclosure.model import Hit
from tre.disclosure.profile import Profile
from tre.disclosure.statistics.shares import PERCENT, numbers_of, step_of

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
_OF_ONE = re.compile(
    r"\b(largest|biggest|highest|dearest|costliest|most expensive|top 1|single|one|max(imum)?)"
    r"( (patient|person|contributor|provider|case|claim|payer|donor|resident))?$",
    re.IGNORECASE,
)
_EXPECTED = re.compile(r"\b(expected|exp)\b", re.IGNORECASE)
_TO_EXPECTED = re.compile(
    r"\b(h?smrs?|sirs?|shmi|sm?ar|standardi[sz]ed( \w+)? ratios?|o ?/ ?e|observed( to | over | ?/ ?)expected)\b",
    re.IGNORECASE,
)
_CHANCE = 1e-3  # that products are whole numbers, if they count nobody
_RATE = re.compile(r"\bper (100|1000|10000|100000|1000000)\b")
_BASE = re.compile(r"\b(population|people|persons|patients|residents|denominator|n)\b", re.IGNORECASE)
_NEAR = 0.05  # of a whole number
_EXACT = 0.25  # people within which the last digit of a rate must tell a count: as good as to the unit
_LEAST_ROWS = 3  # that are all whole numbers: by chance one in a thousand tables are
_PER_CENT = 20  # ratios of observed to expected, from which they are per cent
_RUNNING = re.compile(r"\b(cum|cumul\w*|running|to date|so far)\b", re.IGNORECASE)
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


def find_unsaid(table: Table, labels: list[str], profile: Profile) -> Iterator[Hit]:
    """Yield the small counts that no column says and that each rate gives back with its base: 3 of 29,812 are 10.063.

    A rate that was adjusted, or rounded until many counts have the same, gives back no whole numbers in all rows.
    """
    bases = [n for n, label in enumerate(labels[:_COLUMNS]) if _BASE.search(label)]
    for rate, label in enumerate(labels[:_COLUMNS]):
        named = _RATE.search(re.sub(r"(?<=\d)[, ](?=\d{3}\b)", "", label))
        for base in bases if named else ():
            if rate == base or named is None:
                continue
            share = numbers_of(table.columns[base]) / float(named[1])
            told = numbers_of(table.columns[rate]) * share
            unit = 10.0 ** -max(len(text.partition(".")[2]) for text in table.columns[rate].to_pylist())
            known = np.isfinite(told) & (told > 0)
            sure = (np.abs(told - np.round(told)) < _NEAR) & (unit * share / 2 < _EXACT)
            rows = np.flatnonzero(known & profile.is_small(np.round(told)))
            if len(rows) and known.sum() >= _LEAST_ROWS and sure[known].all():
                yield Hit("recoverable-cell", "rate", table.where, _place(table, rows, rate), len(rows), "", 0.8)
                break


def find_observed(table: Table, labels: list[str], profile: Profile) -> Iterator[Hit]:
    """Yield the small counts that a ratio of observed to expected gives back with what was expected.

    Ratios that a model drew towards each other give back no whole numbers.
    """
    expected = next(
        (n for n, label in enumerate(labels) if _EXPECTED.search(label) and not _TO_EXPECTED.search(label)), None
    )
    ratio = next((n for n, label in enumerate(labels) if _TO_EXPECTED.search(label)), None)
    if expected is None or ratio is None or table.rows < _LEAST_ROWS:
        return
    base, times = numbers_of(table.columns[expected]), numbers_of(table.columns[ratio])
    whole = 100.0 if np.nanmedian(times) > _PER_CENT else 1.0
    told = base * times / whole
    within = (base * step_of(table.columns[ratio]) + times * step_of(table.columns[expected])) / 2 / whole
    known = np.isfinite(told)
    fits = np.abs(told - np.round(told)) <= within + 1e-9
    rows = np.flatnonzero(known & profile.is_small(np.round(told)) & (np.round(told) > 0))
    if len(rows) and fits[known].all() and np.prod(np.minimum(2 * within[known], 1)) < _CHANCE:
        yield Hit("recoverable-cell", "ratio", table.where, _place(table, rows, ratio), len(rows), "", 0.8)


def find_steps(table: Table, labels: list[str], counts: list[int], profile: Profile) -> Iterator[Hit]:
    """Yield the small counts that are the steps of a running total; where it stands still nobody came."""
    for n in counts:
        values = numbers_of(table.columns[n])
        if not _RUNNING.search(labels[n]) or len(values) < _LEAST_ROWS or not np.isfinite(values).all():
            continue
        steps = np.diff(values)
        rows = np.flatnonzero(profile.is_small(steps) & (steps > 0)) + 1
        if len(rows) and (steps >= 0).all():
            yield Hit("recoverable-cell", "running-total", table.where, _place(table, rows, n), len(rows), "", 0.8)


def _place(table: Table, rows: np.ndarray, column: int) -> str:
    return f"row {int(rows[0]) + 1}, column {table.names[column]}"


def find_dominated(table: Table, labels: list[str], profile: Profile) -> Iterator[Hit]:
    """Yield the totals beside which the two largest contributions stand and make up nearly all of it."""
    largest, second, sums = (
        [n for n, label in enumerate(labels) if pattern.search(label)] for pattern in (_LARGEST, _SECOND, _SUM)
    )
    yield from _share_of_one(table, labels, profile)
    if not largest or not second or not sums:
        return
    one, two, total = (numbers_of(table.columns[n]) for n in (largest[0], second[0], sums[0]))
    with np.errstate(divide="ignore", invalid="ignore"):
        broken = ((one + two) / total >= profile.nk_k) | ((total - one - two) / one < profile.p_ratio)
    rows = np.flatnonzero(broken & (total > 0))
    if len(rows):
        place = f"row {int(rows[0]) + 1}, column {table.names[sums[0]]}"
        yield Hit("dominated-total", "total", table.where, place, len(rows), "", 0.9)


def _share_of_one(table: Table, labels: list[str], profile: Profile) -> Iterator[Hit]:
    """Yield the share of a total that is its largest contributor's alone: by itself it is one person's own value."""
    for n, label in enumerate(labels):
        if not (PERCENT.search(label) and _OF_ONE.search(label)):
            continue
        told = numbers_of(table.columns[n])
        share = told / (100.0 if np.nanmax(told, initial=0) > 1 else 1.0)
        rows = np.flatnonzero(share > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            broken = np.flatnonzero((share >= profile.nk_k) | ((1 - share) / share < profile.p_ratio))
        if len(rows):
            rule, told_rows = ("dominated-total", broken) if len(broken) else ("extreme-value", rows)
            yield Hit(rule, "share", table.where, _place(table, told_rows, n), len(told_rows), "", 0.7)
