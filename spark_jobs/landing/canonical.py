"""The one form in which landing keeps rows: Parquet, every column as text, with the sent file's name and the row.

So the build reads one form, whatever a provider's system wrote, and a fault that it finds is told by file, row and
field. A cell that a spreadsheet would run is refused here, as is what is no text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from spark_jobs.errors import JobRefused

FILE, ROW, LINE = "file", "row", "value"
BATCH = 50_000  # rows; a row group of 20 columns then takes some 50 MB at most
_NUMBER = re.compile(r"[+-](\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_HOT = np.zeros(256, dtype=bool)  # first bytes that need a look: OWASP, "CSV Injection"
_HOT[[ord(each) for each in "=@+-\t\r "]] = True
_CONTROL = np.zeros(256, dtype=bool)  # no text holds these; tab, line feed and carriage return it may
_CONTROL[[byte for byte in range(32) if byte not in b"\t\n\r"]] = True


class Writer:
    """Writes one landed file. Made by :func:`writing`."""

    def __init__(self, path: Path, names: Sequence[str], checked: bool) -> None:
        self.names, self._checked = list(names), checked
        fields = [(FILE, pa.string()), (ROW, pa.int64()), *((name, pa.string()) for name in self.names)]
        self._schema = pa.schema(fields)
        self._out = parquet.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, file: str, first: int, columns: Sequence[Any]) -> None:
        """Write rows of one sent file.

        Parameters
        ----------
        file : str
            The name it was sent under.
        first : int
            The number of the first of these rows, counted from 1.
        columns : sequence of pyarrow.Array
            One string array for each name, all of one length.

        Raises
        ------
        JobRefused
            When a cell is a formula or no text.
        """
        for name, column in zip(self.names, columns, strict=True):
            if self._checked:
                _check_cells(column, f"{file}, row {{}}, field {name}", first)
        rows = len(columns[0])
        own = [pa.array([file], pa.string()).take(np.zeros(rows, dtype=np.int64)), np.arange(first, first + rows)]
        self._out.write_table(pa.table([own[0], pa.array(own[1]), *columns], schema=self._schema))

    def close(self) -> None:
        """Finish the file."""
        self._out.close()


@contextmanager
def writing(path: Path, names: Sequence[str], *, checked: bool = True) -> Iterator[Writer]:
    """Open a landed file for writing.

    Parameters
    ----------
    checked : bool
        Whether cells are looked at; lines of JSON are not.
    """
    writer = Writer(path, names, checked)
    try:
        yield writer
    finally:
        writer.close()


def _check_cells(column: Any, where: str, first: int) -> None:
    """Look at the bytes of a whole column at once, and at a cell itself only where its first byte gives cause."""
    _, offsets_buffer, data_buffer = column.buffers()
    if data_buffer is None or not len(column):
        return
    offsets = np.frombuffer(offsets_buffer, np.int32)[column.offset : column.offset + len(column) + 1]
    data = np.frombuffer(data_buffer, np.uint8)
    held = data[offsets[0] : offsets[-1]]
    if (control := np.flatnonzero(_CONTROL[held])).size:
        row = int(np.searchsorted(offsets, control[0] + offsets[0], side="right")) - 1
        raise _no_text(where.format(first + row))
    filled = np.flatnonzero(offsets[1:] > offsets[:-1])
    for row in filled[_HOT[data[offsets[filled]]]]:
        if _is_formula(column[int(row)].as_py()):
            raise _formula(where.format(first + int(row)))


def check_text(text: str, where: str) -> None:
    """Look at one text as at a cell of a table.

    Raises
    ------
    JobRefused
        When it is a formula or no text.
    """
    if any(ord(each) < 32 and each not in "\t\n\r" for each in text):
        raise _no_text(where)
    if _is_formula(text):
        raise _formula(where)


def _no_text(where: str) -> JobRefused:
    return JobRefused("A cell is not text", where=where, todo="Send text without control codes")


def _formula(where: str) -> JobRefused:
    return JobRefused("A cell is a formula", where=where, todo="Send values")


def _is_formula(cell: str) -> bool:
    """Return whether a spreadsheet would run the cell; a signed number is none, nor are blanks alone."""
    bare = cell.lstrip()
    if cell[:1] in ("\t", "\r") or bare[:1] in ("=", "@"):
        return True
    return bare[:1] in ("+", "-") and not _NUMBER.fullmatch(bare.rstrip())
