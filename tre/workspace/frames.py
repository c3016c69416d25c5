"""WebSocket frames as a server reads and writes them (RFC 6455, section 5): bytes alone, no text, no extensions.

Messages are not told apart: what travels is a stream of bytes (noVNC's ``binary`` way), so frames are put together as
they come.
"""

from __future__ import annotations

import base64
import hashlib
import struct

_CONTINUED, _BYTES, _CLOSE, _PING, _PONG = 0, 2, 8, 9, 10
_MOST = 1024 * 1024  # of one frame from a browser: it sends keys and the pointer
_ACCEPTED = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_KEY_BYTES = 16


class Broken(Exception):
    """The other side does not keep to the protocol, or closes."""


def accepted(key: bytes) -> bytes | None:
    """Return what answers a handshake's key, or None when it is none (section 4.2.1)."""
    try:
        if len(base64.b64decode(key, validate=True)) != _KEY_BYTES:
            return None
    except ValueError:
        return None
    return base64.b64encode(hashlib.sha1(key + _ACCEPTED).digest())  # noqa: S324 - the protocol's own, no secret


def framed(data: bytes, kind: int = _BYTES) -> bytes:
    """Return bytes as one frame."""
    size = len(data)
    if size < 126:
        head = struct.pack(">BB", 0x80 | kind, size)
    elif size < 2**16:
        head = struct.pack(">BBH", 0x80 | kind, 126, size)
    else:
        head = struct.pack(">BBQ", 0x80 | kind, 127, size)
    return head + data


class Frames:
    """Takes bytes from a browser as they come."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the bytes that came in whole frames, and frames that are to be answered.

        Raises
        ------
        Broken
            When a frame is not masked, too long, of another kind, or closes.
        """
        self._held += data
        came, answers = bytearray(), bytearray()
        while (frame := self._next()) is not None:
            kind, content = frame
            if kind in {_CONTINUED, _BYTES}:
                came += content
            elif kind == _PING:
                answers += framed(content, _PONG)
            elif kind != _PONG:
                raise Broken
        return bytes(came), bytes(answers)

    def _next(self) -> tuple[int, bytes] | None:
        if len(self._held) < 2:
            return None
        first, second = self._held[0], self._held[1]
        if first & 0x70 or not second & 0x80:
            raise Broken
        kind, size, at = first & 0x0F, second & 0x7F, 2
        if kind >= _CLOSE and (size > 125 or not first & 0x80):
            raise Broken
        for mark, length, form in ((126, 2, ">H"), (127, 8, ">Q")):
            if size == mark:
                if len(self._held) < at + length:
                    return None
                (size,) = struct.unpack(form, self._held[at : at + length])
                at += length
                break
        if size > _MOST:
            raise Broken
        if len(self._held) < at + 4 + size:
            return None
        mask, content = self._held[at : at + 4], self._held[at + 4 : at + 4 + size]
        del self._held[: at + 4 + size]
        return kind, bytes(byte ^ mask[place % 4] for place, byte in enumerate(content))
