"""CSV and its kin, and text of every sort: Markdown, code, logs."""

from __future__ import annotations

import csv
import io
import re

import pyarrow as pa
import pyarrow.csv as pacsv

from tre.disclosure.contents import Contents, Table, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.encodings import decode

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


def read_text(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read text by its lines."""
    del policy
    text = decode(data)
    if text is None:
        raise Unreadable("it is not text")
    contents.add_text(where, text)


def read_csv(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read delimited rows, every value as a string; rows of another width are read as text as well."""
    del policy
    text = decode(data)
    mark = delimiter_of(text) if text is not None else None
    if text is None or mark is None:
        raise Unreadable("it is not text")
    ragged: list[str] = []

    def keep(row: pacsv.InvalidRow) -> str:
        ragged.append(row.text)
        return "skip"

    lines = text.lstrip("\n\r").splitlines()
    heads = next(csv.reader(lines[:1], delimiter=mark))
    has_heads = not any(re.fullmatch(r"[-+]?[\d.,/: -]+", head) for head in heads)
    names = heads if has_heads else [f"column {n + 1}" for n in range(len(heads))]
    unique = [f"c{n}" for n in range(len(names))]
    try:
        read = pacsv.read_csv(
            io.BytesIO(text.encode()),
            read_options=pacsv.ReadOptions(column_names=unique, skip_rows=int(has_heads), use_threads=False),
            parse_options=pacsv.ParseOptions(delimiter=mark, newlines_in_values=True, invalid_row_handler=keep),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(unique, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        contents.add_text(where, text)
        return
    if ragged:
        contents.add_text(f"{where} rows of another width".strip(), "\n".join(ragged))
    table = Table(where, tuple(names), tuple(column.combine_chunks() for column in read.columns))
    contents.tables.append(table)
    note_formulas(table, contents)


def note_formulas(table: Table, contents: Contents) -> None:
    """Record cells that a spreadsheet program would run (CWE-1236)."""
    for cells in table.cells()[1:]:
        found = [n for n, value in enumerate(cells.values.to_pylist()) if _FORMULA.match(value)]
        if found:
            count = int(cells.counts[found].sum())
            contents.hits.append(Hit("formula", "formula", table.where, cells.place(found[0]), count, "="))
