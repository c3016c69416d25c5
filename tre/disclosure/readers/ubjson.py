"""UBJSON, draft 12 (ubjson.org), with typed arrays and counted containers, as XGBoost writes it."""

from __future__ import annotations

import struct
from typing import Any

from tre.disclosure.contents import Unreadable

_NUMBERS = {b"i": ">b", b"U": ">B", b"I": ">h", b"l": ">i", b"L": ">q", b"d": ">f", b"D": ">d"}
_SIMPLE = {b"Z": None, b"T": True, b"F": False, b"N": None}
_DEPTH = 60


def decode_ubjson(data: bytes, nodes: int) -> tuple[Any, int]:
    """Return the value that stands at the beginning of some bytes, and where it ends.

    Parameters
    ----------
    nodes : int
        How many values it may have in all: an array of one type can claim billions of values that take no bytes.

    Raises
    ------
    Unreadable
        It is damaged, cut short, deeper than 60 levels or has more values than `nodes`.
    """
    reader = _Reader(data, nodes)
    try:
        value = reader.value(reader.take(1), 0)
    except (struct.error, UnicodeDecodeError, KeyError, OverflowError) as error:
        raise Unreadable("the UBJSON is damaged or cut short") from error
    return value, reader.at


class _Reader:
    """Where reading stands."""

    def __init__(self, data: bytes, nodes: int) -> None:
        self.data, self.left, self.at = data, nodes, 0

    def take(self, size: int) -> bytes:
        if size < 0 or self.at + size > len(self.data):
            raise Unreadable("the UBJSON is damaged or cut short")
        self.at += size
        return self.data[self.at - size : self.at]

    def peek(self) -> bytes:
        return self.data[self.at : self.at + 1]

    def number(self, kind: bytes) -> Any:
        form = _NUMBERS[kind]
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def length(self) -> int:
        size = self.number(self.take(1))
        if not isinstance(size, int) or size < 0:
            raise Unreadable("the UBJSON is damaged or cut short")
        return size

    def text(self) -> str:
        return self.take(self.length()).decode()

    def value(self, kind: bytes, depth: int) -> Any:
        self.left -= 1
        if depth > _DEPTH or self.left < 0:
            raise Unreadable("it holds more than inspection reads", rule="too-big")
        if kind in _SIMPLE:
            return _SIMPLE[kind]
        if kind in (b"S", b"H"):
            return self.text()
        if kind == b"C":
            return self.take(1).decode("latin-1")
        if kind == b"[":
            return self.array(depth)
        if kind == b"{":
            return self.object(depth)
        return self.number(kind)

    def head(self) -> tuple[bytes, int | None]:
        """Return the type and the number of a container's values, where it says them."""
        kind, count = b"", None
        if self.peek() == b"$":
            self.take(1)
            kind = self.take(1)
        if self.peek() == b"#":
            self.take(1)
            count = self.length()
        elif kind:
            raise Unreadable("the UBJSON is damaged or cut short")
        return kind, count

    def array(self, depth: int) -> list[Any]:
        kind, count = self.head()
        made: list[Any] = []
        while count is None or len(made) < count:
            if count is None and self.peek() == b"]":
                self.take(1)
                break
            made.append(self.value(kind or self.take(1), depth + 1))
        return made

    def object(self, depth: int) -> dict[str, Any]:
        kind, count = self.head()
        made: dict[str, Any] = {}
        number = 0
        while count is None or number < count:
            if count is None and self.peek() == b"}":
                self.take(1)
                break
            name = self.text()
            if name in made:
                raise Unreadable("a key stands twice in one object")
            made[name] = self.value(kind or self.take(1), depth + 1)
            number += 1
        return made
