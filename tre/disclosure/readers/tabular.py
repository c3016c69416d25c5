"""CSV and its kin, and text of every sort: Markdown, code, logs."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from tre.disclosure.contents import OVERLAP, Contents, Table, Unreadable
from tre.disclosure.folding import first_bytes
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.source import HEAD, Source, encoding_of, texts

_SIGNS = np.isin(np.arange(256), list(b"=@+-"))
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_COLUMN = 20  # lines
_YEAR = re.compile(r"(?:19|20)\d\d(?:[-/]\d\d(?:\d\d)?)?")
_FORMULA = re.compile(r"^[=@]|^[+-](?![\d.,\s]|$|inf\b|nan\b)", re.IGNORECASE)


def delimiter_of(text: str) -> str | None:
    """Return what parts the first lines into one same number of fields, two or more; None when nothing does."""
    lines = [line for line in text[:65536].splitlines()[:40] if line.strip()]
    if len(text) > 65536 or len(lines) > 20:
        lines = lines[:-1]
    if len(lines) < 2:
        return None
    for mark in (",", "\t", ";", "|"):
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=mark) if row]
        except csv.Error:
            continue
        if widths and widths[0] > 1 and sum(width == widths[0] for width in widths) >= 0.9 * len(widths):
            return mark
    return None


def is_column(text: str) -> bool:
    """Tell whether the first lines are one column of numbers, under a name or under none."""
    lines = [line.strip() for line in text[:65536].splitlines() if line.strip()][:-1]
    return len(lines) >= _COLUMN and all(_NUMBER.fullmatch(line) for line in lines[1:])


def _encoding(source: Source) -> str:
    encoding = encoding_of(source)
    if encoding is None:
        raise Unreadable("it is not text")
    return encoding


def read_text(source: Source, where: str, contents: Contents, policy: Policy) -> None:
    """Read text by its lines, block by block."""
    contents.blocks.append(text_blocks(source, where, _encoding(source), policy))


def text_blocks(source: Source, where: str, encoding: str, policy: Policy) -> Iterator[Contents]:
    """Yield a text in blocks of lines, for its identifiers and for the rows that its lines may be."""
    lines = 0
    for text in texts(source, encoding, policy.limits["block_bytes"], OVERLAP):
        block = Contents(start=lines)
        block.add_text(where, text)
        yield block
        lines += text.count("\n")


def read_csv(source: Source, where: str, contents: Contents, policy: Policy) -> None:
    """Read delimited rows, every value as a string; rows of another width are read as text as well."""
    encoding = _encoding(source)
    head = next(texts(source, encoding, HEAD, 0), "")
    mark = delimiter_of(head) or ("," if is_column(head) else None)
    if mark is None:
        raise Unreadable("it is not text")
    contents.blocks.append(_Rows(source, where, encoding, policy, head, mark).blocks())


class _Rows:
    """The rows of one delimited file, batch by batch."""

    def __init__(self, source: Source, where: str, encoding: str, policy: Policy, head: str, mark: str) -> None:
        self._source, self._where, self._encoding, self._policy, self._mark = source, where, encoding, policy, mark
        self._ragged: list[str] = []
        heads = next(csv.reader(head.lstrip("\n\r").splitlines()[:1], delimiter=mark))
        self._has_heads = _are_heads(heads)
        self._names = tuple(heads if self._has_heads else [f"column {n + 1}" for n in range(len(heads))])

    def blocks(self) -> Iterator[Contents]:
        """Yield batch after batch; where Arrow stops, the whole file once more as text."""
        done = 0
        try:
            with self._reader() as reader:
                for batch in reader:
                    table = Table(self._where, self._names, tuple(batch.columns), done)
                    yield self._block(table)
                    done += batch.num_rows
        except pa.ArrowInvalid:
            yield from text_blocks(self._source, self._where, self._encoding, self._policy)
            return
        if not done:
            yield self._block(Table(self._where, self._names, tuple(pa.array([], pa.string()) for _ in self._names)))

    def _reader(self) -> pacsv.CSVStreamingReader:
        unique = [f"c{n}" for n in range(len(self._names))]
        options = pacsv.ReadOptions(
            column_names=unique, skip_rows=int(self._has_heads), block_size=self._policy.limits["block_bytes"],
            encoding="utf8" if self._encoding == "utf-8-sig" else self._encoding,
        )  # fmt: skip
        return pacsv.open_csv(
            self._source.arrow(),
            read_options=options,
            parse_options=pacsv.ParseOptions(
                delimiter=self._mark, newlines_in_values=True, invalid_row_handler=self._keep
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(unique, pa.string()), strings_can_be_null=False
            ),
        )

    def _keep(self, row: pacsv.InvalidRow) -> str:
        self._ragged.append(row.text)
        return "skip"

    def _block(self, table: Table) -> Contents:
        block = Contents(tables=[table])
        note_formulas(table, block)
        if self._ragged:
            rows, self._ragged = self._ragged, []
            block.add_text(f"{self._where} rows of another width".strip(), "\n".join(rows))
        return block


def _are_heads(cells: list[str]) -> bool:
    """Tell whether a first row names columns: none is a number, but for years that run on, as over a cross-table."""
    numbers = [each for each in cells if re.fullmatch(r"[-+]?[\d.,/: -]+", each)]
    years = [each for each in numbers if _YEAR.fullmatch(each.strip())]
    return not numbers or (len(years) == len(numbers) >= 2 and len(cells) > len(years) and years == sorted(set(years)))


def note_formulas(table: Table, contents: Contents) -> None:
    """Record cells that a spreadsheet program would run (CWE-1236)."""
    for name, column in zip(table.names, table.columns, strict=True):
        like = np.flatnonzero(_SIGNS[first_bytes(column)])
        found = [int(n) for n in like if _FORMULA.match(column[int(n)].as_py())]
        if found:
            place = f"row {table.start + found[0] + 1}, column {name}"
            contents.hits.append(Hit("formula", "formula", table.where, place, len(found), "="))
