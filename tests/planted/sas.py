"""A SAS7BDAT file, byte by byte: no library at hand writes one.

The layout is that of Shotwell's and FredHutch's descriptions of the format (sas7bdat-specification), as ReadStat has it
too: a header of 1,024 bytes, a page of subheaders that say what the columns are, and a page of rows or, compressed, of
subheaders that are rows each.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_MAGIC = bytes.fromhex("000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011")
_PAGE, _HEADER = 8192, 1024
_ENCODINGS = {"utf-8": 20, "latin-1": 29, "cp1252": 62}
_DATA = 0x0100  # a page's type
_WIDTH = 24  # bytes of a column of text
Packing = Literal["", "SASYZCRL", "SASYZCR2"]  # none, by runs, and Ross's
_ROW = 4  # how a compressed row is marked
_LITERALS = 16  # bytes that are copied as they are, at once


@dataclass(frozen=True)
class _Layout:
    """How wide a file's integers are, and which of their bytes comes first."""

    wide: bool
    end: Literal["<", ">"]

    def pack(self, form: str, *values: object) -> bytes:
        """Return values as they lie in the file; `q` is an integer of the file's width."""
        return struct.pack(self.end + form.replace("q", "Q" if self.wide else "I"), *values)

    def signature(self, number: int) -> bytes:
        """Return what a subheader begins with; the high half of a wide one is all ones, or nothing."""
        if not self.wide:
            return self.pack("I", number)
        filled = 0xFFFFFFFF if number >= 0xFF000000 else 0
        return self.pack("II", *((number, filled) if self.end == "<" or not filled else (filled, number)))

    def sized(self, number: int, body: bytes) -> bytes:
        """Return a subheader that tells its own size, with its signature and its end."""
        end = b"\0" * (12 if self.wide else 8)
        return self.signature(number) + self.pack("HHHH", len(body) + 8, 0, 0, 0) + body + end


def sas7bdat(
    columns: dict[str, Sequence[str] | Sequence[float]],
    *,
    encoding: str = "utf-8",
    packing: Packing = "",
    wide: bool = True,
    end: Literal["<", ">"] = "<",
    deleted: int = 0,
) -> bytes:
    """Return a table as SAS keeps it.

    Parameters
    ----------
    columns : dict
        Texts of at most 24 bytes or numbers, as many in each.
    deleted : int
        How many rows the file says were deleted, beside those that are there.
    """
    layout = _Layout(wide, end)
    rows = [
        b"".join(
            value.encode(encoding).ljust(_WIDTH) if isinstance(value, str) else layout.pack("d", value) for value in row
        )
        for row in zip(*columns.values(), strict=True)
    ]
    meta = _subheaders(layout, columns, rows, encoding, packing, deleted)
    if packing:
        pages = [_page(layout, [*((each, 0, 0) for each in meta), *((_packed(row, packing), _ROW, 1) for row in rows)])]
    else:
        held = layout.pack("HHHH", _DATA, len(rows), 0, 0) + b"".join(rows)
        pages = [_page(layout, [(each, 0, 0) for each in meta]), _padded(b"\0" * (32 if wide else 16) + held, _PAGE)]
    return _header(layout, encoding, len(pages)) + b"".join(pages)


def _header(layout: _Layout, encoding: str, pages: int) -> bytes:
    mark = b"\x33" if layout.wide else b"\x22"
    head = _MAGIC + mark + b"\0\0" + mark + b"\0" + (b"\x01" if layout.end == "<" else b"\x00") + b"\0" + b"1"
    head = (
        _padded(head, 70) + bytes([_ENCODINGS[encoding]]) + b"\0" * 13 + b"SAS FILE" + b"COHORT".ljust(32) + b" " * 32
    )
    head = _padded(head + b"DATA    ", 164 + (4 if layout.wide else 0)) + layout.pack("dddd", 0, 0, 0, 0)
    head += layout.pack("IIq", _HEADER, _PAGE, pages) + b"\0" * 8 + b"9.0401M1" + b"Linux".ljust(16, b"\0")
    return _padded(head, _HEADER)


def _subheaders(
    layout: _Layout,
    columns: dict[str, Sequence[str] | Sequence[float]],
    rows: list[bytes],
    encoding: str,
    packing: Packing,
    deleted: int,
) -> list[bytes]:
    words = [packing or " " * 8, *columns]
    starts = [12]  # from the end of the signature: a subheader's own size stands before its words
    for word in words:
        starts.append(starts[-1] + (len(word.encode(encoding)) + 3) // 4 * 4)
    text = b"\0\0\0\x14" + b"".join(_padded(w.encode(encoding), -(-len(w.encode(encoding)) // 4) * 4) for w in words)
    refs = [layout.pack("HHH", 0, at, len(word.encode(encoding))) for at, word in zip(starts, words, strict=False)]
    widths = [_WIDTH if isinstance(values[0], str) else 8 for values in columns.values()]
    kinds = [2 if isinstance(values[0], str) else 1 for values in columns.values()]
    attributes = b"".join(
        layout.pack("qIHBB", sum(widths[:n]), width, 0x0800, kind, 0)
        for n, (width, kind) in enumerate(zip(widths, kinds, strict=True))
    )
    size = bytearray(808 if layout.wide else 480)
    size[: 8 if layout.wide else 4] = layout.signature(0xF7F7F7F7)
    numbers = layout.pack("qqq", sum(widths), len(rows) + deleted, deleted)
    at = 40 if layout.wide else 20
    size[at : at + len(numbers)] = numbers
    at = 120 if layout.wide else 60  # rows of the first page that holds some
    size[at : at + (8 if layout.wide else 4)] = layout.pack("q", len(rows))
    if packing:
        size[len(size) - 118 : len(size) - 112] = refs[0]
    blank = b"\0" * (52 if layout.wide else 46)
    formats = [layout.signature(0xFFFFFBFE) + blank for _ in columns]
    return [
        bytes(size), layout.signature(0xF6F6F6F6) + layout.pack("qq", len(columns), 0), layout.sized(0xFFFFFFFD, text),
        layout.sized(0xFFFFFFFF, b"".join(ref + b"\0\0" for ref in refs[1:])), layout.sized(0xFFFFFFFC, attributes),
        *formats,
    ]  # fmt: skip


def _page(layout: _Layout, subheaders: list[tuple[bytes, int, int]]) -> bytes:
    """Return a page of subheaders, each with how it is compressed and of what kind it is; they lie from its end on."""
    before, each = (40, 24) if layout.wide else (24, 12)
    pointers, bodies, at = b"", b"", _PAGE
    for body, compression, kind in subheaders:
        at -= len(body)
        bodies = body + bodies
        pointers += _padded(layout.pack("qqBB", at, len(body), compression, kind), each)
    head = b"\0" * (before - 8) + layout.pack("HHHH", 0, len(subheaders), len(subheaders), 0)
    return _padded(head + pointers, at) + bodies


def _packed(row: bytes, packing: Packing) -> bytes:
    """Return a row as the compression has it, all of it literally."""
    pieces = [row[at : at + _LITERALS] for at in range(0, len(row), _LITERALS)]
    if packing == "SASYZCRL":
        return b"".join(bytes([0x80 | (len(piece) - 1)]) + piece for piece in pieces)
    return b"".join(b"\0\0" + piece for piece in pieces)


def _padded(data: bytes, size: int) -> bytes:
    return data.ljust(size, b"\0")
