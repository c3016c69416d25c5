"""The counts that a table made elsewhere tells, each by what it is of, so that two releases can be subtracted.

A reader knows what a cell is of by its labels, wherever they stand: in columns, in the heading of a cross-table, in
another order, under other headings. So a count is kept under a digest of its labels, and every sum that a reader can
make of a table is kept as a count of its own. A label that is a range of numbers (``60-69``, ``80+``) is kept as its
two ends as well, for tables with other cut points. No label is kept: two tables are compared by digests.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Table
from tre.disclosure.detectors.counts import is_count
from tre.disclosure.detectors.shape import counts_of
from tre.disclosure.model import Hit, storable
from tre.disclosure.statistics.differencing import Range
from tre.disclosure.statistics.labels import coded, plain, range_of

# key: all that a cell is of; group: the same but for its range, [low, high); NaN where it has none. depth: how many
# labels; parts: how many cells of the table it is the sum of. row and column: where the first of them stands.
CELL = np.dtype(
    [
        ("key", "<u8"), ("group", "<u8"), ("low", "<f8"), ("high", "<f8"), ("depth", "<u1"), ("count", "<i8"),
        ("row", "<u4"), ("column", "<u2"), ("parts", "<u4"),
    ]
)  # fmt: skip
_MOST_LABELS = 5  # columns whose subsets are summed over: 32 of them
_COLUMN = 200  # characters of a column's name that a finding tells
_MOST_COLUMNS = 4096
_ABOVE = 2**53  # beyond it a count is no exact number in a spreadsheet, nor one of people
_FRACTION = re.compile(r"[-+]?\d*\.\d*[1-9]\d*%?|[-+]?[\d.]+%")
_COUNT_WORDS = re.compile(r"\b(count|counts|n|num|number|of|total|people|persons|patients)\b")
_Range = Range | None
_NO_RANGE = (np.nan, np.nan)
_TOTAL = re.compile(r"(all|total|totals|overall|sum|grand total)")


@dataclass(frozen=True, eq=False)
class Counts:
    """The counts of one table, its sums included.

    Parameters
    ----------
    where : str
        The part of the file.
    columns : tuple of str
        The names of its columns, for a place to be told.
    cells : np.ndarray
        Of :data:`CELL`, shape (n,), every `key` once.
    """

    where: str
    columns: tuple[str, ...]
    cells: np.ndarray = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return the counts as plain JSON values."""
        return {
            "where": self.where,
            "columns": list(self.columns),
            "cells": base64.b64encode(self.cells.tobytes()).decode(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Counts:
        """Return the counts that :meth:`to_json` wrote.

        Raises
        ------
        ValueError
            These are none.
        """
        try:
            raw = base64.b64decode(value["cells"], validate=True)
            cells, columns = np.frombuffer(raw, CELL), tuple(map(str, value["columns"]))
            where = str(value["where"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError("these are no counts of a table") from error
        counted = (cells["count"] >= 0) & (cells["count"] <= _ABOVE) & (cells["column"] < len(columns))
        if not counted.all() or len(np.unique(cells["key"])) != len(cells):
            raise ValueError("these are no counts of a table")
        return cls(where, columns, cells)

    @cached_property
    def ranges(self) -> dict[int, dict[Range, int]]:
        """The counts of ranges, by the group that they are of."""
        found: dict[int, dict[Range, int]] = {}
        ranged = self.cells[~np.isnan(self.cells["low"])]
        for group, low, high, count in ranged[["group", "low", "high", "count"]].tolist():
            found.setdefault(group, {})[low, high] = count
        return found

    @cached_property
    def cuts(self) -> frozenset[float]:
        """The ends of all ranges."""
        return frozenset(end for each in self.ranges.values() for ends in each for end in ends)

    def place(self, cell: int) -> str:
        """Return where a count stands, as a person counts."""
        told = self.cells[cell]
        at = f"row {told['row']}, column {self.columns[told['column']]}"
        return f"the sum of {told['parts']} cells from {at} on" if told["parts"] > 1 else at


@dataclass
class Published:
    """The counts that a file tells, up to a number of them; `cut` is whether there were more."""

    most: int
    tables: list[Counts] = field(default_factory=list)
    cut: bool = False

    def add(self, table: Table, shape: Mapping[str, float]) -> None:
        """Keep what a table tells, when it is one of counts; one so long that it comes in parts is left out."""
        if self.cut:
            return
        is_later_part = table.start > 0
        table, counted = counts_of(table, shape)
        if not counted:
            return
        if is_later_part or table.rows >= shape["aggregate_rows"] or len(table.names) > _MOST_COLUMNS:
            self.cut = True
            return
        columns = tuple(storable(name[:_COLUMN]) for name in table.names)
        for measure in _measures(table, counted):
            cells = _cells(measure, self.most - sum(len(each.cells) for each in self.tables))
            if cells is None:
                self.cut = True
                return
            if len(cells) and not any(np.array_equal(cells, each.cells) for each in self.tables):
                self.tables.append(Counts(storable(table.where), columns, cells))

    def hits(self) -> Iterator[Hit]:
        """Yield what is to be told of counts that were too many to be kept."""
        if self.cut:
            yield Hit("uncompared", "counts", "", f"more than {self.most} counts and their sums", 1)


@dataclass(frozen=True)
class _Measure:
    """One thing that a table counts.

    Parameters
    ----------
    names : tuple of str
        What each dimension is called.
    words : list of list of str
        The labels of each dimension, in one spelling.
    codes : np.ndarray
        Which label a cell has in each dimension, int64, shape (cells, dimensions).
    counts : np.ndarray
        NaN where it is not shown, float64, shape (cells,).
    rows, columns : np.ndarray
        Where each stands, int64, shape (cells,).
    """

    names: tuple[str, ...]
    words: list[list[str]]
    codes: np.ndarray
    counts: np.ndarray
    rows: np.ndarray
    columns: np.ndarray


def _measures(table: Table, counted: Sequence[int]) -> Iterator[_Measure]:
    """Yield what a table counts: each column of counts by itself, and together where their headings are labels."""
    chosen = _label_columns(table, counted)
    names = tuple(plain(table.names[n]) for n in chosen)
    dimensions = [coded([plain(each) for each in table.columns[n].to_pylist()]) for n in chosen]
    words = [each for each, _ in dimensions]
    codes = np.column_stack([each for _, each in dimensions]) if dimensions else np.zeros((table.rows, 0), np.int64)
    rows = np.arange(table.start + 1, table.start + 1 + table.rows)
    numbers = {n: _whole(table.columns[n]) for n in counted}
    for n in counted:
        if len(counted) == 1 or is_count(table.names[n], table.columns[n]):
            yield _Measure(names, words, codes, numbers[n], rows, np.full(table.rows, n))
    if len(counted) > 1:
        heads, across = coded([plain(_COUNT_WORDS.sub("", plain(table.names[n]))) or "all" for n in counted])
        yield _Measure(
            (*names, "heading"),
            [*words, heads],
            np.column_stack([np.tile(codes, (len(counted), 1)), np.repeat(across, table.rows)]),
            np.concatenate([numbers[n] for n in counted]),
            np.tile(rows, len(counted)),
            np.repeat(counted, table.rows),
        )


def _whole(column: pa.Array) -> np.ndarray:
    """Return a column of counts as numbers, NaN for one that is not shown; float64, shape (rows,)."""
    text = pc.replace_substring(pc.utf8_trim_whitespace(column), ",", "")
    shown = pc.match_substring_regex(text, r"^[0-9]{1,15}(\.0+)?$")
    return pc.if_else(shown, text, "nan").cast(pa.float64()).to_numpy(zero_copy_only=False)


def _label_columns(table: Table, counted: Sequence[int]) -> list[int]:
    """Return the columns that say what a count is of, the coarsest where they are too many; figures are none."""
    values = {n: column.to_pylist() for n, column in enumerate(table.columns) if n not in counted}
    labels = [n for n, each in values.items() if not _measured(each)]
    return sorted(sorted(labels, key=lambda n: len(set(values[n])))[:_MOST_LABELS])


def _measured(values: Sequence[str]) -> bool:
    return sum(bool(_FRACTION.fullmatch(value.strip())) for value in values) > 0.5 * len(values)


def _cells(measure: _Measure, most: int) -> np.ndarray | None:
    """Return the cells of a measure and all their sums, shape (n,), or None when there are more than so many."""
    width = len(measure.names)
    total = np.zeros(measure.codes.shape, dtype=bool)
    for n, words in enumerate(measure.words):
        total[:, n] = np.array([bool(_TOTAL.fullmatch(each)) for each in words])[measure.codes[:, n]]
    ranges = [[range_of(word) for word in words] for words in measure.words]
    ranged = _range_dimension(ranges)
    found: dict[int, tuple[Any, ...]] = {}
    for kept in (each for size in (width, *range(width)) for each in combinations(range(width), size)):
        for cell in _summed(measure, total, kept, ranged, ranges):
            found.setdefault(cell[0], cell)
        if len(found) > most:
            return None
    return np.array(list(found.values()), CELL)


def _range_dimension(ranges: list[list[_Range]]) -> int:
    """Return the dimension with the most ranges for labels, -1 for none: bands of ages rather than single years."""
    known = [[each for each in column if each is not None] for column in ranges]
    sizes = [(sum(high - low > 1 for low, high in column), len(column)) for column in known]
    return max(range(len(sizes)), key=sizes.__getitem__) if any(known) else -1


def _summed(
    measure: _Measure, total: np.ndarray, kept: tuple[int, ...], ranged: int, ranges: list[list[_Range]]
) -> Iterator[tuple[Any, ...]]:
    """Yield the cells over some dimensions: as the table shows them, else as sums of its innermost ones."""
    others = [n for n in range(len(measure.names)) if n not in kept]
    inner = np.flatnonzero(~total.any(axis=1))
    shown = np.flatnonzero(total[:, others].all(axis=1) & ~total[:, list(kept)].any(axis=1))
    members = shown if len(shown) else inner
    if not len(members):
        return
    codes = np.column_stack([np.zeros(len(members), np.int64), measure.codes[members][:, list(kept)]])
    groups, first, inverse, parts = np.unique(codes, axis=0, return_index=True, return_inverse=True, return_counts=True)
    alike, sums = groups[:, 1:], np.bincount(inverse.ravel(), measure.counts[members])
    words = [[measure.words[n][code] for n, code in zip(kept, row, strict=True)] for row in alike]
    if len({tuple(sorted(each)) for each in words}) < len(words):  # a label stands for different things in two columns
        words = [[f"{measure.names[n]}={each}" for n, each in zip(kept, row, strict=True)] for row in words]
    at = kept.index(ranged) if ranged in kept else -1
    for n in np.flatnonzero(sums <= _ABOVE):  # not those of which a part is hidden: these are NaN
        low, high = (ranges[ranged][alike[n][at]] or _NO_RANGE) if at >= 0 else _NO_RANGE
        group = _digest([each for place, each in enumerate(words[n]) if place != at])
        place = members[first[n]]
        yield (
            _digest(words[n]), group, low, high, len(kept), int(sums[n]), measure.rows[place], measure.columns[place],
            parts[n],
        )  # fmt: skip


def _digest(words: Sequence[str]) -> int:
    told = "\x1f".join(sorted(words)).encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(told, digest_size=8).digest(), "little")
