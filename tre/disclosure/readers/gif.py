"""GIF (GIF89a specification, CompuServe 1990): every block up to the trailer, and what follows it."""

from __future__ import annotations

from tre.disclosure.contents import Contents, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.pictures import check_size, keep_trailing, read_pixels
from tre.disclosure.readers.raw_strings import strings_of

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_COMMENT, _PLAIN_TEXT, _CONTROL, _APPLICATION = 0xFE, 0x01, 0xF9, 0xFF
_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def read_gif(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read comments, plain-text and application blocks, the pictures, and what follows the last block."""
    if data[4:6] not in (b"7a", b"9a") or len(data) < 13:
        raise Unreadable("the picture is damaged or cut short")
    check_size(int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little"), policy)
    at, said = 13 + _table(data[10]), [b""]
    while data[at : at + 1] != bytes([_TRAILER]):
        kind = data[at : at + 1]
        if kind == bytes([_EXTENSION]):
            label, (body, at) = data[at + 1 : at + 2], _blocks(data, at + 2)
            if label[0] == _APPLICATION and not body.startswith(_LOOPS):
                contents.hits.append(Hit("hidden-content", "application-block", where, "", 1))
            if label[0] not in (_COMMENT, _PLAIN_TEXT, _CONTROL, _APPLICATION):
                contents.hits.append(Hit("hidden-content", "unknown-block", where, "", 1))
            said.append(body)
        elif kind == bytes([_IMAGE]) and at + 10 < len(data):
            _, at = _blocks(data, at + 11 + _table(data[at + 9]))
        else:
            raise Unreadable("a block of the picture is damaged or cut short")
    contents.add_text(f"{where} GIF comments".strip(), strings_of(b"\n".join(said)))
    read_pixels(data[: at + 1], "GIF", where, contents, policy)
    keep_trailing(data[at + 1 :], where, contents)


def _table(packed: int) -> int:
    """Return the bytes of a colour table, as the flags before it have it."""
    return 3 * 2 ** ((packed & 0x07) + 1) if packed & 0x80 else 0


def _blocks(data: bytes, at: int) -> tuple[bytes, int]:
    """Return the bytes of a chain of sub-blocks, and where the next block starts."""
    made = []
    while at < len(data) and data[at]:
        made.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    if at >= len(data):
        raise Unreadable("a block of the picture is cut short")
    return b"".join(made), at + 1
