"""PNG (W3C PNG, third edition, section 5) and JPEG (ITU-T T.81, annex B)."""

from __future__ import annotations

import binascii
import struct
import zlib

from tre.disclosure.contents import Contents, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.pictures import check_size, keep_position, keep_thumbnail, keep_trailing, read_pixels
from tre.disclosure.readers.raw_strings import strings_of

_KNOWN = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"bKGD", b"hIST", b"pHYs",
    b"sPLT", b"tIME", b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"cICP", b"mDCV", b"cLLI",
}  # fmt: skip
_APPLICATION_1 = 0xE1  # the segment of Exif data (CIPA DC-008)
_TEXT_BYTES = 16 * 1024 * 1024


def read_png(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read the chunks: text, Exif, unknown ones, and what follows the last."""
    at, ended, pixels = 8, False, zlib.decompressobj()
    shown, needed = 0, 0
    while at + 12 <= len(data) and not ended:
        size, name = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + size]
        check = data[at + 8 + size : at + 12 + size]
        if len(check) < 4 or binascii.crc32(name + body) != int.from_bytes(check, "big"):
            raise Unreadable("a chunk of the picture is damaged or cut short")
        if name == b"IHDR" and size == 13:
            width, height = struct.unpack(">II", body[:8])
            check_size(width, height, policy)
            needed = _picture_bytes(body)
        if name == b"IDAT":
            shown = _unpack_pixels(pixels, body, shown, needed)
        _read_chunk(name, body, where, contents)
        at, ended = at + 12 + size, name == b"IEND"
    if not ended or not pixels.eof:
        raise Unreadable("the picture is cut short")
    if shown > needed or pixels.unused_data:
        contents.hits.append(Hit("appended-bytes", "pixel-data", where, "after the last pixel", 1))
    keep_trailing(data[at:], where, contents)
    read_pixels(data, "PNG", where, contents, policy)


def _picture_bytes(header: bytes) -> int:
    """Return the bytes that the declared picture needs, filter bytes included (an upper bound when interlaced)."""
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", header)
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 4)
    size = height * (1 + (width * depth * samples + 7) // 8)
    return size + (2 * height + 64 if interlace else 0)


def _unpack_pixels(pixels: zlib._Decompress, body: bytes, shown: int, needed: int) -> int:
    """Return how many bytes of pixels there are so far, throwing them away and stopping just past what is declared."""
    waiting = body
    try:
        while waiting and shown <= needed:
            got = pixels.decompress(waiting, 1 << 20)
            shown += len(got)
            waiting = pixels.unconsumed_tail
    except zlib.error as error:
        raise Unreadable("the pixels are damaged") from error
    if shown > needed:
        raise Unreadable("there are more pixels than the picture declares", rule="appended-bytes")
    return shown


def _read_chunk(name: bytes, body: bytes, where: str, contents: Contents) -> None:
    label = f"{where} PNG metadata".strip()
    if name == b"tEXt":
        contents.add_text(label, body.replace(b"\0", b"\n").decode("latin-1"))
    elif name in (b"zTXt", b"iTXt"):
        contents.add_text(label, _chunk_text(name, body))
    elif name == b"eXIf":
        contents.add_text(label, strings_of(body))
        keep_thumbnail(body, label, contents)
        keep_position(body, label, contents)
    elif name not in _KNOWN:
        contents.hits.append(Hit("hidden-content", "unknown-chunk", where, "an unknown chunk", 1))
        contents.add_text(label, strings_of(body))


def _chunk_text(name: bytes, body: bytes) -> str:
    keyword, _, rest = body.partition(b"\0")
    packed = rest[1:]
    squeezed = True
    if name == b"iTXt":
        squeezed = rest[:1] == b"\x01"
        packed = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(packed, _TEXT_BYTES) if squeezed else packed
    except zlib.error as error:
        raise Unreadable("a text chunk of the picture is damaged") from error
    if squeezed and not unpacker.eof:
        raise Unreadable("a text chunk is cut short or larger than inspection reads", rule="too-big")
    return f"{keyword.decode('latin-1')}\n{text.decode('utf-8', 'replace')}"


def read_jpeg(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read the segments: comments, application data, and what follows the end of the image."""
    at = 2
    while True:
        mark = data.find(b"\xff", at)
        if mark < 0 or mark + 1 >= len(data):
            raise Unreadable("the picture is cut short")
        code = data[mark + 1]
        if code == 0xD9:
            break
        if code in (0x00, 0x01, 0xFF) or 0xD0 <= code <= 0xD8:
            at = mark + (1 if code == 0xFF else 2)
            continue
        size = int.from_bytes(data[mark + 2 : mark + 4], "big")
        if size < 2 or mark + 2 + size > len(data):
            raise Unreadable("a segment of the picture is cut short")
        if code == 0xFE or 0xE0 <= code <= 0xEF:
            body = data[mark + 4 : mark + 2 + size]
            contents.add_text(f"{where} JPEG metadata".strip(), strings_of(body))
            keep_thumbnail(body, where, contents)
            if code == _APPLICATION_1:
                keep_position(body, where, contents)
        at = mark + 2 + size
    keep_trailing(data[mark + 2 :], where, contents)
    read_pixels(data[: mark + 2], "JPEG", where, contents, policy)
