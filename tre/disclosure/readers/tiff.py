"""TIFF 6.0 and BigTIFF: every directory and tag, and the bytes that none of them names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tre.disclosure.contents import Contents, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.pictures import keep_thumbnail, read_pixels
from tre.disclosure.readers.raw_strings import strings_of

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_WHOLE = {1, 3, 4, 13, 16, 18}  # types of whole numbers, among them what points elsewhere
_POINTERS = {330, 34665, 34853, 40965}  # SubIFDs, Exif, GPS, interoperability
_PIXELS = {273: 279, 324: 325, 513: 514}  # where strips, tiles and an old JPEG start, and the tag with their lengths
_SLACK = 64  # unnamed bytes that alignment leaves


@dataclass
class _Walk:
    """Where a walk over the directories of one file is."""

    data: bytes
    order: str
    big: bool
    spans: list[tuple[int, int]] = field(default_factory=list)
    said: list[bytes] = field(default_factory=list)

    def number(self, at: int, size: int) -> int:
        """Return the unsigned number at a place."""
        raw = self.take(at, size)
        return int.from_bytes(raw, "little" if self.order == "II" else "big")

    def take(self, at: int, size: int) -> bytes:
        """Return bytes that a directory names, and remember that they are named."""
        if at + size > len(self.data):
            raise Unreadable("a part of the picture is cut short")
        self.spans.append((at, at + size))
        return self.data[at : at + size]


def read_tiff(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read every tag of every directory, the pixels, and whatever lies between them."""
    if data[:2] not in (b"II", b"MM"):
        raise Unreadable("the picture is damaged")
    big = data[2:3] == b"+" or data[3:4] == b"+"
    walk = _Walk(data, data[:2].decode("ascii"), big)
    walk.take(0, 16 if big else 8)
    _directories(walk, walk.number(8 if big else 4, 8 if big else 4), policy)
    contents.add_text(f"{where} TIFF metadata".strip(), strings_of(b"\n".join(walk.said)))
    keep_thumbnail(b"".join(body for body in walk.said if len(body) > _SLACK), where, contents)
    rest = b"\n".join(_unnamed(walk))
    if len(rest.strip(b"\0\n")) > _SLACK:
        contents.hits.append(Hit("appended-bytes", "unnamed-bytes", where, f"{len(rest)} bytes that no tag names", 1))
    contents.add_text(f"{where} bytes between tags".strip(), strings_of(rest))
    read_pixels(data, "TIFF", where, contents, policy)


def _directories(walk: _Walk, first: int, policy: Policy) -> None:
    waiting = [first]
    seen: set[int] = set()
    while waiting:
        at = waiting.pop()
        if at in seen:
            raise Unreadable("the directories of the picture go in a circle")
        if len(seen) >= policy.limits["frames"]:
            raise Unreadable("it has more pictures than inspection reads", rule="too-big")
        seen.add(at)
        waiting.extend(_directory(walk, at, policy))


def _directory(walk: _Walk, at: int, policy: Policy) -> Iterator[int]:
    """Yield the directories that one points to, having kept its values."""
    head, wide, width = (8, 20, 8) if walk.big else (2, 12, 4)
    entries = walk.number(at, head)
    if entries > policy.limits["members"]:
        raise Unreadable("a directory of the picture is damaged")
    numbers: dict[int, list[int]] = {}
    for n in range(entries):
        place = at + head + n * wide
        tag, kind = walk.number(place, 2), walk.number(place + 2, 2)
        count = walk.number(place + 4, width)
        size = _SIZES.get(kind, 1)
        inline = count * size <= width
        start = place + 4 + width if inline else walk.number(place + 4 + width, width)
        walk.take(place, wide)
        body = walk.take(start, count * size)
        if kind in _WHOLE and (tag in _POINTERS or tag in _PIXELS or tag in _PIXELS.values()):
            numbers[tag] = [walk.number(start + m * size, size) for m in range(count)]
        else:
            walk.said.append(body)
        if tag in _POINTERS:
            yield from numbers.get(tag, [])
    for starts, sizes in _PIXELS.items():
        for start, size in zip(numbers.get(starts, []), numbers.get(sizes, []), strict=False):
            walk.take(start, size)
    following = walk.number(at + head + entries * wide, width)
    if following:
        yield following


def _unnamed(walk: _Walk) -> Iterator[bytes]:
    end = 0
    for start, stop in sorted(walk.spans):
        if start > end:
            yield walk.data[end:start]
        end = max(end, stop)
    if end < len(walk.data):
        yield walk.data[end:]
