"""Inspects a wheel before anybody may install it: what it says it is, what it holds, and what it would run by itself.

A wheel is read as an archive and never installed or imported here. The rules are those of the "Binary distribution
format" (PyPA specifications, wheel 1.0): one ``.dist-info`` folder whose ``RECORD`` names every file with its SHA-256.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

from packaging.utils import canonicalize_name

from tre.errors import Refused
from tre.hashing import sha256_of

MOST_FILES = 20_000
MOST_BYTES = 1024**3  # unpacked
_CHUNK = 1024 * 1024
_AT_START = frozenset({"sitecustomize", "usercustomize"})
_MACHINE_CODE = (".so", ".dylib", ".dll", ".pyd", ".exe", ".a", ".o")
_MOST_NAMES = 16 * 1024 * 1024  # of RECORD and METADATA
_TODO = "Take another version, or do without it"


@dataclass(frozen=True)
class Pinned:
    """One line of the allow-list."""

    name: str
    version: str
    sha256: str
    compiled: bool = False

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


def inspect(path: Path, pinned: Pinned) -> None:
    """Accept a wheel that is the one that was pinned, whole, and nothing but what it says.

    Raises
    ------
    Refused
        Naming the first thing that is wrong with it, and the file in it.
    """
    if sha256_of(path) != pinned.sha256:
        raise Refused(
            "The file is not the one that was pinned", where=path.name, todo="Fetch it again, or correct its hash"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            _inspect(archive, path, pinned)
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        OSError,
        EOFError,
        ValueError,
        UnicodeError,
    ) as error:
        raise Refused(f"The wheel cannot be read ({type(error).__name__})", where=path.name, todo=_TODO) from None


def _inspect(archive: zipfile.ZipFile, path: Path, pinned: Pinned) -> None:
    members = [each for each in archive.infolist() if not each.is_dir()]
    if len(members) > MOST_FILES or sum(each.file_size for each in members) > MOST_BYTES:
        raise Refused("The wheel unpacks to more than is accepted", where=path.name, todo=_TODO)
    if len({each.filename for each in members}) != len(members):
        raise Refused("The wheel holds a file twice", where=path.name, todo=_TODO)
    for member in members:
        _check_place(member, path)
        _check_kind(member, path, pinned)
    info = _only_info(members, path)
    _check_name(archive, info, path, pinned)
    _check_record(archive, members, info, path)


def _check_place(member: zipfile.ZipInfo, path: Path) -> None:
    """Refuse a name that would leave the folder it is unpacked into, or that is a link."""
    name = PurePosixPath(member.filename)
    link = (member.external_attr >> 16) & 0o170000 not in (0, 0o100000)
    if name.is_absolute() or ".." in name.parts or "\\" in member.filename or link:
        raise Refused("A file of the wheel leads out of it", where=f"{path.name}, {_shown(member)}", todo=_TODO)


def _check_kind(member: zipfile.ZipInfo, path: Path, pinned: Pinned) -> None:
    """Refuse what runs by itself when Python starts, and machine code that was not allowed.

    A ``.pth`` file's lines are executed at each start (``site``), and so are ``sitecustomize`` and ``usercustomize``.
    """
    name = PurePosixPath(member.filename)
    alone = name.name.lower()
    if alone.endswith(".pth") or _AT_START & {part.lower().partition(".")[0] for part in name.parts}:
        raise Refused("The wheel would run by itself", where=f"{path.name}, {_shown(member)}", todo=_TODO)
    if not pinned.compiled and (alone.endswith(_MACHINE_CODE) or ".so." in alone):
        raise Refused("The wheel holds machine code", where=f"{path.name}, {_shown(member)}", todo=_TODO)


def _only_info(members: list[zipfile.ZipInfo], path: Path) -> str:
    found = {each.filename.partition("/")[0] for each in members if ".dist-info/" in each.filename}
    if len(found) != 1:
        raise Refused("The wheel does not say once what it is", where=path.name, todo=_TODO)
    return found.pop()


def _check_name(archive: zipfile.ZipFile, info: str, path: Path, pinned: Pinned) -> None:
    told = HeaderParser().parsestr(_text(archive, f"{info}/METADATA", path))
    if canonicalize_name(told["Name"] or "") != canonicalize_name(pinned.name) or told["Version"] != pinned.version:
        raise Refused("The wheel is of another package or version", where=path.name, todo="Correct the allow-list")


def _check_record(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], info: str, path: Path) -> None:
    recorded = _recorded(_text(archive, f"{info}/RECORD", path))
    unsigned = {f"{info}/{name}" for name in ("RECORD", "RECORD.jws", "RECORD.p7s")}
    for member in members:
        if member.filename in unsigned:
            continue
        if recorded.get(member.filename) != _digest(archive, member):
            raise Refused(
                "A file is not what the wheel's RECORD says", where=f"{path.name}, {_shown(member)}", todo=_TODO
            )


def _recorded(text: str) -> Mapping[str, str]:
    lines = csv.reader(io.StringIO(text))
    return {line[0]: line[1].removeprefix("sha256=") for line in lines if len(line) == 3}


def _digest(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    """Return a file's SHA-256 as RECORD writes it; more bytes than the archive says of it are an error."""
    digest, left = hashlib.sha256(), member.file_size
    with archive.open(member) as file:
        while chunk := file.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise ValueError("a file is larger than the archive says")
            digest.update(chunk)
    return base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")


def _text(archive: zipfile.ZipFile, name: str, path: Path) -> str:
    try:
        member = archive.getinfo(name)
    except KeyError:
        raise Refused(f"The wheel lacks its {PurePosixPath(name).name}", where=path.name, todo=_TODO) from None
    if member.file_size > _MOST_NAMES:
        raise Refused("The wheel says too much of itself", where=path.name, todo=_TODO)
    with archive.open(member) as file:
        return file.read(_MOST_NAMES).decode()


def _shown(member: zipfile.ZipInfo) -> str:
    return "".join(each if each.isprintable() else "?" for each in member.filename)[-80:]
