"""ZIP, unpacked in memory within bounds that no header can talk away."""

from __future__ import annotations

import io
import lzma
import stat
import zipfile
import zlib

from tre.disclosure.budget import budget_of
from tre.disclosure.contents import Contents, Part, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.zip_structure import check_structure

_DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, NotImplementedError,
)  # fmt: skip


def unsafe_name(name: str) -> bool:
    """Tell whether a member's name leads out of the folder that it is unpacked in (CWE-22)."""
    parts = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name


def open_zip(data: bytes, where: str, contents: Contents, policy: Policy) -> dict[str, bytes]:
    """Return the members of a ZIP by name, read within the policy's limits; what no program shows is kept or told.

    Their names are kept too, for a document of many parts may have one more.

    Raises
    ------
    Unreadable
        It is damaged, encrypted, has two members of one name, contradicts itself, or unpacks to more than is allowed.
    """
    limits = policy.limits
    members: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > limits["members"]:
                raise Unreadable("too many members", rule="too-big")
            check_structure(data, archive, where, contents)
            for entry in entries:
                if entry.filename in members:  # programs differ in which of the two they show
                    raise Unreadable("two members have one name")
                members[entry.filename] = _member(archive, entry, where, contents, policy)
    except _DAMAGED as error:
        raise Unreadable("the archive is damaged or of an unknown kind") from error
    contents.names.append((f"{where} member names".strip(), list(members)))
    return members


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str, contents: Contents, policy: Policy) -> bytes:
    if unsafe_name(entry.orig_filename) or stat.S_ISLNK(entry.external_attr >> 16):
        contents.hits.append(Hit("unsafe-path", "path", where, "a member's name", 1))
    if entry.flag_bits & 0x1:
        raise Unreadable("a member is encrypted")
    room = min(policy.limits["part_bytes"], max(1 << 20, policy.limits["ratio"] * max(entry.compress_size, 1)))
    with archive.open(entry) as member:
        body = member.read(room + 1)
    if len(body) > room:
        raise Unreadable("it unpacks to more than inspection reads", rule="too-big")
    if len(body) != entry.file_size:
        raise Unreadable("a member is not as long as it says")
    budget_of(policy).unpack(len(body))
    return body


def read_zip(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read each member as a file of its own, and their names as text."""
    members = open_zip(data, where, contents, policy)
    contents.lines.append((f"{where} member names".strip(), "\n".join(members)))
    keep_members(members, where, contents)


def keep_members(members: dict[str, bytes], where: str, contents: Contents) -> None:
    """Keep the members of an archive as files to be read in turn; a folder that has bytes is no folder."""
    for number, (name, body) in enumerate(members.items(), start=1):
        if body or not name.endswith("/"):
            contents.parts.append(Part(f"{where} member {number}".strip(), body))
