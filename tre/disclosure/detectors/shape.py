"""Whether a table holds people or groups of people, and whether a figure carries what it was drawn from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Series, Table
from tre.disclosure.detectors.groups import DECIMAL, find_groups, one_way
from tre.disclosure.model import Hit
from tre.disclosure.profile import Profile
from tre.disclosure.statistics.recognise import find_statistics

_COUNT = re.compile(
    r"(^|\b)(count|counts|n|num|number|total|totals|freq|frequency|patients|people|persons|events|admissions|cases|"
    r"deaths|denominator|numerator|size|all|all people)(\b|$)",
    re.IGNORECASE,
)
_PERSON_ID = re.compile(
    r"\b(pseudonym|nhs ?number|(person|patient|record|spell|episode|event|subject|participant|client|study|encounter|"
    r"hospital|local|case)? ?(id|identifier|key|ref|reference|number|no)|mrn|uuid|guid)\b",
    re.IGNORECASE,
)
_INTEGER = r"^-?[0-9]{1,15}(\.0+)?$"
_NUMBER = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?%?$"
SUPPRESSED = ("[c]", "[x]", "[low]", "*", "..", "-", "", "suppressed", "redacted", "nan", "none")


def _share(column: pa.Array, pattern: str) -> float:
    """Return the share of the values, empty and suppressed ones left out, that fit the pattern."""
    lower = pc.utf8_lower(pc.utf8_trim_whitespace(column))
    filled = pc.filter(column, pc.invert(pc.is_in(lower, pa.array(SUPPRESSED))))
    return float(pc.mean(pc.match_substring_regex(filled, pattern)).as_py() or 0.0) if len(filled) else 0.0


def _label(name: str) -> str:
    return re.sub(r"[_\W]+", " ", name).strip()


def is_count(name: str, column: pa.Array) -> bool:
    """Tell whether a column holds whole numbers under a name that says that they are counts."""
    return bool(_COUNT.search(_label(name))) and _share(column, _INTEGER) >= 0.9


def find_shape(table: Table, shape: Mapping[str, float], profile: Profile) -> Iterator[Hit]:
    """Yield what the shape of a table gives away: records, or small counts in a summary."""
    if not table.rows or not table.names:
        return
    table = replace(table, columns=tuple(map(pc.utf8_trim_whitespace, table.columns)))
    if len(table.names) >= shape["record_rows"] > table.rows and _turned(table):
        yield Hit("record-level", "turned", table.where, "", len(table.names), "", 0.8)
        return
    ids = _identifier_columns(table, shape)
    if ids:
        yield Hit("record-level", "person-identifier", table.where, f"column {ids[0]}", table.rows, "", 0.95)
        return
    counts = [n for n, name in enumerate(table.names) if is_count(name, table.columns[n])]
    crosstab = [] if counts else _crosstab(table, shape)
    yield from find_statistics(table, counts or crosstab, profile)
    if counts or crosstab:
        rule = "small-count" if counts else "possible-small-count"
        yield from _small_counts(table, counts or crosstab, profile, rule)
        if counts:
            yield from find_groups(table, counts, shape)
        if table.rows > shape["aggregate_rows"]:
            yield Hit("possible-records", "many-rows", table.where, "", table.rows, "", 0.5)
        return
    yield from _records(table, shape)


def _turned(table: Table) -> bool:
    """Tell whether each column is one person: some rows hold words that differ, others numbers, as no crosstab does."""
    filled = [[column[n].as_py() for column in table.columns[1:]] for n in range(min(table.rows, 60))]
    numeric = [sum(bool(DECIMAL.fullmatch(value.strip())) for value in row) >= 0.9 * len(row) for row in filled]
    words = [row for row, number in zip(filled, numeric, strict=True) if not number]
    return any(1 < len(set(row)) < len(row) for row in words) and (any(numeric) or len(words) > 2)


def _identifier_columns(table: Table, shape: Mapping[str, float]) -> list[str]:
    if table.rows < shape["id_rows"]:
        return []
    return [
        name
        for name, column in zip(table.names, table.columns, strict=True)
        if _PERSON_ID.search(_label(name))
        and not _COUNT.fullmatch(_label(name))
        and pc.count_distinct(column).as_py() >= shape["near_unique"] * table.rows
        and len(table.names) > 1
    ]


def _crosstab(table: Table, shape: Mapping[str, float]) -> list[int]:
    """Return the whole-number columns of a table that reads as a crosstab: labels first, then whole numbers only."""
    whole = [n for n, column in enumerate(table.columns) if _share(column, _INTEGER) >= 0.9]
    labels = [n for n in range(len(table.names)) if n not in whole]
    if labels != list(range(len(labels))) or len(labels) > 3 or table.rows >= shape["review_rows"]:
        return []
    while whole and not _all_differ([table.columns[n] for n in labels]):
        labels.append(whole.pop(0))  # numbers that are needed to tell the rows apart are labels too
    return whole


def _all_differ(columns: list[pa.Array]) -> bool:
    """Tell whether no two rows of some columns are the same."""
    if not columns:
        return False
    return bool(pc.count_distinct(pc.binary_join_element_wise(*columns, "\x1f")).as_py() == len(columns[0]))


def _small_counts(table: Table, columns: list[int], profile: Profile, rule: str) -> Iterator[Hit]:
    for n in columns:
        whole = pc.match_substring_regex(table.columns[n], _INTEGER).to_numpy(zero_copy_only=False)
        numbers = np.array(
            [float(value) if ok else np.inf for value, ok in zip(table.columns[n].to_pylist(), whole, strict=True)]
        )
        small = np.flatnonzero(profile.is_small(numbers))
        if len(small):
            place = f"row {table.start + int(small[0]) + 1}, column {table.names[n]}"
            yield Hit(rule, "count", table.where, place, len(small), "", 0.9 if rule == "small-count" else 0.5)


def _records(table: Table, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit for a table without counts and of many rows, whether each stands once or they repeat."""
    if table.rows < shape["review_rows"] or len(table.names) < 2:
        return
    sure = table.rows >= shape["record_rows"] and not _is_curve(table)
    rule, confidence = ("record-level", 0.9) if sure else ("possible-records", 0.5)
    yield Hit(rule, "many-rows", table.where, "", table.rows, "", confidence)


def _is_curve(table: Table) -> bool:
    """Tell whether it is up to three columns of numbers of which the first runs one way, as a ROC curve's points."""
    if len(table.names) > 3 or any(_share(column, _NUMBER) < 0.99 for column in table.columns):
        return False
    return one_way(table.columns[0].to_pylist())


def find_series(series: Series, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit for an array that is long enough to be one value for each person."""
    length = len(series.values)
    place = f"array {series.name}" if series.name else ""
    if series.in_figure and length >= shape["plot_points"] and not one_way(series.values):
        yield Hit("figure-rows", "payload", series.where, place, length, "", 0.9)
    elif series.in_figure and length >= shape["plot_line_points"]:
        yield Hit("possible-figure-rows", "payload", series.where, place, length, "", 0.5)
    elif not series.in_figure and length >= shape["list_values"]:
        yield Hit("value-list", "array", series.where, place, length, "", 0.5)


def counts_of(table: Table, shape: Mapping[str, float]) -> list[int]:
    """Return the columns of a table that hold counts: by their names, or as a cross-table's beside one of totals."""
    named = [n for n, name in enumerate(table.names) if is_count(name, table.columns[n])]
    crosstab = _crosstab(table, shape) if len(named) < 2 else []
    return crosstab if set(named) <= set(crosstab) else named
