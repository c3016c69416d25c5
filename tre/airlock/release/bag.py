"""A release as one file to take: a ZIP with one BagIt 1.0 bag, whose payload is the crate's root (RFC 8493).

The bytes that were reviewed are those that leave, so nothing is written into any of them: what marks a release is its
crate, the archive's name and comment, and the bag's own identifier. The same release gives the same archive.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from tre.airlock.crate.names import uuid_of
from tre.airlock.storage import StorageBroken

_CHUNK = 1024 * 1024
_BAGIT = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


@dataclass(frozen=True)
class Payload:
    """One file of a release's folder: its name, and the SHA-256 that it must have."""

    name: str
    sha256: str


def write_bag(folder: Path, payload: Iterable[Payload], identity: str, at: datetime, out: BinaryIO) -> None:
    """Write a release's archive, checking each file's bytes on the way.

    Raises
    ------
    StorageBroken
        When a file is missing or was altered; what was written until then is of no use.
    """
    when = at.timetuple()[:6]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = identity.encode()
        hashes, size = dict[str, str](), 0
        for file in payload:
            hashes[f"data/{file.name}"], read = _add(archive, folder, file, identity, when)
            size += read
        tags = {
            "bagit.txt": _BAGIT,
            "bag-info.txt": _info(identity, at, size, len(hashes)),
            "manifest-sha512.txt": _manifest(hashes),
        }
        tags["tagmanifest-sha512.txt"] = _manifest({name: _sha512(text.encode()) for name, text in tags.items()})
        for name, text in tags.items():
            archive.writestr(_entry(f"{identity}/{name}", when), text)


def open_checked(folder: Path, file: Payload) -> BinaryIO:
    """Open one file of a release's folder at its beginning, its bytes checked through the very descriptor returned.

    Raises
    ------
    StorageBroken
        When the file is missing or was altered.
    """
    try:
        opened = (folder / file.name).open("rb")
    except FileNotFoundError:
        raise StorageBroken("A released file is missing", where=file.sha256[:12], todo="Tell the operator") from None
    if hashlib.file_digest(opened, "sha256").hexdigest() != file.sha256:
        opened.close()
        raise StorageBroken("A released file was altered", where=file.sha256[:12], todo="Stop and tell the auditor")
    opened.seek(0)
    return opened


def _info(identity: str, at: datetime, size: int, files: int) -> str:
    told = {
        "External-Identifier": f"urn:uuid:{uuid_of(identity)}",
        "External-Description": identity,
        "Bagging-Date": f"{at:%Y-%m-%d}",
        "Payload-Oxum": f"{size}.{files}",
    }
    return "".join(f"{name}: {value}\n" for name, value in told.items())


def _add(
    archive: zipfile.ZipFile, folder: Path, file: Payload, identity: str, when: tuple[int, ...]
) -> tuple[str, int]:
    """Add one payload file, and return its SHA-512 and its bytes."""
    listed, size = hashlib.sha512(), 0
    entry = _entry(f"{identity}/data/{file.name}", when)
    with open_checked(folder, file) as opened, archive.open(entry, "w", force_zip64=True) as out:
        while chunk := opened.read(_CHUNK):
            listed.update(chunk)
            size += len(chunk)
            out.write(chunk)
    return listed.hexdigest(), size


def _entry(name: str, when: tuple[int, ...]) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, when)  # type: ignore[arg-type]  # six numbers, as a time tuple's first are
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def _manifest(hashes: dict[str, str]) -> str:
    return "".join(f"{value}  {name}\n" for name, value in sorted(hashes.items()))


def _sha512(content: bytes) -> str:
    return hashlib.sha512(content).hexdigest()
