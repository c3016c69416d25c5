"""Which sheet a part of an XLSX belongs to, so that a finding tells a sheet's name and not a file's in the archive."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from tre.disclosure.contents import Unreadable
from tre.disclosure.readers.xml_tree import attribute, local, parse_xml

_BOOK = "xl/workbook.xml"


def sheets_of(members: Mapping[str, bytes]) -> dict[str, str]:
    """Return the name of its sheet for each part that is one or belongs to one, such as its comments.

    A sheet's part is found by the workbook's relationships and what belongs to it by its own (ECMA-376-1, sections
    9.2 and 18.2.19). What is damaged here is told of by who reads it: it names no sheet.

    Parameters
    ----------
    members : mapping
        The parts of the archive by their names.
    """
    book, targets = _root(members, _BOOK), _related(members, _BOOK)
    named: dict[str, str] = {}
    for each in () if book is None else book.iter():
        target = targets.get(attribute(each, "id") or "")
        if local(each) == "sheet" and target:
            named[target] = attribute(each, "name") or ""
    for sheet, name in list(named.items()):
        for part in _related(members, sheet).values():
            named.setdefault(part, name)
    return {part: name for part, name in named.items() if name}


def _related(members: Mapping[str, bytes], part: str) -> dict[str, str]:
    """Return the parts that a part has relationships with, by their identifiers."""
    folder, _, file = part.rpartition("/")
    root = _root(members, f"{folder}/_rels/{file}.rels")
    found = {}
    for each in () if root is None else root.iter():
        target = attribute(each, "Target") or ""
        if local(each) == "Relationship" and target and attribute(each, "TargetMode") != "External":
            found[attribute(each, "Id") or ""] = posixpath.normpath(posixpath.join("/", folder, target))[1:]
    return found


def _root(members: Mapping[str, bytes], name: str) -> Any | None:
    try:
        return parse_xml(members[name]) if name in members else None
    except Unreadable:
        return None
