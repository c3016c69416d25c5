"""XLSX: every sheet, hidden ones too, with comments, properties, formulas and embedded files."""

from __future__ import annotations

import io
import re
from statistics import median
from typing import Any
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from tre.disclosure.contents import Contents, Part, Table, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.archives import open_zip

_ENTITY = re.compile(rb"<!\s*(ENTITY|DOCTYPE)", re.IGNORECASE)


def read_xlsx(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read a workbook, after its archive was found to be of a bearable size and free of entities."""
    for name, body in open_zip(data, where, contents, policy).items():
        if name.endswith((".xml", ".rels")):
            if _ENTITY.search(body.replace(b"\0", b"")):
                raise Unreadable("XML entities are declared", rule="xml-entities")
        elif not name.endswith("/"):
            contents.parts.append(Part(f"{where} embedded file".strip(), body))
        if "pivotCacheRecords" in name:
            contents.hits.append(Hit("hidden-content", "pivot-cache", where, "the records behind a pivot table"))
        if "vbaProject" in name or name.startswith("xl/externalLinks/"):
            contents.hits.append(Hit("active-content", "macro-or-link", where))
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), keep_links=False)
    except (InvalidFileException, BadZipFile, KeyError, ValueError, TypeError, AttributeError, SyntaxError) as error:
        raise Unreadable("the workbook is damaged") from error
    for sheet in book.worksheets:
        _read_sheet(sheet, f"{where} sheet {sheet.title}".strip(), contents)
    named = [f"{name} {defined.value}" for name, defined in book.defined_names.items()]
    properties = [str(value) for value in vars(book.properties).values() if isinstance(value, str)]
    contents.add_text(f"{where} properties".strip(), "\n".join(properties + named + book.sheetnames))


def _read_sheet(sheet: Any, where: str, contents: Contents) -> None:
    if sheet.sheet_state != "visible":
        contents.hits.append(Hit("hidden-content", "hidden-sheet", where))
    hidden = [dimension for dimension in sheet.row_dimensions.values() if dimension.hidden]
    hidden += [dimension for dimension in sheet.column_dimensions.values() if dimension.hidden]
    if hidden:
        contents.hits.append(Hit("hidden-content", "hidden-rows-or-columns", where, "", len(hidden)))
    rows: list[list[object]] = []
    comments: list[str] = []
    formulas = 0
    for cells in sheet.iter_rows():
        rows.append([cell.value for cell in cells])
        comments += [f"{cell.comment.text} {cell.comment.author}" for cell in cells if cell.comment]
        formulas += sum(cell.data_type == "f" for cell in cells)
    if formulas:
        contents.hits.append(Hit("formula", "formula", where, "", formulas, "="))
    if comments:
        contents.add_text(f"{where}, comments", "\n".join(comments))
    filled = [row for row in rows if any(value not in (None, "") for value in row)]
    if filled:
        start = _heading(filled)
        contents.add_text(f"{where}, title", "\n".join(str(value) for row in filled[:start] for value in row if value))
        filled = filled[start:]
        contents.tables.append(Table.of_rows(where, ["" if head is None else head for head in filled[0]], filled[1:]))


def _heading(rows: list[list[object]]) -> int:
    """Return where the table begins: at the first row that is at least half as full as most are."""
    fills = [sum(value not in (None, "") for value in row) for row in rows]
    return next((n for n, fill in enumerate(fills) if 2 * fill >= median(fills)), 0)
