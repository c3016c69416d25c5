"""The log as NDJSON: a line for each entry, which is the very text that is hashed.

SHA-256 over a zero byte and the line, without its end, is the entry's leaf (RFC 9162, section 2.1.1); no line can hold
an end of line, since JSON escapes it. So whoever holds an export and a checkpoint can compute the root by themselves.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator

from asgiref.sync import sync_to_async

from tre.audit.rows import Hashable, chunks, hashed

CONTENT_TYPE = "application/x-ndjson"


def line(entry: Hashable) -> bytes:
    """Return an entry's line, with its end."""
    return hashed(entry) + b"\n"


def lines(entries: Iterable[Hashable]) -> bytes:
    """Return the lines of some entries."""
    return b"".join(map(line, entries))


def stream(first: int, last: int) -> Iterator[bytes]:
    """Yield the lines of a range of entries, some thousands at a time."""
    for rows, _ in chunks(first, last):
        yield lines(rows)


async def as_read(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield parts as they are sent: an ordinary iterator would be read whole first."""

    def following() -> bytes | None:
        return next(parts, None)

    while (part := await sync_to_async(following)()) is not None:
        yield part
