"""Reads delimited text by Arrow's kernels, as far as it is so plain that no two readers could differ over it.

Arrow's reader is ten times as fast as Python's and more forgiving: it takes quotes that do not close and line ends of
several kinds. So it is given only what is written strictly as RFC 4180 has it, with each row on a line of its own; at
the first piece that is not, or that Arrow does not read, this stops, and the strict reader
(:mod:`spark_jobs.landing.delimited`) goes on from there and alone says what is wrong.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow

from spark_jobs.manifest import SentFile

MOST_LINE = 1024 * 1024  # characters, give or take a piece
PIECE = 8 * 1024 * 1024  # bytes; rows of such a piece take some 30 MB as columns
_BOM = b"\xef\xbb\xbf"


def blocks(path: Path, told: SentFile, wanted: list[str]) -> Iterator[tuple[int, list[Any]]]:
    """Yield the file's rows piece by piece: the byte after them, and a string array for each wanted column.

    Parameters
    ----------
    path : Path
        The file as sent, unpacked.
    wanted : list of str
        The columns that the header must name, each once and in any order; else nothing is yielded.
    """
    if told.encoding != "utf-8" or len(wanted) < 2:  # an empty line of one column is a row to Arrow alone
        return
    with path.open("rb") as file:
        first = file.readline(MOST_LINE)
        header = _header(first, told)
        if header is None or sorted(header) != sorted(wanted):
            return
        at, rest = len(first), b""
        while piece := rest + file.read(PIECE - len(rest)):
            end = piece.rfind(b"\n") + 1 if len(piece) == PIECE else len(piece)
            whole, rest = piece[:end], piece[end:]
            if len(rest) > MOST_LINE or not _is_plain(whole, told):
                return
            columns = _columns(whole, header, told)
            if columns is None:
                return
            at += len(whole)
            yield at, [columns[name] for name in wanted]


def _header(line: bytes, told: SentFile) -> list[str] | None:
    """Return the names of a plain header, and None of any other."""
    try:
        text = line.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError:
        return None
    bare = text.removesuffix("\n").removesuffix("\r")
    plain = text.endswith("\n") and "\r" not in bare and (not told.quote or told.quote not in bare)
    return bare.split(told.delimiter) if plain else None


def _is_plain(piece: bytes, told: SentFile) -> bool:
    """Return whether each line is a row: every carriage return ends a line, every quoted cell is whole and quoted."""
    if piece.count(b"\r") != piece.count(b"\r\n"):
        return False
    mark, delimiter = told.quote.encode(), told.delimiter.encode()
    if not mark or mark not in piece:
        return True
    parts = piece.split(mark)  # by turns outside quotes and within
    if len(parts) % 2 == 0 or any(b"\n" in within for within in parts[1::2]):
        return False
    # An outside part is empty at either end, and where two quotes within a cell stand for one.
    opened = all(not part or part.endswith((delimiter, b"\n")) for part in parts[:-1:2])
    return opened and all(not part or part.startswith((delimiter, b"\n", b"\r")) for part in parts[2::2])


def _columns(piece: bytes, header: list[str], told: SentFile) -> dict[str, Any] | None:
    """Return the columns by name, or None where Arrow finds a fault or a cell is longer than Python reads."""
    try:
        table = arrow.read_csv(
            pa.BufferReader(piece),
            read_options=arrow.ReadOptions(column_names=header, block_size=len(piece)),
            parse_options=arrow.ParseOptions(
                delimiter=told.delimiter, quote_char=told.quote or False, ignore_empty_lines=False
            ),
            convert_options=arrow.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowException:
        return None
    columns = {name: table[name].combine_chunks() for name in header}
    lengths = [_lengths(column) for column in columns.values()]
    if any(each.max(initial=0) > csv.field_size_limit() for each in lengths):
        return None
    return None if np.sum(lengths, axis=0).max(initial=0) > MOST_LINE else columns


def _lengths(column: Any) -> Any:
    """Return the bytes of each cell of a string array."""
    offsets = np.frombuffer(column.buffers()[1], np.int32)
    return np.diff(offsets[column.offset : column.offset + len(column) + 1])
