"""The bytes of a file, or of a part of one, read as a whole or piece by piece."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from tre.disclosure.charsets import MARKS, WESTERN

_CONTROL = bytes({*range(0x00, 0x09), *range(0x0E, 0x1B), 0x1C, 0x1D, 0x1E, 0x1F})
_BEYOND = bytes(range(128, 256))
HEAD = 1 << 20  # bytes from whose sight the type of a long file is told
_PIECE = 4 << 20  # bytes that are read at a time


@dataclass(frozen=True)
class Source:
    """Bytes that stand in a file or in memory.

    Parameters
    ----------
    path : Path, optional
        The file; without one, `data` holds the bytes.
    """

    size: int
    path: Path | None = None
    data: bytes = b""

    @classmethod
    def at(cls, path: Path) -> Source:
        """Return the bytes of a file, which are not read yet."""
        return cls(path.stat().st_size, path)

    @classmethod
    def of(cls, data: bytes) -> Source:
        """Return bytes in memory."""
        return cls(len(data), None, data)

    def open(self) -> BinaryIO:
        """Return a file object at the first byte."""
        return self.path.open("rb") if self.path is not None else io.BytesIO(self.data)

    def arrow(self) -> pa.NativeFile:
        """Return the same for Arrow, which reads it without holding Python's lock."""
        return pa.OSFile(str(self.path), "rb") if self.path is not None else pa.BufferReader(self.data)

    def head(self, most: int) -> bytes:
        """Return the first bytes."""
        with self.open() as file:
            return file.read(most)

    def part(self, start: int, size: int) -> bytes:
        """Return so many bytes from a place on, or as many as there are."""
        with self.open() as file:
            file.seek(start)
            return file.read(size)

    def whole(self) -> bytes:
        """Return all bytes."""
        return self.path.read_bytes() if self.path is not None else self.data

    def pieces(self, size: int = _PIECE) -> Iterator[bytes]:
        """Yield the bytes piece by piece."""
        with self.open() as file:
            while piece := file.read(size):
                yield piece


def encoding_of(source: Source) -> str | None:
    """Return how the bytes are text, all of them; None when they are not.

    UTF-8, UTF-16 or UTF-32 with its mark, or Windows-1252 (which holds Latin-1's letters), as `charsets.decode` has it.
    """
    head = source.head(4)
    marked = next((name for mark, name in MARKS if head.startswith(mark)), "")
    if marked in ("utf-16", "utf-32"):
        return marked if _decodes(source, marked) else None
    if any(len(piece.translate(None, _CONTROL)) < len(piece) for piece in source.pieces()):
        return None
    if _decodes(source, "utf-8-sig"):
        return "utf-8-sig"
    beyond = sum(len(piece) - len(piece.translate(None, _BEYOND)) for piece in source.pieces())
    return "cp1252" if beyond <= WESTERN * source.size and _decodes(source, "cp1252") else None


def _decodes(source: Source, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for piece in source.pieces():
            text = decoder.decode(piece)
            if encoding in ("utf-16", "utf-32") and text.translate(_DELETED) != text:
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


_DELETED = dict.fromkeys(_CONTROL)


def texts(source: Source, encoding: str, most: int, overlap: int) -> Iterator[str]:
    """Yield the text in blocks of whole lines; a last line that is not ended stands with those before it.

    Parameters
    ----------
    most : int
        Bytes of a block. A line longer than one is cut, and the next block begins with its last characters.
    overlap : int
        How many characters of a line that was cut are repeated.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    ready = kept = ""
    for piece in source.pieces(most):
        text = kept + decoder.decode(piece)
        end = text.rfind("\n") + 1
        if end:
            block, kept = text[:end], text[end:]
        elif len(text) >= most:
            block, kept = text, text[-overlap:]
        else:
            kept = text
            continue
        if ready:
            yield ready
        ready = block
    kept += decoder.decode(b"", final=True)
    if ready.endswith("\n"):  # a last line that nothing ends belongs to those before it
        ready, kept = ready + kept, ""
    yield from filter(None, (ready, kept))
