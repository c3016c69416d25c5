"""XLSX, XLSB and XLS: every sheet's values, hidden ones too, and all that stands around them."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from statistics import median
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from tre.disclosure.contents import Contents, Table, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.archives import open_zip
from tre.disclosure.readers.compound import check_sectors
from tre.disclosure.readers.office_parts import keep_member, keep_words
from tre.disclosure.readers.raw_strings import strings_of
from tre.disclosure.readers.sheet_names import sheets_of
from tre.disclosure.readers.sheets import keep_far_cells, keep_sheet
from tre.disclosure.readers.xml_tree import attribute, joined, local, words

_HIDING = ";;;"  # a number format that shows nothing
_CELL = re.compile(r"[A-Z]{0,3}\d{1,7}|true|false")
_MACROS = "_VBA_PROJECT".encode("utf-16-le")
_PIVOTS = "_SX_DB_CUR".encode("utf-16-le")  # the storage of pivot caches ([MS-XLS] 2.1.7.13)


def read_xlsx(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read a workbook, after its archive was found to be of a bearable size and free of entities."""
    shared: list[str] = []
    far: dict[str, str] = {}
    members = open_zip(data, where, contents, policy)
    sheets = sheets_of(members)
    for name, body in members.items():
        place = _place(where, name, sheets)
        if "pivotCacheRecords" in name:
            contents.hits.append(_pivot_cache(where))
        if name.startswith("xl/worksheets/") and name.endswith(".xml"):
            if keep_sheet(body, place, contents, policy):
                far[name] = place
                if name not in sheets:
                    raise Unreadable("a sheet has more cells than inspection reads", rule="too-big")
        elif name == "xl/sharedStrings.xml":
            shared = [joined(each) for each in _root(name, body, where, contents) if local(each) == "si"]
        elif name.startswith("xl/") and name.endswith(".bin") and "vba" not in name and "embed" not in name:
            contents.add_text(f"{place} strings", strings_of(body))
        else:
            _keep_part(name, body, where, place, contents)
    shown = read_values(data, where, contents, policy, apart={sheets.get(name, "") for name in far})
    for name, place in far.items():
        shown |= keep_far_cells(members[name], shared, place, contents)
    unused = [text for text in shared if text not in shown]
    contents.add_text(f"{where} strings of no cell".strip(), "\n".join(unused))


def _place(where: str, name: str, sheets: Mapping[str, str]) -> str:
    """Return the part's sheet, and what of it the part is; of a part of no sheet its name."""
    stem = name.rpartition("/")[2].partition(".")[0]
    if name not in sheets:
        return f"{where} {stem}".strip()
    kind = "" if name.startswith("xl/worksheets/") else ", comments" if "comment" in stem.lower() else f", {stem}"
    return f"{where} sheet {sheets[name]}{kind}".strip()


def _root(name: str, body: bytes, where: str, contents: Contents) -> Any:
    root = keep_member(name, body, where, contents)
    return () if root is None else root


def _keep_part(name: str, body: bytes, where: str, place: str, contents: Contents) -> None:
    root = keep_member(name, body, where, contents)
    if root is None:
        return
    if name == "xl/calcChain.xml":  # the order in which cells are computed, by their names
        told = [*words(root), *(str(each) for element in root.iter() for each in element.attrib.values())]
        contents.add_text(place, "\n".join(each for each in told if each.strip() and not _CELL.fullmatch(each)))
        return
    keep_words(root, place, contents)
    for each in root.iter():
        if local(each) == "numFmt" and _HIDING in (attribute(each, "formatCode") or ""):
            contents.hits.append(Hit("hidden-content", "hiding-format", where))
        if local(each) == "definedName" and attribute(each, "hidden") in ("1", "true"):
            contents.hits.append(Hit("hidden-content", "hidden-name", where))


def _pivot_cache(where: str) -> Hit:
    return Hit("hidden-content", "pivot-cache", where, "the records behind a pivot table")


def read_xls(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read the old binary form ([MS-XLS]): its values, and whatever strings stand around them."""
    check_sectors(data)
    if _MACROS in data:
        contents.hits.append(Hit("active-content", "macro-or-link", where))
    if _PIVOTS in data:
        contents.hits.append(_pivot_cache(where))
    read_values(data, where, contents, policy)
    contents.add_text(f"{where} strings of the file".strip(), strings_of(data))


def read_values(data: bytes, where: str, contents: Contents, policy: Policy, apart: Collection[str] = ()) -> set[str]:
    """Keep each sheet of a spreadsheet as a table of the values it shows, and return all of them.

    Parameters
    ----------
    apart : collection of str
        Sheets that are not read here, for a table of them would be too large.
    """
    values: set[str] = set()
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        named = [each for each in book.sheets_metadata if _has_cells(each)]
        sheets = [(each.name, book.get_sheet_by_name(each.name)) for each in named if each.name not in apart]
    except (CalamineError, OSError, ValueError) as error:
        raise Unreadable("the workbook is damaged or of an unknown kind") from error
    contents.add_names(f"{where} sheet names".strip(), book.sheet_names)
    for each in named:
        if each.visible != SheetVisibleEnum.Visible:
            contents.hits.append(Hit("hidden-content", "hidden-sheet", f"{where} sheet {each.name}".strip()))
    for name, sheet in sheets:
        place = f"{where} sheet {name}".strip()
        if sheet.height * sheet.width > policy.limits["cells"]:
            raise Unreadable("a sheet has more cells than inspection reads", rule="too-big")
        values |= _keep_rows(([_said(value) for value in row] for row in sheet.iter_rows()), place, contents)
    return values


def _has_cells(sheet: Any) -> bool:
    return bool(sheet.typ in (SheetTypeEnum.WorkSheet, SheetTypeEnum.MacroSheet))


def _said(value: object) -> str:
    """Return a value as a person reads it: whole numbers without a point, dates as ISO 8601 writes them."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, date):
        return value.isoformat().removesuffix("T00:00:00")
    return str(value)


def _keep_rows(rows: Iterable[list[str]], where: str, contents: Contents) -> set[str]:
    """Keep the rows of a sheet as a table under its heading, and what stands above as text."""
    filled = [row for row in rows if any(row)]
    if not filled:
        return set()
    start = _heading(filled)
    contents.add_text(f"{where}, title", "\n".join(value for row in filled[:start] for value in row if value))
    contents.tables.append(Table.of_rows(where, filled[start], filled[start + 1 :]))
    return {value for row in filled for value in row}


def _heading(rows: list[list[str]]) -> int:
    """Return where the table begins: at the first row that is at least half as full as most are."""
    fills = [sum(value != "" for value in row) for row in rows]
    return next((n for n, fill in enumerate(fills) if 2 * fill >= median(fills)), 0)
