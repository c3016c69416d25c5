"""Whether the rows beside a column of counts are groups or people: by what tells them apart, not by the counts' name.

A summary has each combination of its groups once, by construction. Records may have each combination once as well, but
only by chance, and chance needs room: `rows` rows that fall anywhere in `cells` possible combinations meet about
``rows ** 2 / (2 * cells)`` times (the birthday problem). Where three or more meetings were to be expected and none is
seen, the rows were summed up; where hardly any was, they may well be records to which a number was added.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tre.disclosure.contents import Table
from tre.disclosure.model import Hit

DECIMAL = re.compile(r"[-+]?\d*\.?\d+(?:e[-+]?\d+)?%?", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}.*|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|(?:19|20)\d{6}")
_SAMPLE = 2000
_MEASURED = 100  # different decimals, beyond which they name no groups


@dataclass(frozen=True)
class Column:
    """One column as codes: shape (rows,), how many there are, and what its values read as."""

    codes: np.ndarray
    distinct: int
    one_way: bool
    day: bool
    measure: bool  # numbers with decimals, of very many values


def one_way(values: list[str] | tuple[str, ...]) -> bool:
    """Tell whether the values never turn back; words do not when each stands once."""
    try:
        steps = np.diff(np.array([float(value) for value in values]))
        return bool(np.all(steps >= 0) or np.all(steps <= 0))
    except ValueError:
        return list(values) == sorted(values) or len(set(values)) == len(values)


def whole_steps(values: np.ndarray) -> np.ndarray:
    """Tell of each number whether it lies a whole number away from the first: an offset does not hide a count."""
    steps = values - values[:1]
    with np.errstate(invalid="ignore"):
        return np.isfinite(steps) & (np.abs(steps - np.round(steps)) < 1e-3)


def read_column(values: pa.Array) -> Column:
    """Return a column of strings as codes."""
    coded = values.dictionary_encode()
    words: list[str] = coded.dictionary.to_pylist()
    codes = np.asarray(coded.indices.fill_null(0), dtype=np.int64)
    share = len(words) / max(len(codes), 1)
    sample = [word.strip() for word in words[:_SAMPLE]]
    numeric = sum(bool(DECIMAL.fullmatch(word)) for word in sample) >= 0.9 * len(sample)
    numbers = np.array([float(word.rstrip("%")) for word in sample if DECIMAL.fullmatch(word)])
    measure = bool(numeric and (share >= 0.5 or len(words) > _MEASURED) and not whole_steps(numbers).mean() > 0.9)
    day = sum(bool(_DAY.fullmatch(word)) for word in sample) >= 0.9 * len(sample)
    ordered = len(words) == len(codes) and _ordered(words)
    return Column(codes, len(words), ordered, day, measure and not ordered)


def _ordered(words: list[str]) -> bool:
    return one_way(words) if DECIMAL.fullmatch(words[0].strip()) else words in (sorted(words), sorted(words)[::-1])


def find_groups(table: Table, counts: list[int], shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit when what stands beside the counts repeats, or tells the rows apart no better than people's data."""
    if table.rows < shape["review_rows"]:
        return
    columns = [read_column(values) for n, values in enumerate(table.columns) if n not in counts]
    labels = [each for each in columns if not each.measure]
    # a column of names for the rows (areas, sites, ordered times) tells them apart and hides what else is there
    telling = [each for each in labels if each.distinct < table.rows or (each.day and not each.one_way)]
    cells, unique, parts = combinations(telling, table.rows)
    rule = "record-level" if table.rows >= shape["record_rows"] else "possible-records"
    if unique == table.rows:
        by_chance = table.rows**2 / (2 * cells) < shape["coincidences"]
        if parts > 1 and by_chance:
            yield Hit(rule, "records-with-counts", table.where, "", table.rows, "", 0.8)
    elif len(telling) == len(labels) and (labels or len(columns) > 1 or not columns):
        repeated = "record-level" if labels and unique < shape["near_unique"] * table.rows else rule
        yield Hit(repeated, "repeated-groups", table.where, "", table.rows, "", 0.8)


def combinations(columns: list[Column], rows: int) -> tuple[float, int, int]:
    """Return the possible and the seen combinations of the coarse columns that tell all rows apart, and their number.

    Columns are taken from the coarsest on; where even all of them do not tell the rows apart, they are all taken.
    """
    cells, seen, codes, parts = 1.0, 1, np.zeros(rows, dtype=np.int64), 0
    for column in sorted(columns, key=lambda each: each.distinct):
        if seen == rows:
            break
        _, codes = np.unique(codes * column.distinct + column.codes, return_inverse=True)
        cells, seen, parts = cells * column.distinct, int(codes.max()) + 1, parts + (column.distinct > 1)
    return cells, seen, parts
