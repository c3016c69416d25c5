"""What columns of an Arrow file hold outside the values that they say they have (Arrow columnar format, layouts).

A list names a stretch of the values of another column, a text a stretch of bytes, a union a row of one of several
columns: values that nothing names are in the file all the same.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

_IN_PLACE = 12  # bytes of a text that stand in its view itself
_VIEW = np.dtype([("size", "<i4"), ("head", "<i4"), ("buffer", "<i4"), ("start", "<i4")])
_MOST = 100_000  # views of a batch that are looked at


def unused_in(column: pa.Array, missing: pa.Array) -> Iterator[tuple[pa.Array, pa.Array]]:
    """Yield the columns within a list or a union, each with which of its rows no row of the column has, bool.

    Parameters
    ----------
    missing : pa.Array
        Which rows of the column are missing, bool.
    """
    kind, there = column.type, ~np.asarray(missing)
    if pa.types.is_union(kind):
        codes = np.asarray(column.type_codes)
        dense = kind.mode == "dense"
        places = np.asarray(column.offsets) if dense else np.arange(len(column))
        for n, code in enumerate(kind.type_codes):
            child = column.field(n)
            yield child, _but(len(child), places[there & (codes == code)], 1)
    elif pa.types.is_fixed_size_list(kind):
        starts = (np.arange(len(column)) + column.offset) * kind.list_size
        yield column.values, _but(len(column.values), starts[there], kind.list_size)
    elif pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):
        starts, sizes = np.asarray(column.offsets), np.asarray(column.sizes)
        yield column.values, _but(len(column.values), starts[there], sizes[there])
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_map(kind):
        ends = np.asarray(column.offsets)
        yield column.values, _but(len(column.values), ends[:-1][there], np.diff(ends)[there])


def _but(count: int, starts: np.ndarray, sizes: np.ndarray | int) -> pa.Array:
    """Return which of so many rows are in none of some stretches."""
    steps = np.zeros(count + 1, dtype=np.int64)
    np.add.at(steps, np.clip(starts, 0, count), 1)
    np.add.at(steps, np.clip(starts + sizes, 0, count), -1)
    return pa.array(np.cumsum(steps[:-1]) <= 0)


def bytes_outside(column: pa.Array) -> bytes:
    """Return the bytes of a column of texts before its first value and behind its last, but for padding."""
    kind = column.type
    wide = pa.types.is_large_string(kind) or pa.types.is_large_binary(kind)
    if not (wide or pa.types.is_string(kind) or pa.types.is_binary(kind)):
        return b""
    _, offsets, held = column.buffers()
    if offsets is None or held is None:
        return b""
    ends = np.frombuffer(offsets, np.int64 if wide else np.int32)[column.offset :][: len(column) + 1]
    first, last = (int(ends[0]), int(ends[-1])) if len(ends) else (0, 0)
    return b"\n".join(part for each in (held[:first], held[last:]) if (part := each.to_pybytes().strip(b"\0")))


def is_view(kind: pa.DataType) -> bool:
    """Tell whether a column's values are views of buffers of bytes."""
    return bool(pa.types.is_string_view(kind) or pa.types.is_binary_view(kind))


def views_of(column: pa.Array, rows: pa.Array) -> pa.Array:
    """Return the bytes that the views of some rows name, whether these are missing or not."""
    _, views, *held = column.buffers()
    told = (
        np.frombuffer(views, _VIEW)[column.offset :][: len(column)][np.asarray(rows)] if views else np.zeros(0, _VIEW)
    )
    found = []
    for view in told[told["size"] > 0][:_MOST]:
        size, start = int(view["size"]), int(view["start"])
        if size <= _IN_PLACE:
            found.append(view.tobytes()[4 : 4 + size])
        elif 0 <= view["buffer"] < len(held) and start >= 0 and held[view["buffer"]] is not None:
            found.append(held[view["buffer"]].to_pybytes()[start : start + size])
    return pa.array(found, pa.binary())
