"""Single-file compression (gzip, zlib, bzip2, xz, Zstandard, LZ4), unpacked within bounds."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import Protocol

import pyarrow as pa

from tre.disclosure.budget import budget_of
from tre.disclosure.contents import Contents, Part, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.raw_strings import strings_of

_DAMAGED = (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError)
_XZ_MEMORY = 256 * 1024 * 1024
_GZIP = b"\x1f\x8b"
_FRAMES = {b"\x28\xb5\x2f\xfd": "zstd", b"\x04\x22\x4d\x18": "lz4"}
_EXTRA, _NAME, _COMMENT = 4, 8, 16  # RFC 1952, section 2.3.1


class _Unpacker(Protocol):
    """What the three compression modules of the standard library have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


_UNPACKERS: dict[bytes, Callable[[], _Unpacker]] = {
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ": lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY),
    b"": lambda: zlib.decompressobj(47),  # 32 + 15: gzip or zlib, told from the header
}


def read_compressed(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Unpack every stream that stands one after the other, as gunzip and its kin do, and read what they hold."""
    room = min(policy.limits["part_bytes"], max(1 << 20, policy.limits["ratio"] * len(data)))
    try:
        body, rest = _framed(data, room) if data[:4] in _FRAMES else _unpacked(data, room)
    except _DAMAGED as error:
        raise Unreadable("the compressed data are damaged") from error
    budget_of(policy).unpack(len(body))
    if data.startswith(_GZIP):
        header = _header(data)
        contents.texts.append((f"{where} gzip header".strip(), header))
        contents.add_names(f"{where} gzip header".strip(), header.splitlines())
    contents.parts.append(Part(f"{where} unpacked".strip(), body))
    if rest.strip(b"\0"):
        contents.hits.append(Hit("appended-bytes", "appended", where, f"{len(rest)} bytes after the end", 1))
        contents.parts.append(Part(f"{where} appended bytes".strip(), rest))


def _unpacked(data: bytes, room: int) -> tuple[bytes, bytes]:
    """Return what streams of one kind hold together, and the bytes that follow the last."""
    magic = next(each for each in _UNPACKERS if data.startswith(each))
    head = magic or (_GZIP if data.startswith(_GZIP) else b"")
    made, rest = io.BytesIO(), data
    while rest == data or (head and rest.startswith(head)):
        unpacker = _UNPACKERS[magic]()
        made.write(unpacker.decompress(rest, room + 1 - made.tell()))
        if made.tell() > room:
            raise Unreadable("it unpacks to more than inspection reads", rule="too-big")
        if not unpacker.eof:
            raise Unreadable("the compressed data are cut short")
        rest = unpacker.unused_data
    return made.getvalue(), rest


def _framed(data: bytes, room: int) -> tuple[bytes, bytes]:
    """Return what Zstandard or LZ4 frames hold; Arrow refuses what follows them."""
    with pa.CompressedInputStream(pa.BufferReader(data), _FRAMES[data[:4]]) as stream:
        body = stream.read(room + 1)
    if len(body) > room:
        raise Unreadable("it unpacks to more than inspection reads", rule="too-big")
    return body, b""


def _header(data: bytes) -> str:
    """Return the names and comments of a gzip header, where no viewer looks."""
    flags, at = data[3], 10
    if not flags & (_EXTRA | _NAME | _COMMENT):
        return ""
    if flags & _EXTRA:
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    extra = strings_of(data[10:at])
    ends = at
    for flag in (_NAME, _COMMENT):
        if flags & flag:
            ends = data.find(b"\0", ends) + 1
    return f"{extra}\n{data[at:ends].replace(bytes(1), b' ').decode('latin-1')}"
