"""A log that cannot outgrow its place: what a sandbox prints comes through a pipe and is written here, by the launcher.

The sandbox holds no handle on the file, so nothing inside can empty it, rewrite it, or fill the disk through it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

MOST_BYTES = 4 * 1024 * 1024  # of one file; there are two, the newer one and the one before it
_CHUNK = 64 * 1024


class KeptLog:
    """A file of at most so many bytes, and one older one beside it (``.1``).

    Parameters
    ----------
    path : Path
        The file; it is added to.
    most : int
        Size in bytes at which the file becomes the older one.
    """

    def __init__(self, path: Path, most: int = MOST_BYTES) -> None:
        self._path, self._most = path, most
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def write(self, text: bytes) -> None:
        """Add what was printed."""
        for start in range(0, len(text), self._most):
            part = text[start : start + self._most]
            with self._path.open("ab") as out:
                size = out.tell()
                if size + len(part) <= self._most:
                    out.write(part)
                    continue
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            self._path.write_bytes(part)

    async def keep(self, printed: asyncio.StreamReader) -> None:
        """Write what comes until its end. A disk that takes no more loses lines; the sandbox goes on."""
        while chunk := await printed.read(_CHUNK):
            try:
                self.write(chunk)
            except OSError:
                continue
