"""Compound files ([MS-CFB]), in which old Office documents stand: whether every sector that is in use is there."""

from __future__ import annotations

import struct

from tre.disclosure.contents import Unreadable

_HEADER = 512
_FREE = 0xFFFFFFFF
_FIRST = 109  # sectors of the allocation table that the header itself names; more is over 6 MB


def check_sectors(data: bytes) -> None:
    """Refuse a file that ends before its last sector, or has bytes that its allocation table does not know.

    Raises
    ------
    Unreadable
        It is damaged, cut short or longer than it says.
    """
    if len(data) < _HEADER:
        raise Unreadable("the document is cut short")
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    (tables,) = struct.unpack_from("<I", data, 44)
    if size not in (512, 4096) or (len(data) - size) % size:
        raise Unreadable("the document is damaged or cut short")
    used = 0
    for number, place in enumerate(struct.unpack_from(f"<{min(tables, _FIRST)}I", data, 76)):
        body = data[(place + 1) * size : (place + 2) * size]
        if len(body) < size:
            raise Unreadable("the document is damaged or cut short")
        entries = struct.unpack(f"<{size // 4}I", body)
        last = max((n for n, entry in enumerate(entries) if entry != _FREE), default=-1)
        used = max(used, number * (size // 4) + last + 1)
    if (len(data) - size) // size < used:
        raise Unreadable("the document is cut short")
