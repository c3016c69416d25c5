"""Puts a Parquet file's footer in one order, where what wrote it left that to chance.

Parquet's Java library keeps the encodings of a column in a set that Java orders by chance: the same rows give other
bytes in another process. Nothing reads anything out of that order, so they are sorted where they stand.
See the Parquet format (``parquet.thrift``) and Thrift's compact protocol, in which a footer is written.
"""

from __future__ import annotations

from pathlib import Path

_MAGIC = b"PAR1"
_TAIL = 4 + len(_MAGIC)  # the footer's length, little-endian, and the mark
# FileMetaData.row_groups, RowGroup.columns, ColumnChunk.meta_data, ColumnMetaData.encodings: the fields' numbers.
_ENCODINGS = (4, 1, 3, 2)
_BOOLEANS, _BYTE, _NUMBERS, _DOUBLE, _BINARY, _LISTS, _MAP, _STRUCT = (1, 2), 3, (4, 5, 6), 7, 8, (9, 10), 11, 12
_LONG = 15  # in a list's head: its length follows


def put_in_order(path: Path) -> None:
    """Sort the encodings of each column in a Parquet file's footer, which keeps its length.

    Raises
    ------
    ValueError
        When that is no Parquet file.
    """
    with path.open("r+b") as file:
        end = file.seek(0, 2)
        file.seek(max(0, end - _TAIL))
        tail = file.read()
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != _MAGIC or length > end - _TAIL:
            raise ValueError("no Parquet file")
        file.seek(end - _TAIL - length)
        footer = file.read(length)
        ordered = with_encodings_in_order(footer)
        if ordered != footer:  # a file that is in order is not written again
            file.seek(end - _TAIL - length)
            file.write(ordered)


def with_encodings_in_order(footer: bytes) -> bytes:
    """Return a footer with the encodings of each column sorted."""
    held = bytearray(footer)
    _struct(held, 0, _ENCODINGS)
    return bytes(held)


def _struct(held: bytearray, at: int, wanted: tuple[int, ...] | None) -> int:
    """Go through a struct, into the wanted field alone, and return where it ends."""
    field = 0
    while head := held[at]:
        at += 1
        if head >> 4:
            field += head >> 4
        else:
            number, at = _varint(held, at)
            field = (number >> 1) ^ -(number & 1)
        follows = wanted is not None and field == wanted[0]
        at = _value(held, at, head & 15, wanted[1:] if wanted is not None and follows else None)
    return at + 1


def _value(held: bytearray, at: int, kind: int, wanted: tuple[int, ...] | None) -> int:
    """Go through a value and return where it ends; ``wanted`` is empty for the list that is to be sorted."""
    if kind in _BOOLEANS:  # the kind is the value
        return at
    if kind in (_BYTE, _DOUBLE):
        return at + (1 if kind == _BYTE else 8)
    if kind in _NUMBERS:
        return _varint(held, at)[1]
    if kind == _BINARY:
        size, at = _varint(held, at)
        return at + size
    if kind in _LISTS:
        return _list(held, at, wanted)
    if kind == _STRUCT:
        return _struct(held, at, wanted)
    raise ValueError("no Parquet footer")  # none of them has a map


def _list(held: bytearray, at: int, wanted: tuple[int, ...] | None) -> int:
    head, at = held[at], at + 1
    size, kind = head >> 4, head & 15
    if size == _LONG:
        size, at = _varint(held, at)
    begin = at
    for _ in range(size):
        at = at + 1 if kind in _BOOLEANS else _value(held, at, kind, wanted or None)
    if wanted == ():
        if at - begin != size:  # each encoding's number takes one byte
            raise ValueError("no Parquet footer")
        held[begin:at] = bytes(sorted(held[begin:at]))
    return at


def _varint(held: bytearray, at: int) -> tuple[int, int]:
    """Return a number of seven bits to a byte, the least first, and where it ends."""
    number = shift = 0
    while True:
        byte = held[at]
        number, shift, at = number | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            return number, at
