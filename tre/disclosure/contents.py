"""What readers give to detectors: tables and lines as distinct strings, and parts that are files themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.folding import fold_array, lengths_of, marks_of
from tre.disclosure.model import Hit

LINE = 4000  # longer lines are cut, with an overlap longer than any identifier, so that pattern time stays linear
OVERLAP = 120
_SAMPLE = 1000  # strings from which is told whether a column repeats itself


class Unreadable(Exception):
    """The bytes are not what they claim to be, or are cut short; the message never holds a value."""

    def __init__(self, reason: str, rule: str = "unreadable") -> None:
        self.reason, self.rule = reason, rule
        super().__init__(reason)


@dataclass(frozen=True)
class Cells:
    """The distinct strings of one column or text, or of one batch of its rows or lines.

    Parameters
    ----------
    where, header : str
        The part of the file, and the column's name (empty for text).
    values : pa.Array
        Strings in order of first appearance, shape (k,): distinct, but for a long column in which few repeat.
    counts, first : np.ndarray
        How often each stands there and the index where it first does, int64, shape (k,).
    start : int
        How many rows or lines stand before the batch.
    """

    where: str
    header: str
    values: pa.Array
    counts: np.ndarray
    first: np.ndarray
    in_table: bool
    start: int = 0

    @classmethod
    def of(cls, where: str, header: str, strings: pa.Array, *, in_table: bool, start: int = 0) -> Cells:
        """Return the distinct values of an array of strings; values longer than a line may be are cut."""
        strings, rows = _cut(strings)
        if in_table and rows is None and _differ(strings):
            counts, first = np.ones(len(strings), dtype=np.int64), np.arange(len(strings))
            return cls(where, header, strings, counts, first, in_table, start)
        coded = strings.dictionary_encode()
        codes = np.asarray(coded.indices.fill_null(0), dtype=np.int64)
        counts = np.bincount(codes, minlength=len(coded.dictionary))
        first = np.zeros(len(coded.dictionary), dtype=np.int64)
        first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
        return cls(where, header, coded.dictionary, counts, first if rows is None else rows[first], in_table, start)

    @cached_property
    def folded(self) -> pa.Array:
        """The values with foreign digits, spaces and dashes as ASCII's, length for length."""
        return fold_array(self.values, self.marks)

    @cached_property
    def marks(self) -> np.ndarray:
        """Which sorts of characters stand in each value (:mod:`tre.disclosure.folding`), uint8, shape (k,)."""
        return marks_of(self.values)

    @cached_property
    def lengths(self) -> np.ndarray:
        """How many bytes each value has, shape (k,)."""
        return lengths_of(self.values)

    def place(self, index: int) -> str:
        """Return where the value of that index first stands, as a person counts."""
        at = self.start + int(self.first[index]) + 1
        return f"row {at}, column {self.header}" if self.in_table else f"line {at}"


def _cut(strings: pa.Array) -> tuple[pa.Array, np.ndarray | None]:
    """Return the strings with long ones in pieces, and the row of each piece; None when nothing was cut."""
    if not len(strings) or (pc.max(pc.binary_length(strings)).as_py() or 0) <= LINE:
        return strings, None
    pieces = [(piece, row) for row, value in enumerate(strings.to_pylist()) for piece in _pieces(value or "")]
    return pa.array([piece for piece, _ in pieces], pa.string()), np.array([row for _, row in pieces], dtype=np.int64)


def _differ(strings: pa.Array) -> bool:
    """Tell whether nearly all of the first strings differ, so that looking for equal ones costs more than it saves."""
    return len(strings) > _SAMPLE and len(strings.slice(0, _SAMPLE).unique()) > 0.95 * _SAMPLE


def _pieces(line: str) -> list[str]:
    return [line] if len(line) <= LINE else [line[at : at + LINE] for at in range(0, len(line), LINE - OVERLAP)]


def _strings(values: list[str]) -> pa.Array:
    """Return strings as Arrow has them; what a file can hold and Unicode lacks is replaced."""
    try:
        made = pa.array(values, pa.string())
        made.validate(full=True)
    except (UnicodeError, pa.ArrowInvalid):
        return pa.array([value.encode("utf-8", "replace").decode("utf-8", "replace") for value in values], pa.string())
    return made


@dataclass(frozen=True)
class Table:
    """Rows under column names; every value is a string, an empty one when missing; `start` rows stand before them."""

    where: str
    names: tuple[str, ...]
    columns: tuple[pa.Array, ...]
    start: int = 0

    @classmethod
    def of_rows(cls, where: str, names: Sequence[object], rows: Sequence[Sequence[object]]) -> Table:
        """Return a table of rows of Python values; short rows are filled up."""
        width = max([len(names), *(len(row) for row in rows)])
        heads = [str(name) for name in names] + [f"column {n + 1}" for n in range(len(names), width)]
        columns = [
            _strings(["" if n >= len(row) or row[n] is None else str(row[n]) for row in rows]) for n in range(width)
        ]
        return cls(where, tuple(heads), tuple(columns))

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.columns[0]) if self.columns else 0

    def heads(self) -> Cells:
        """Return the column names as text."""
        return text_cells(f"{self.where} column names".strip(), "\n".join(self.names))

    def column(self, number: int) -> Cells:
        """Return the distinct values of one column."""
        return Cells.of(self.where, self.names[number], self.columns[number], in_table=True, start=self.start)

    def cells(self) -> list[Cells]:
        """Return the distinct values of each column, and the column names as text."""
        return [self.heads(), *map(self.column, range(len(self.names)))]


@dataclass(frozen=True)
class Stream:
    """A table too long to be held: rows under column names, batch by batch.

    Parameters
    ----------
    batches : Iterator of Table
        Each with the stream's own `where` and `names`; they may be gone through once. They may raise
        :class:`Unreadable` where the file turns out to be cut short.
    """

    where: str
    names: tuple[str, ...]
    batches: Iterator[Table]


@dataclass(frozen=True)
class Series:
    """One array of a figure's payload or of a document, as strings, with the name it stands under."""

    where: str
    name: str
    values: tuple[str, ...]
    in_figure: bool


@dataclass(frozen=True)
class Tensor:
    """An array of a model or of a program, with the name it stands under.

    Parameters
    ----------
    values : np.ndarray
        Numbers of any shape and type.
    precise : bool
        Whether its type can tell learned weights from measured values: whole numbers and half floats repeat by chance.
    """

    where: str
    name: str
    values: np.ndarray
    precise: bool = True


@dataclass(frozen=True)
class Part:
    """Bytes within a file that are a file themselves."""

    where: str
    data: bytes


@dataclass
class Contents:
    """All that was read of one file; filled by its reader.

    Parameters
    ----------
    texts : list of (where, text)
        What is searched for identifiers.
    code : list of (where, text)
        The same, of programs and style sheets, in which a colour has the form of a postcode and a library the name of
        its author: there only what is sure by itself is taken for an identifier.
    lines : list of (where, text)
        What may hold rows, however they are written.
    names : list of (where, names)
        What parts of the file are kept under, members and sheets, in which blanks may be written as anything.
    blocks : list of Iterator of Contents
        Documents too long to be held, block by block. What one block holds of a table or a text goes on in the next
        under the same `where`. They may raise :class:`Unreadable`, and are gone through once.
    start : int
        Of a block: how many lines stand before it.
    """

    tables: list[Table] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    code: list[tuple[str, str]] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)
    names: list[tuple[str, list[str]]] = field(default_factory=list)
    series: list[Series] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
    blocks: list[Iterator[Contents]] = field(default_factory=list)
    start: int = 0

    def add_text(self, where: str, text: str) -> None:
        """Keep a text both for its identifiers and for the rows that its lines may be."""
        self.texts.append((where, text))
        self.lines.append((where, text))

    def add_names(self, where: str, names: Sequence[str]) -> None:
        """Keep the names of parts both for what each says and for the rows that they may be together."""
        self.names.append((where, list(names)))
        self.lines.append((where, "\n".join(names)))


def text_cells(where: str, text: str, start: int = 0) -> Cells:
    """Return the lines of a text as cells, long lines cut with an overlap; `start` lines stand before it."""
    # Half a pair of UTF-16, which JSON can spell, is no text that Arrow takes.
    lines = text.encode("utf-8", "replace").decode().splitlines() or [""]
    return Cells.of(where, "", pa.array(lines, pa.string()), in_table=False, start=start)
