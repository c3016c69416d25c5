"""ZIP and single-file compression, unpacked in memory within bounds that no header can talk away."""

from __future__ import annotations

import bz2
import io
import lzma
import stat
import zipfile
import zlib
from typing import Protocol

from tre.disclosure.contents import Contents, Part, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy

_DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, NotImplementedError,
)  # fmt: skip


class _Unpacker(Protocol):
    """What the three compression modules have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...


def unsafe_name(name: str) -> bool:
    """Tell whether a member's name leads out of the folder that it is unpacked in (CWE-22)."""
    parts = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name


def open_zip(data: bytes, where: str, contents: Contents, policy: Policy) -> dict[str, bytes]:
    """Return the members of a ZIP by name, read within the policy's limits.

    Raises
    ------
    Unreadable
        It is damaged, encrypted, has two members of one name, or unpacks to more than is allowed.
    """
    limits, total = policy.limits, 0
    members: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > limits["members"]:
                raise Unreadable("too many members", rule="too-big")
            for entry in entries:
                if unsafe_name(entry.orig_filename) or stat.S_ISLNK(entry.external_attr >> 16):
                    contents.hits.append(Hit("unsafe-path", "path", where, "a member's name", 1))
                if entry.filename in members:  # programs differ in which of the two they show
                    raise Unreadable("two members have one name")
                if entry.flag_bits & 0x1:
                    raise Unreadable("a member is encrypted")
                room = min(limits["part_bytes"], limits["unpacked_bytes"] - total)
                room = min(room, max(1 << 20, limits["ratio"] * max(entry.compress_size, 1)))
                with archive.open(entry) as member:
                    body = member.read(room + 1)
                if len(body) > room:
                    raise Unreadable("it unpacks to more than inspection reads", rule="too-big")
                total += len(body)
                members[entry.filename] = body
    except _DAMAGED as error:
        raise Unreadable("the archive is damaged or of an unknown kind") from error
    return members


def read_zip(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read each member as a file of its own, and their names and comment as text."""
    members = open_zip(data, where, contents, policy)
    contents.add_text(f"{where} member names".strip(), "\n".join(members))
    contents.parts.extend(
        Part(f"{where} member {number}".strip(), body)
        for number, (name, body) in enumerate(members.items(), start=1)
        if not name.endswith("/")
    )
    end = data.rfind(b"PK\x05\x06")
    comment = data[end + 22 :]
    if comment:
        contents.add_text(f"{where} comment".strip(), comment.decode("latin-1"))
    if not data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        contents.hits.append(Hit("appended-bytes", "prepended", where, "before the archive", 1))


def read_compressed(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Unpack gzip, zlib, bzip2 or xz within bounds and read what is inside."""
    room = min(policy.limits["part_bytes"], max(1 << 20, policy.limits["ratio"] * len(data)))
    try:
        body, unpacker = _unpack(data, room + 1)
    except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError) as error:
        raise Unreadable("the compressed data are damaged") from error
    if len(body) > room:
        raise Unreadable("it unpacks to more than inspection reads", rule="too-big")
    if not unpacker.eof:
        raise Unreadable("the compressed data are cut short")
    contents.parts.append(Part(f"{where} unpacked".strip(), body))
    if unpacker.unused_data:
        contents.parts.append(Part(f"{where} second part".strip(), unpacker.unused_data))


def _unpack(data: bytes, most: int) -> tuple[bytes, _Unpacker]:
    if data.startswith(b"BZh"):
        small = bz2.BZ2Decompressor()
        return small.decompress(data, most), small
    if data.startswith(b"\xfd7zXZ"):
        large = lzma.LZMADecompressor(memlimit=256 * 1024 * 1024)
        return large.decompress(data, most), large
    plain = zlib.decompressobj(47)  # 32 + 15: gzip or zlib, told from the header
    return plain.decompress(data, most), plain
