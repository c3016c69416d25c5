"""JSON values, one on each line, block by block."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tre.disclosure.contents import OVERLAP, Contents, Table, Unreadable
from tre.disclosure.policy import Policy
from tre.disclosure.readers.web import keep_json, loaded, strings_in, walk
from tre.disclosure.source import Source, encoding_of, texts

_MORE = re.compile(r"\n|data:")  # in a string: lines that may be rows, or a file


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
        _keep(values, text, where, block, rows)
        lines, rows = lines + text.count("\n"), rows + len(values)
        del values, text  # while it is looked at, what it was made of takes up no room, nor it while the next is read
        yield block
        del block


def _keep(values: list[Any], text: str, where: str, block: Contents, rows: int) -> None:
    """Keep the values of a block: objects as the rows of a table, whatever else as JSON keeps it."""
    if not values or not all(isinstance(value, dict) for value in values):
        keep_json(values, text, where, block)
        return
    heads = list(dict.fromkeys(str(key) for value in values for key in value))
    cells = [[_scalar(value.get(head)) for head in heads] for value in values]
    table = Table.of_rows(where, heads, cells)
    keep_json({}, text, where, block)
    if "\\" in text:
        block.texts.append((where, "\n".join(each for value in values for each in strings_in(value))))
    plain = "\\" not in text and "data:" not in text  # so that no string is more than its one line
    for value in values:
        for key, each in value.items():
            if isinstance(each, (dict, list)) or (not plain and isinstance(each, str) and _MORE.search(each)):
                walk(each, where, block, in_figure=False, name=str(key))
    block.tables.insert(0, replace(table, start=rows))


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    return "" if value is None or isinstance(value, (dict, list)) else str(value)
