"""Frozen files: content-addressed, written once, out of every researcher's reach.

A file is copied to a staging name while its SHA-256 is taken, made durable, and renamed to its hash. What is there
already is not written again. Nothing here is ever changed.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tre.errors import Refused, TreError

_CHUNK = 1024 * 1024


class StorageBroken(TreError):
    """What is stored under a hash is not what the hash says."""


@dataclass(frozen=True)
class Frozen:
    """A frozen file's identity: SHA-256 in hexadecimal, and size in bytes."""

    sha256: str
    size: int


class Storage:
    """A folder of frozen files.

    Parameters
    ----------
    folder : Path
        Made with mode 0700 when it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def freeze(self, chunks: Iterable[bytes], most_bytes: int) -> Frozen:
        """Keep a stream of bytes under its hash.

        Raises
        ------
        Refused
            When there are more bytes than allowed; nothing is kept.
        """
        staged = self._folder / f".staged-{os.getpid()}-{secrets.token_hex(8)}"
        digest, size = hashlib.sha256(), 0
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        try:
            with os.fdopen(descriptor, "wb") as out:
                for chunk in chunks:
                    size += len(chunk)
                    if size > most_bytes:
                        raise Refused(f"A file may have {most_bytes} bytes", todo="Submit less, or in parts")
                    digest.update(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            frozen = Frozen(digest.hexdigest(), size)
            path = self._path(frozen.sha256)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            os.replace(staged, path)  # same hash, same bytes: replacing one by the other changes nothing
            _make_durable(path.parent)
        finally:
            staged.unlink(missing_ok=True)
        return frozen

    def path(self, sha256: str) -> Path:
        """Return where a frozen file is.

        Raises
        ------
        StorageBroken
            When it is not there.
        """
        path = self._path(sha256)
        if not path.is_file():
            raise StorageBroken("A frozen file is missing", where=sha256[:12], todo="Restore it from the backup")
        return path

    def chunks(self, sha256: str) -> Iterator[bytes]:
        """Yield a frozen file's bytes, and raise at the end when they are not what the hash says.

        Raises
        ------
        StorageBroken
            When the file is missing or was altered. Use the bytes only after this ended without it.
        """
        digest = hashlib.sha256()
        with self.path(sha256).open("rb") as file:
            for chunk in _read(file):
                digest.update(chunk)
                yield chunk
        if digest.hexdigest() != sha256:
            raise StorageBroken("A frozen file was altered", where=sha256[:12], todo="Stop and tell the auditor")

    def copy(self, sha256: str, target: Path) -> None:
        """Copy a frozen file, checking its bytes on the way; nothing stays when they are wrong.

        Raises
        ------
        StorageBroken
            When the file is missing or was altered.
        """
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with target.open("wb") as out:
                for chunk in self.chunks(sha256):
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
        except StorageBroken:
            target.unlink(missing_ok=True)
            raise

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256


def storage() -> Storage:
    """Return this installation's storage."""
    from tre.config.options import load

    return Storage(load().path("airlock", "objects"))


def _read(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def _make_durable(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
