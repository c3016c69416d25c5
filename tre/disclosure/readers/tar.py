"""TAR (POSIX.1-2017 pax, ustar, GNU and the old form), read in memory."""

from __future__ import annotations

import io
import tarfile

from tre.disclosure.contents import Contents, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.archives import keep_members, unsafe_name

_BLOCK = tarfile.BLOCKSIZE


def is_tar(data: bytes) -> bool:
    """Tell whether the first block is a header whose checksum is right, which no other file has by chance."""
    head = data[:_BLOCK]
    if len(head) < _BLOCK or not head[:1].strip(b"\0"):
        return False
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def read_tar(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read each member as a file of its own, and the names, owners and extended headers as text."""
    members: dict[str, bytes] = {}
    said: list[str] = []
    end, total = 0, 0
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for entry in archive:
                if len(said) >= policy.limits["members"]:
                    raise Unreadable("too many members", rule="too-big")
                said.append(_said(entry))
                _check(entry, members, where, contents)
                total += entry.size
                if entry.size > policy.limits["part_bytes"] or total > policy.limits["unpacked_bytes"]:
                    raise Unreadable("it unpacks to more than inspection reads", rule="too-big")
                body = archive.extractfile(entry) if entry.isreg() else None
                if body is not None:
                    members[entry.name] = body.read()
                end = _end(data, entry, where, contents)
            said += [f"{key} {value}" for key, value in archive.pax_headers.items()]
    except (tarfile.TarError, EOFError, OSError, ValueError, UnicodeError) as error:
        raise Unreadable("the archive is damaged or cut short") from error
    _check_end(data, end)
    contents.add_text(f"{where} member names".strip(), "\n".join(said))
    contents.add_names(f"{where} member names".strip(), list(members))
    keep_members(members, where, contents)


def _said(entry: tarfile.TarInfo) -> str:
    pax = [f"{key} {value}" for key, value in entry.pax_headers.items()]
    return "\n".join([entry.name, entry.linkname, entry.uname, entry.gname, *pax])


def _check(entry: tarfile.TarInfo, members: dict[str, bytes], where: str, contents: Contents) -> None:
    if entry.name in members:
        raise Unreadable("two members have one name")
    if not (entry.isreg() or entry.isdir()) or unsafe_name(entry.name):
        contents.hits.append(Hit("unsafe-path", "path", where, "a member's name or link", 1))
    if entry.issparse():
        raise Unreadable("a member is stored with gaps")


def _end(data: bytes, entry: tarfile.TarInfo, where: str, contents: Contents) -> int:
    """Return where the next header must stand, having looked at what fills up the last block."""
    size = entry.size if entry.isreg() else 0
    last = entry.offset_data + size
    end = -(-last // _BLOCK) * _BLOCK
    if data[last:end].strip(b"\0"):
        contents.hits.append(Hit("appended-bytes", "padding", where, "behind a member", 1))
    return end


def _check_end(data: bytes, end: int) -> None:
    """Refuse an archive without its two closing blocks, or with anything after it: tarfile stops there in silence."""
    if len(data) < end + 2 * _BLOCK or data[end:].strip(b"\0"):
        raise Unreadable("the archive is damaged or has bytes after its end")
