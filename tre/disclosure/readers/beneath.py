"""What lies in an Arrow file beneath values that are said to be missing, or in no row (Arrow columnar format).

A program that marks a value as missing may leave it where it is: pandas' nullable types do, and Feather keeps it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Contents, Table
from tre.disclosure.model import Hit
from tre.disclosure.readers.outside import bytes_outside, is_view, unused_in, views_of
from tre.disclosure.readers.spare_values import strings

_MOST = 100_000  # different values of one column
_FEW, _AT_ONCE = 1000, 256  # values of a batch that may wait, and batches
# What programs put there of their own: nothing, nought, one (pandas), no number, and no time (the least whole number).
_EMPTY = pa.array(["", "0", "1", "0.0", "1.0", "nan", "false", "true"])
_NO_TIME = (0, -(2**31), -(2**63))
_WHOLE = {32: pa.int32(), 64: pa.int64()}
_OUT_OF_RANGE = r"^<value out of range: (-?\d+)>$"  # as Arrow writes a time that is none


class Beneath:
    """The values beneath missing ones, by column."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._found: dict[str, pa.Array] = {}
        self._new: dict[str, list[pa.Array]] = {}
        self._outside: set[str] = set()

    def watched(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Yield the batches, having looked beneath what is missing in them."""
        for batch in batches:
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                for place, values, outside in _beneath(name, column, None):
                    self._add(place, values)
                    self._outside |= {place} if outside else set()
            yield batch

    def _add(self, place: str, values: pa.Array) -> None:
        new = values.filter(pc.invert(pc.is_in(values, _EMPTY)))
        if not len(new):
            return
        waiting = self._new.setdefault(place, [])
        waiting.append(new)
        if len(new) > _FEW or len(waiting) > _AT_ONCE:
            self._settle(place)

    def _settle(self, place: str) -> None:
        """Take in what came since the last time; with a batch for each row, doing so each time would have no end."""
        found = [self._found[place]] if place in self._found else []
        if self._new[place] and len(self._found.get(place, ())) <= _MOST:
            self._found[place] = pa.concat_arrays([*found, *self._new[place]]).unique()
        self._new[place] = []

    def tables(self) -> Iterator[Contents]:
        """Yield what was found as a table of one column each."""
        where = f"{self._where} beneath missing values".strip()
        tables, hits = [], [Hit("hidden-content", "outside", where, f"column {each}") for each in sorted(self._outside)]
        for place in self._new:
            self._settle(place)
        for place, values in self._found.items():
            tables.append(Table(f"{where} of column {place}", (place,), (values[:_MOST],)))
            if len(values) > _MOST:
                hits.append(Hit("too-big", "beneath", where, f"column {place}"))
        if tables or hits:
            yield Contents(tables=tables, hits=hits)


def _beneath(place: str, column: pa.Array, above: pa.Array | None) -> Iterator[tuple[str, pa.Array, bool]]:
    """Yield the values beneath the missing ones of a column and of what is nested in it, as strings.

    The last of each three says whether they are bytes outside all values, which are no values of their own.

    Parameters
    ----------
    above : pa.Array or None
        Which rows are missing as a whole, bool.
    """
    missing = column.is_null() if above is None else pc.or_(column.is_null(), above)
    kind = column.type
    if pa.types.is_struct(kind):
        for n in range(kind.num_fields):
            yield from _beneath(f"{place}.{kind.field(n).name}", column.field(n), missing)
        return
    for child, unused in unused_in(column, missing):
        yield from _beneath(place, child, unused)
    if spare := bytes_outside(column):
        yield place, strings(pa.array([spare])), True
    if not pc.any(missing).as_py():
        return
    if is_view(kind):
        yield place, strings(views_of(column, missing)), False
    elif (bare := _bare(column)) is not None:
        there = bare.filter(missing)
        if pa.types.is_temporal(there.type):
            numbers = there.view(_WHOLE[there.type.bit_width])
            none = pa.array([each for each in _NO_TIME if each.bit_length() <= there.type.bit_width], numbers.type)
            there = there.filter(pc.invert(pc.is_in(numbers, none)))
        yield place, pc.replace_substring_regex(strings(there), _OUT_OF_RANGE, r"\1"), False


def _bare(column: pa.Array) -> pa.Array | None:
    """Return a column as if nothing in it were missing; of a nested one, and of one with a dictionary, None."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        kind = pa.binary() if pa.types.is_string(kind) else pa.large_binary()  # what lies there may be no text
    elif pa.types.is_interval(kind) or not (
        pa.types.is_primitive(kind) or pa.types.is_binary(kind) or pa.types.is_decimal(kind)
    ):
        return None
    buffers = column.buffers()
    if any(each is None for each in buffers[1:]):
        return None
    return pa.Array.from_buffers(kind, len(column), [None, *buffers[1:]], null_count=0, offset=column.offset)
