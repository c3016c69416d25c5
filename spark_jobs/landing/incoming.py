"""Takes a sent file in: a plain file of just the bytes that the manifest tells of, unpacked under a guard."""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import zlib
from pathlib import Path

from spark_jobs.errors import JobRefused
from spark_jobs.manifest import SentFile

MOST_FILE_BYTES = 64 * 1024**3
# Health records in CSV shrink 5 to 30 fold with gzip; deflate itself ends at 1,032 fold (zlib's technical details).
MOST_EXPANSION = 200
_CHUNK = 1024 * 1024


def take_in(source: Path, target: Path, told: SentFile) -> None:
    """Copy a sent file, unpacked, while its size and digest are checked.

    Raises
    ------
    JobRefused
        When it is no plain file, or its bytes are not those that the manifest tells of.
    """
    if told.compression == "none":
        return _copy(source, target, told)
    packed = target.with_name(f"{target.name}.packed")
    _copy(source, packed, told)
    _unpack(packed, target, told)
    packed.unlink()
    return None


def _copy(source: Path, target: Path, told: SentFile) -> None:
    descriptor = _open_regular(source, told)
    digest, size = hashlib.sha256(), 0
    with os.fdopen(descriptor, "rb") as file, target.open("xb") as out:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            if size > told.bytes or size > MOST_FILE_BYTES:
                raise JobRefused("The file is longer than the manifest says", where=told.name, todo="Send it again")
            digest.update(chunk)
            out.write(chunk)
    if size != told.bytes:
        raise JobRefused("The file is shorter than the manifest says", where=told.name, todo="Send it whole")
    if digest.hexdigest() != told.sha256:
        raise JobRefused("The file's bytes are not those of the manifest", where=told.name, todo="Send it again")


def _open_regular(source: Path, told: SentFile) -> int:
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        raise JobRefused("The file is a link or cannot be read", where=told.name, todo="Send a plain file") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise JobRefused("This is not a plain file", where=told.name, todo="Send a plain file")
    return descriptor


def _unpack(packed: Path, target: Path, told: SentFile) -> None:
    """Unpack piece by piece, and stop at the size that was declared: a bomb never lies on the disk."""
    if not 0 <= told.uncompressed_bytes <= min(MOST_FILE_BYTES, MOST_EXPANSION * told.bytes):
        what = f"The file would unpack to more than {MOST_EXPANSION} times its size"
        raise JobRefused(what, where=told.name, todo="Send it in parts or unpacked")
    size = 0
    try:
        with gzip.open(packed) as file, target.open("xb") as out:
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                if size > told.uncompressed_bytes:
                    what = "The file unpacks to more than the manifest says"
                    raise JobRefused(what, where=told.name, todo="Declare its unpacked size")
                out.write(chunk)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise JobRefused("The file is no whole gzip file", where=told.name, todo="Pack it again") from None
    if size != told.uncompressed_bytes:
        what = "The file unpacks to less than the manifest says"
        raise JobRefused(what, where=told.name, todo="Declare its unpacked size")
