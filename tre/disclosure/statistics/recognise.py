"""The rules applied to tables that were made elsewhere: what a column's name and its numbers show to be a statistic.

Such a table does not say who stands behind its cells, so only what its own numbers tell can be judged: a percentage by
its denominator, a hidden cell by the totals beside it, a survival table by the people at risk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Table
from tre.disclosure.detectors.groups import read_column
from tre.disclosure.model import DisclosureError, Hit
from tre.disclosure.policy import load_policy
from tre.disclosure.profile import Profile
from tre.disclosure.statistics.derived import (
    HIDDEN,
    find_dominated,
    find_observed,
    find_rates,
    find_steps,
    find_unsaid,
    hidden_in,
)
from tre.disclosure.statistics.nested import find_nested
from tre.disclosure.statistics.precision import find_precision
from tre.disclosure.statistics.shares import PERCENT, find_percentages, numbers_of
from tre.disclosure.statistics.whole_people import find_whole_people

_AT_RISK = re.compile(r"\b(at risk|risk set|n\.risk)\b", re.IGNORECASE)
_FREE = re.compile(r"^(df resid|df residuals?|dof|residual (df|degrees of freedom)|degrees of freedom)$", re.IGNORECASE)
_EXTREME = re.compile(r"^(min|max|minimum|maximum|smallest|largest|range)$", re.IGNORECASE)
# The day on which something happened first or last is one person's; what a file or a source covers is nobody's
_FIRST_OR_LAST = re.compile(
    r"^(first|earliest|last|latest|most recent) (?!(updat|modif|run|commit|releas|review|publish|refresh|month|year|"
    r"day|date|week|seen|load|extract|record|submi|check|version|access|edit|chang|build|login|used|time|"
    r"quarter|period|entry|row|observation|measurement|reading|file)\w*$)",
    re.IGNORECASE,
)
_QUANTILE = re.compile(r"^(quantiles?|percentiles?|centiles?)( %)?$", re.IGNORECASE)
_FROM = re.compile(r"^(from|left|lower|bin (start|left|lower|from)|bin)$", re.IGNORECASE)
_TO = re.compile(r"^(to|right|upper|bin (end|right|upper|to)|bin)$", re.IGNORECASE)
_TOTAL = re.compile(r"^(all|total|totals|overall|sum|grand total)$", re.IGNORECASE)
_INTERVAL = re.compile(r"^[\[(]\s*([-+\d.einf]+)\s*[,;]\s*([-+\d.einf]+)\s*[\])]$", re.IGNORECASE)
_FEW_QUANTILES = 3  # different ones, from which a column named so is one of them
_BINS = 5  # limits, from which they show how they were laid


def find_statistics(
    table: Table, counts: list[int], shape: Mapping[str, float], profile: Profile
) -> Iterator[Hit]:  # fmt: skip
    """Yield what a table's own numbers show to break a rule; `counts` are its columns of counts."""
    labels = [re.sub(r"[_\s]+", " ", name).strip() for name in table.names]
    yield from _unnamed(table, profile)
    yield from _unrounded(table, labels, counts, profile)
    yield from find_percentages(table, labels, counts, profile)
    yield from _below(table, labels, _AT_RISK, profile.at_risk, "small-risk-set")
    yield from _below(table, labels, _FREE, profile.degrees_of_freedom, "degrees-of-freedom")
    yield from _extremes(table, labels)
    yield from find_dominated(table, labels, profile)
    yield from find_observed(table, labels, profile)
    yield from find_whole_people(table, labels, counts, profile)
    yield from find_precision(table, labels, counts, profile)
    yield from find_nested(table, counts, shape, profile)
    if counts:
        yield from _edges(table, labels)
        yield from _recoverable(table, labels, profile)
        yield from _alone(table, counts, profile)
        yield from find_rates(table, profile)
        yield from find_unsaid(table, labels, profile)
        yield from find_steps(table, labels, counts, profile)
        yield from _quantiles(table, labels, counts, profile)


def _place(rows: np.ndarray, name: str) -> str:
    return f"row {int(rows[0]) + 1}, column {name}"


def _unnamed(table: Table, profile: Profile) -> Iterator[Hit]:
    pattern = profile.unnamed_values
    for name, column in zip(table.names, table.columns, strict=True):
        told = pc.count_distinct(column).as_py()
        coded = bool(pattern) and bool(
            pc.any(pc.match_substring_regex(pc.utf8_trim_whitespace(column), pattern)).as_py()
        )
        if coded or (profile.forbids_name(name) and told > 1):
            yield Hit("unnamed-place", "code" if coded else "column", table.where, f"column {name}", told, "", 0.9)


def _unrounded(table: Table, labels: list[str], counts: list[int], profile: Profile) -> Iterator[Hit]:
    if profile.rounding == "none":
        return
    for n in counts:
        numbers = numbers_of(table.columns[n])
        if PERCENT.search(labels[n]) and np.nanmax(numbers, initial=0) <= 100:
            continue  # a share of something: whether it tells a count is asked of its base
        rows = np.flatnonzero(profile.is_unrounded(numbers))
        if len(rows):
            yield Hit("unrounded-count", "count", table.where, _place(rows, table.names[n]), len(rows), "", 0.9)


def _below(table: Table, labels: list[str], pattern: re.Pattern[str], least: int, rule: str) -> Iterator[Hit]:
    """Yield where a quantity is too small, whether it is named by a column or by the first cell of a row."""
    for n, label in enumerate(labels):
        if pattern.search(label):
            rows = np.flatnonzero(numbers_of(table.columns[n]) < least)
            if len(rows):
                yield Hit(rule, "column", table.where, _place(rows, table.names[n]), len(rows), "", 0.9)
    if len(table.names) < 2:
        return
    values = numbers_of(table.columns[1])
    for row, label in enumerate(table.columns[0].to_pylist()):
        if pattern.search(label.strip().rstrip(":")) and values[row] < least:
            yield Hit(rule, "row", table.where, f"row {row + 1}, column {table.names[1]}", 1, "", 0.9)


def _extremes(table: Table, labels: list[str]) -> Iterator[Hit]:
    for n, label in enumerate(labels):
        rows = np.flatnonzero(np.isfinite(numbers_of(table.columns[n]))) if _EXTREME.fullmatch(label) else np.zeros(0)
        if len(rows):
            yield Hit("extreme-value", "column", table.where, _place(rows, table.names[n]), len(rows), "", 0.7)
        elif _FIRST_OR_LAST.search(label) and read_column(table.columns[n]).day:
            yield Hit("extreme-value", "day", table.where, f"column {table.names[n]}", table.rows, "", 0.6)


def _quantiles(table: Table, labels: list[str], counts: list[int], profile: Profile) -> Iterator[Hit]:
    """Yield the quantiles with fewer people than the threshold at or beyond them: of twelve people each is one's own.

    The number of people is the same in every row of a distribution; the fewest of several columns of them is taken.
    """
    sizes = [numbers_of(table.columns[n]) for n in counts]
    fewest = np.min([each for each in sizes if np.isfinite(each).all()] or [np.full(table.rows, np.nan)], axis=0)
    for n, label in enumerate(labels):
        if n in counts or not _QUANTILE.fullmatch(label):
            continue
        at = numbers_of(table.columns[n])
        at = at / 100 if np.nanmax(at, initial=0) > 1 else at
        if not np.all((at >= 0) & (at <= 1)) or len(np.unique(at)) < min(table.rows, _FEW_QUANTILES):
            continue
        rows = np.flatnonzero(profile.is_small(np.floor(fewest * np.minimum(at, 1 - at)) + 1))
        if len(rows):
            yield Hit("extreme-value", "quantile", table.where, _place(rows, table.names[n]), len(rows), "", 0.7)


def _edges(table: Table, labels: list[str]) -> Iterator[Hit]:
    """Yield the closed outermost limits of a histogram, but where they only go on with the steps of all others."""
    if _laid_over(table, labels) or _around_figures(table, labels):
        return
    for n, label in enumerate(labels):
        values = table.columns[n].to_pylist()
        for pattern, row, end in ((_FROM, 0, 1), (_TO, -1, 2)):
            if not pattern.fullmatch(label):
                continue
            found = _INTERVAL.fullmatch(values[row].strip())
            if label.lower() == "bin" and found is None:
                continue
            text = found.group(end) if found else values[row]
            if np.isfinite(numbers_of(pa.array([text])))[0]:
                yield Hit("edge-bin", "limit", table.where, f"row {row % table.rows + 1}, column {label}", 1, "", 0.6)


def _around_figures(table: Table, labels: list[str]) -> bool:
    """Tell whether lower and upper limits are an interval around a figure in each row, and no bins side by side."""
    ends = [next((n for n, label in enumerate(labels) if each.fullmatch(label)), None) for each in (_FROM, _TO)]
    if ends[0] is None or ends[1] is None or ends[0] == ends[1]:
        return False
    low, high = (numbers_of(table.columns[n]) for n in ends if n is not None)
    if np.all(low[1:] >= high[:-1]):
        return False
    others = [numbers_of(column) for n, column in enumerate(table.columns) if n not in ends]
    return any(bool(np.all((low <= each) & (each <= high))) for each in others)


def _laid_over(table: Table, labels: list[str]) -> bool:
    """Tell whether bins are all as wide as each other and begin at a multiple of it: limits that no value chose.

    A library that divides the range between the least and the largest value has bins of one width too, which only by
    chance begin at such a multiple.
    """
    limits = [numbers_of(table.columns[n]) for n, label in enumerate(labels) if _FROM.fullmatch(label)]
    limits += [numbers_of(table.columns[n]) for n, label in enumerate(labels) if _TO.fullmatch(label)]
    bins = next((column for column, label in zip(table.columns, labels, strict=True) if label.lower() == "bin"), None)
    if bins is not None:
        ends = [_INTERVAL.fullmatch(value.strip()) for value in bins.to_pylist()]
        limits = [numbers_of(pa.array([found.group(n) if found else "" for found in ends])) for n in (1, 2)]
    edges = np.unique(np.concatenate(limits)) if limits else np.zeros(0)
    if len(edges) < _BINS or not np.all(np.isfinite(edges)):
        return False
    steps = np.diff(edges)
    multiple = edges[0] / steps[0]
    return bool(np.allclose(steps, steps[0], rtol=1e-6) and abs(multiple - round(multiple)) < 1e-6)


def _recoverable(table: Table, labels: list[str], profile: Profile) -> Iterator[Hit]:
    """Yield the hidden cells of a table with totals that a linear programme bounds under the threshold."""
    texts = [[value.strip().lower() for value in column.to_pylist()] for column in table.columns]
    hidden_at = [np.array([value in HIDDEN for value in column]) for column in texts]
    values = [numbers_of(column) for column in table.columns]
    inner = [n for n in range(len(labels)) if (np.isfinite(values[n]) | hidden_at[n]).all()]
    limits = load_policy().suppression
    if not inner or not 0 < sum(int(hidden_at[n].sum()) for n in inner) <= limits["tried_hidden"]:
        return
    if len(inner) * table.rows > limits["tried_cells"]:
        return
    grid = np.column_stack([np.nan_to_num(values[n]) for n in inner])
    hidden = np.column_stack([hidden_at[n] for n in inner])
    labelled = [n for n in range(len(labels)) if n not in inner]
    total_row = next((r for r in range(table.rows) if any(_TOTAL.fullmatch(texts[n][r]) for n in labelled)), None)
    total_column = next((at for at, n in enumerate(inner) if _TOTAL.fullmatch(labels[n])), None)
    sums = _sums(grid, hidden, total_row, total_column)
    if not sums:
        return
    # the solver takes longer to load than most files take to be inspected, and few tables get here
    from tre.disclosure.statistics.lattice import equations
    from tre.disclosure.statistics.suppression import Measure, bounds

    flat = grid.ravel()
    measure = Measure(flat, flat, flat, 0.0, np.zeros(len(flat), dtype=bool))
    relations = equations(sums, len(flat))
    for cell in np.flatnonzero(hidden.ravel()):
        try:
            _, high = bounds(relations, measure, hidden.ravel(), int(cell))
        except DisclosureError:  # they do not add up after all, so nothing follows from them
            return
        if high < profile.threshold - 1e-6:
            row, column = divmod(int(cell), len(inner))
            place = f"row {row + 1}, column {table.names[inner[column]]}"
            yield Hit("recoverable-cell", "total", table.where, place, 1, "", 0.9)


def _alone(table: Table, counts: list[int], profile: Profile) -> Iterator[Hit]:
    """Yield the hidden cells that are alone in their row or column: who knows a total from elsewhere has them back.

    UK LLC: what is small is masked by row and by column, whether totals are shown or not.
    """
    if not profile.check_masks:
        return
    hidden = np.column_stack([hidden_in(table, n) for n in counts])
    down = hidden & (hidden.sum(axis=0) == 1) & (table.rows > 1)
    across = hidden & (hidden.sum(axis=1, keepdims=True) == 1) & (len(counts) > 1)
    rows, columns = np.nonzero(down | across)
    if len(rows):
        place = _place(rows[:1], table.names[counts[int(columns[0])]])
        yield Hit("possible-recoverable-cell", "alone", table.where, place, len(rows), "", 0.6)


def _sums(
    grid: np.ndarray, hidden: np.ndarray, total_row: int | None, total_column: int | None
) -> list[tuple[int, np.ndarray]]:
    """Return which cells are the sum of others, when the lines that are shown whole say that they are."""
    places = np.arange(grid.size).reshape(grid.shape)
    found: list[tuple[int, np.ndarray]] = []
    for total, wide, shut, at in ((total_column, grid, hidden, places), (total_row, grid.T, hidden.T, places.T)):
        if total is None or wide.shape[1] < 3:
            continue
        parts = np.delete(np.arange(wide.shape[1]), total)
        whole = ~shut.any(axis=1)
        if np.allclose(wide[whole][:, parts].sum(axis=1), wide[whole][:, total]):
            found += [(int(line[total]), line[parts]) for line in at]
    return found
