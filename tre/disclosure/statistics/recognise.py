"""The rules applied to tables that were made elsewhere: what a column's name and its numbers show to be a statistic.

Such a table does not say who stands behind its cells, so only what its own numbers tell can be judged: a percentage by
its denominator, a hidden cell by the totals beside it, a survival table by the people at risk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Table
from tre.disclosure.model import DisclosureError, Hit
from tre.disclosure.policy import load_policy
from tre.disclosure.profile import Profile

_PERCENT = re.compile(r"%|\b(per ?cent|percent|percentage|pct|proportion|prevalence)\b", re.IGNORECASE)
# a column n beside percentages may be what they count as well as what they are of
_DENOMINATOR = re.compile(r"^(base|denominator|population|out of|total n|n total)$", re.IGNORECASE)
_AT_RISK = re.compile(r"\b(at risk|risk set)\b", re.IGNORECASE)
_FREE = re.compile(r"^(df resid|df residuals?|dof|residual (df|degrees of freedom)|degrees of freedom)$", re.IGNORECASE)
_EXTREME = re.compile(r"^(min|max|minimum|maximum|smallest|largest|range)$", re.IGNORECASE)
_FROM = re.compile(r"^(from|left|lower|bin (start|left|lower|from)|bin)$", re.IGNORECASE)
_TO = re.compile(r"^(to|right|upper|bin (end|right|upper|to)|bin)$", re.IGNORECASE)
_TOTAL = re.compile(r"^(all|total|totals|overall|sum|grand total)$", re.IGNORECASE)
_INTERVAL = re.compile(r"^[\[(]\s*([-+\d.einf]+)\s*[,;]\s*([-+\d.einf]+)\s*[\])]$", re.IGNORECASE)
_HIDDEN = frozenset({"[c]", "[low]", "*", "suppressed", "redacted", "[redacted]"})


def find_statistics(table: Table, counts: list[int], profile: Profile) -> Iterator[Hit]:
    """Yield what a table's own numbers show to break a rule; `counts` are its columns of counts."""
    labels = [re.sub(r"[_\s]+", " ", name).strip() for name in table.names]
    yield from _unnamed(table, profile)
    yield from _unrounded(table, counts, profile)
    yield from _percentages(table, labels, profile)
    yield from _below(table, labels, _AT_RISK, profile.at_risk, "small-risk-set")
    yield from _below(table, labels, _FREE, profile.degrees_of_freedom, "degrees-of-freedom")
    yield from _extremes(table, labels)
    if counts:
        yield from _edges(table, labels)
        yield from _recoverable(table, labels, profile)


def numbers_of(column: pa.Array) -> np.ndarray:
    """Return the values of a column of strings as numbers, a percent sign left out, NaN for what is none; (rows,)."""
    plain = pc.replace_substring_regex(pc.utf8_trim_whitespace(column), r"[,%\s]", "")
    fits = pc.match_substring_regex(plain, r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$")
    return pc.if_else(fits, plain, "nan").cast(pa.float64()).to_numpy(zero_copy_only=False)


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


def _unrounded(table: Table, counts: list[int], profile: Profile) -> Iterator[Hit]:
    if profile.rounding == "none":
        return
    for n in counts:
        rows = np.flatnonzero(profile.is_unrounded(numbers_of(table.columns[n])))
        if len(rows):
            yield Hit("unrounded-count", "count", table.where, _place(rows, table.names[n]), len(rows), "", 0.9)


def _percentages(table: Table, labels: list[str], profile: Profile) -> Iterator[Hit]:
    """Yield the percentages whose numerator is small, and those that tell of everybody or nobody."""
    bases = [n for n, label in enumerate(labels) if _DENOMINATOR.fullmatch(label)]
    base = numbers_of(table.columns[bases[0]]) if bases else None
    for n, label in enumerate(labels):
        if not _PERCENT.search(label):
            continue
        share = numbers_of(table.columns[n])
        known = share[np.isfinite(share)]
        if not len(known) or known.min() < 0 or known.max() > 100:
            continue
        whole = 1.0 if known.max() <= 1 and "%" not in "".join(table.columns[n].to_pylist()) else 100.0
        if base is not None:
            few = np.round(np.vstack([share, whole - share]) / whole * base)
            rows = np.flatnonzero((few < profile.threshold).any(axis=0) & (few > 0).all(axis=0))
            if len(rows):
                yield Hit("small-count", "percentage", table.where, _place(rows, table.names[n]), len(rows), "", 0.8)
        rows = np.flatnonzero(((share == 0) | (share == whole)) & ~_of_totals(table))
        if len(rows) and profile.check_classes:
            yield Hit("class-disclosure", "percentage", table.where, _place(rows, table.names[n]), len(rows), "", 0.7)


def _of_totals(table: Table) -> np.ndarray:
    """Return which rows are named as a total, bool, shape (rows,)."""
    named = [pc.match_substring_regex(column, _TOTAL.pattern, ignore_case=True) for column in table.columns]
    return np.logical_or.reduce([each.to_numpy(zero_copy_only=False) for each in named])


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


def _edges(table: Table, labels: list[str]) -> Iterator[Hit]:
    """Yield the closed outermost limits of a histogram."""
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


def _recoverable(table: Table, labels: list[str], profile: Profile) -> Iterator[Hit]:
    """Yield the hidden cells of a table with totals that a linear programme bounds under the threshold."""
    texts = [[value.strip().lower() for value in column.to_pylist()] for column in table.columns]
    hidden_at = [np.array([value in _HIDDEN for value in column]) for column in texts]
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
