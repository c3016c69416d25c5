"""The XML of one XLSX sheet (ECMA-376 part 1, section 18.3), gone through without holding it."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from lxml import etree

from tre.disclosure.contents import Contents, Table, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.xml_tree import attribute, joined, local

_DECLARED = re.compile(rb"<!\s*(ENTITY|DOCTYPE)", re.IGNORECASE)
_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_CODES = re.compile(r'&(?:"[^"]*"|K[0-9A-F]{6}|\d+|[A-Z])')  # of a header's place and type (section 18.3.1.46)
_TRUE = ("1", "true")
_CELLS = {"c", "v", "row", "sheetData", "is", "t"}
_SLIGHT = 0.5  # points or characters under which a row or column cannot be seen


def keep_sheet(body: bytes, where: str, contents: Contents, policy: Policy) -> bool:
    """Count what is hidden and what is computed, keep formulas, headers, prompts and links, and bound the grid.

    Returns
    -------
    bool
        Whether its cells stand so far apart that they must be read one by one (:func:`keep_far_cells`).
    """
    if _DECLARED.search(body.replace(b"\0", b"")):
        raise Unreadable("XML entities are declared", rule="xml-entities")
    widest, lowest, cells, hidden, formulas = 0, 0, 0, 0, 0
    said: list[str] = []
    safely = {"resolve_entities": False, "no_network": True, "huge_tree": False}
    try:
        for _, element in etree.iterparse(io.BytesIO(body), events=("end", "comment", "pi"), **safely):
            name = local(element)
            if name == "c":
                column, row = _place(attribute(element, "r") or "")
                widest, lowest, cells = max(widest, column), max(lowest, row), cells + 1
            elif name in ("row", "col"):
                hidden += _is_hidden(element)
            elif name == "f":
                formulas += 1
            if name.endswith(("Header", "Footer")):
                said.append(_CODES.sub(" ", element.text or ""))
            elif name not in _CELLS:
                said += [element.text or "", *map(str, element.attrib.values())]
            if name in ("row", "col", "hyperlink", "dataValidation"):
                _forget(element)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable("XML in it is damaged") from error
    far = widest * lowest > policy.limits["cells"]
    if far and cells > policy.limits["nodes"]:
        raise Unreadable("a sheet has more cells than inspection reads", rule="too-big")
    if hidden:
        contents.hits.append(Hit("hidden-content", "hidden-rows-or-columns", where, "", hidden))
    if formulas:
        contents.hits.append(Hit("formula", "formula", where, "", formulas, "="))
    contents.add_text(f"{where} formulas and headers".strip(), "\n".join(each for each in said if _has_words(each)))
    return far


def keep_far_cells(body: bytes, shared: Sequence[str], where: str, contents: Contents) -> set[str]:
    """Keep the cells of a sheet that is far wider or longer than it is full, row by row, and return their values.

    Nobody scrolls to what stands so far from the rest.

    Parameters
    ----------
    body : bytes
        The sheet, which :func:`keep_sheet` found whole.
    shared : sequence of str
        The workbook's shared strings.
    """
    rows: dict[int, list[str]] = defaultdict(list)
    for _, element in etree.iterparse(io.BytesIO(body), resolve_entities=False, no_network=True, huge_tree=False):
        if local(element) == "row":
            for cell in element:
                _, row = _place(attribute(cell, "r") or "")
                value = _value(cell, shared)
                if value:
                    rows[row].append(value)
            _forget(element)
    if rows:
        lines = [rows[row] for row in sorted(rows)]
        contents.hits.append(Hit("hidden-content", "far-cells", where, "cells far from the others"))
        contents.add_text(f"{where} cells".strip(), "\n".join("\t".join(line) for line in lines))
        contents.tables.append(Table.of_rows(where, lines[0], lines[1:]))
    return {value for line in rows.values() for value in line}


def _value(cell: Any, shared: Sequence[str]) -> str:
    """Return what a cell holds; a number of a shared string that there is none of is left as it is."""
    text = "".join(joined(each) for each in cell if local(each) in ("v", "is")).strip()
    if attribute(cell, "t") == "s" and text.isdecimal() and int(text) < len(shared):
        return shared[int(text)]
    return text


def _forget(element: Any) -> None:
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]


def _has_words(text: str) -> bool:
    return len(text) > 3


def _is_hidden(element: Any) -> bool:
    slight = attribute(element, "ht") or attribute(element, "width")
    return attribute(element, "hidden") in _TRUE or (slight is not None and float(slight) < _SLIGHT)


def _place(cell: str) -> tuple[int, int]:
    """Return the column and row that a cell's name stands for, counted from one; zeros for a cell without a name."""
    found = _PLACE.fullmatch(cell)
    if not found:
        return 0, 0
    column = 0
    for letter in found[1]:
        column = 26 * column + ord(letter) - 64
    return column, int(found[2])
