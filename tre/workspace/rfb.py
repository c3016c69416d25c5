"""What passes between a strict workspace's screen and a browser, of the Remote Framebuffer Protocol 3.8. No I/O.

Source: RFC 6143, and the community's specification for the pseudo-encodings (github.com/rfbproto/rfbproto). Both sides
are the researcher's as far as this goes: a browser that they wrote, and a screen that they may have broken into. So
what passes is put together of known messages alone. A browser may ask for pixels and send keys and a pointer; a screen
may send pixels. The clipboard's messages are read to their end and left out, both ways; the encodings that a browser
may name are those whose length can be told without understanding their pixels; of the screen's name nothing is passed
on.
"""

from __future__ import annotations

import struct
from collections.abc import Generator
from dataclasses import dataclass, field

_VERSION = b"RFB 003.008\n"
_MOST = 64 * 1024 * 1024  # bytes of one rectangle: of a screen of 4096 by 4096, with 4 bytes for each pixel
_WIDEST = 4096
_NAME = b"workspace"
_BYTES_A_PIXEL = 4
_RAW, _COPY, _ZRLE = 0, 1, 16
_CURSOR, _SIZE, _LAST = -239, -223, -224
# How well pixels are compressed says nothing of what they show.
ENCODINGS = frozenset({_RAW, _COPY, _ZRLE, _CURSOR, _SIZE, _LAST, *range(-256, -246)})
_MOST_ENCODINGS = 256
_UNLIMITED = 0xFFFF  # the count of rectangles of an update that ends with one called the last
Reading = Generator[int, bytes, None]


class NotPassed(Exception):
    """Somebody said what they may not say: the connection ends."""


@dataclass
class _Filter:
    """Takes bytes as they come, and gives those that pass."""

    _held: bytearray = field(default_factory=bytearray)
    _out: bytearray = field(default_factory=bytearray)
    _wanted: int = 0
    _reading: Reading = field(init=False)

    def __post_init__(self) -> None:
        self._reading = self._read()
        self._wanted = next(self._reading)

    def feed(self, data: bytes) -> bytes:
        """Return what passes on of what came so far.

        Raises
        ------
        NotPassed
            When it is no message that may pass; nothing is to be fed after that.
        """
        self._held += data
        at = 0
        while len(self._held) - at >= self._wanted:
            taken, at = bytes(self._held[at : at + self._wanted]), at + self._wanted
            self._wanted = self._reading.send(taken)
            if not 0 <= self._wanted <= _MOST:
                raise NotPassed("a message is too long")
        del self._held[:at]
        passed = bytes(self._out)
        self._out.clear()  # the same object: what reads on may hold it already
        return passed

    def _read(self) -> Reading:
        raise NotImplementedError


class FromBrowser(_Filter):
    """What a browser says to the screen."""

    def _read(self) -> Reading:
        _expect((yield 12) == _VERSION, "another version of the protocol")
        self._out += _VERSION
        _expect((yield 1) == b"\x01", "another way to sign in")
        self._out += b"\x01"
        yield 1
        self._out += b"\x01"  # shared: a second tab shows the same
        while True:
            kind = (yield 1)[0]
            if kind == 0:
                yield from self._pixel_format()
            elif kind == 2:
                yield from self._encodings()
            elif kind in _ASKED:
                self._out += bytes([kind]) + (yield _ASKED[kind])
            elif kind == 6:
                yield from _cut_text()
            else:
                raise NotPassed("a message that may not pass")

    def _pixel_format(self) -> Reading:
        told = yield 19
        _check_format(told[3:])
        self._out += b"\x00" + told

    def _encodings(self) -> Reading:
        (count,) = struct.unpack(">xH", (yield 3))
        _expect(count <= _MOST_ENCODINGS, "too many encodings")
        named = struct.unpack(f">{count}i", (yield 4 * count))
        kept = [each for each in named if each in ENCODINGS]
        self._out += struct.pack(f">BxH{len(kept)}i", 2, len(kept), *kept)


_ASKED = {3: 9, 4: 7, 5: 5}  # a request for pixels, a key, the pointer: their lengths after the first byte


class FromScreen(_Filter):
    """What the screen says to a browser."""

    def _read(self) -> Reading:
        _expect((yield 12) == _VERSION, "another version of the protocol")
        self._out += _VERSION
        ways = yield (yield 1)[0]
        _expect(b"\x01" in ways, "another way to sign in")
        self._out += b"\x01\x01"
        _expect((yield 4) == bytes(4), "signing in failed")
        self._out += bytes(4)
        told = yield 24
        _check_size(*struct.unpack(">HH", told[:4]))
        _check_format(told[4:20])
        yield struct.unpack(">I", told[20:])[0]
        self._out += told[:20] + struct.pack(">I", len(_NAME)) + _NAME
        while True:
            kind = (yield 1)[0]
            if kind == 0:
                yield from self._update()
            elif kind == 3:
                yield from _cut_text()
            else:  # a bell is one bit to the browser, and would not have been asked for
                _expect(kind == 2, "a message that may not pass")

    def _update(self) -> Reading:
        (count,) = struct.unpack(">xH", (yield 3))
        self._out += struct.pack(">BxH", 0, count)
        while count:
            head = yield 12
            _, _, width, height, encoding = struct.unpack(">HHHHi", head)
            _expect(encoding in ENCODINGS and encoding >= _CURSOR, "an encoding that was not asked for")
            self._out += head
            if encoding == _LAST:
                return
            count -= count != _UNLIMITED
            _check_size(width, height)
            yield from self._pixels(encoding, width, height)

    def _pixels(self, encoding: int, width: int, height: int) -> Reading:
        if encoding == _ZRLE:
            told = yield 4
            self._out += told + (yield struct.unpack(">I", told)[0])
        elif encoding == _COPY:
            self._out += yield 4
        elif encoding == _RAW:
            self._out += yield _BYTES_A_PIXEL * width * height
        elif encoding == _CURSOR:
            self._out += yield _BYTES_A_PIXEL * width * height + (width + 7) // 8 * height


def _cut_text() -> Reading:
    """Read a clipboard's text, or what the extended clipboard says in its place (a length below 0), and leave it."""
    (length,) = struct.unpack(">xxxi", (yield 7))
    for _ in range(abs(length) // _PIECE):
        yield _PIECE
    yield abs(length) % _PIECE


_PIECE = 64 * 1024  # it is thrown away as it comes


def _check_format(told: bytes) -> None:
    bits, _, _, true_colour = struct.unpack(">BBBB", told[:4])
    _expect(bits == 8 * _BYTES_A_PIXEL and bool(true_colour), "another format of pixels")


def _check_size(width: int, height: int) -> None:
    _expect(width <= _WIDEST and height <= _WIDEST, "too large a screen")


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise NotPassed(what)
