"""JSON values, one on each line, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tre.disclosure.contents import OVERLAP, Contents, Unreadable
from tre.disclosure.policy import Policy
from tre.disclosure.readers.web import keep_json, loaded
from tre.disclosure.source import Source, encoding_of, texts


def read_ndjson(source: Source, where: str, contents: Contents, policy: Policy) -> None:
    """Read JSON values, one on each line, as the rows of one table."""
    encoding = encoding_of(source)
    if encoding is None:
        raise Unreadable("it is not text")
    contents.blocks.append(_blocks(source, where, encoding, policy))


def _blocks(source: Source, where: str, encoding: str, policy: Policy) -> Iterator[Contents]:
    lines = rows = 0
    for text in texts(source, encoding, policy.limits["block_bytes"], OVERLAP):
        try:
            values = [loaded(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError) as error:
            raise Unreadable("a line is not JSON") from error
        block = Contents(start=lines)
        keep_json(values, text, where, block)
        block.tables = [replace(table, start=rows) if table.where == where else table for table in block.tables]
        yield block
        lines, rows = lines + text.count("\n"), rows + len(values)
