"""OpenDocument (ISO/IEC 26300): spreadsheets, texts and presentations."""

from __future__ import annotations

from typing import Any

from tre.disclosure.contents import Contents, Part, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.archives import open_zip
from tre.disclosure.readers.office_parts import keep_tables
from tre.disclosure.readers.raw_strings import strings_of
from tre.disclosure.readers.workbook import read_values
from tre.disclosure.readers.xml_tree import attribute, keep_attributes, local, parse_xml, words

_HIDDEN = (("visibility", "collapse"), ("visibility", "filter"), ("display", "false"), ("display", "none"))
_STYLES = {"style", "table-properties", "text-properties", "section-properties"}  # they hide only what refers to them
_CHANGES = {"tracked-changes"}
_SCRIPTS = ("Basic/", "Scripts/")
_LINKS = ("plugin", "applet", "dde-source", "table-source")


def read_opendocument(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read every member; a spreadsheet's values as tables, everything else by its words."""
    members = open_zip(data, where, contents, policy)
    sheet = b"spreadsheet" in members["mimetype"]
    for name, body in members.items():
        place = f"{where} {name.rpartition('/')[2].partition('.')[0]}".strip()
        if name.startswith(_SCRIPTS):
            contents.hits.append(Hit("active-content", "macro-or-link", where))
        if name.endswith((".xml", ".rdf")) and body:
            _keep_xml(name, body, place, sheet, contents, policy)
        elif name == "mimetype" or name.startswith("Configurations2/"):
            contents.add_text(place, strings_of(body))
        elif body or not name.endswith("/"):
            contents.parts.append(Part(f"{where} embedded file".strip(), body))
    if sheet:
        read_values(data, where, contents, policy)


def _keep_xml(name: str, body: bytes, where: str, sheet: bool, contents: Contents, policy: Policy) -> None:
    root = parse_xml(body)
    if name == "META-INF/manifest.xml" and any(local(each) == "encryption-data" for each in root.iter()):
        raise Unreadable("it is encrypted")
    if sheet and name == "content.xml":
        _check_grid(root, policy)
        contents.add_text(f"{where} comments", "\n".join(_annotations(root)))
        contents.add_text(where, "\n".join(words(root, ("p",), ("table-cell", "covered-table-cell"))))
    else:
        contents.add_text(where, "\n".join(line for line in words(root, ("p", "h")) if line.strip()))
        keep_tables(root, "table-row", "table-cell", where, contents)
    keep_attributes(root, where, contents)
    _note_hidden(root, where, contents)


def _annotations(root: Any) -> list[str]:
    return [line for each in root.iter() if local(each) == "annotation" for line in words(each)]


def _note_hidden(root: Any, where: str, contents: Contents) -> None:
    hiding = {attribute(style, "name") for style in root.iter() if local(style) == "style" and any(map(_is_off, style))}
    hidden = sum(
        local(each) not in _STYLES and (_is_off(each) or attribute(each, "style-name") in hiding)
        for each in root.iter()
    )
    if hidden:
        contents.hits.append(Hit("hidden-content", "hidden-rows-or-columns", where, "", hidden))
    changes = sum(local(each) in _CHANGES for each in root.iter())
    if changes:
        contents.hits.append(Hit("hidden-content", "tracked-changes", where, "", changes))
    formulas = sum(attribute(each, "formula") is not None for each in root.iter())
    if formulas:
        contents.hits.append(Hit("formula", "formula", where, "", formulas, "="))
    if any(local(each) in _LINKS for each in root.iter()):
        contents.hits.append(Hit("active-content", "macro-or-link", where))


def _is_off(element: Any) -> bool:
    return any(attribute(element, key) == value for key, value in _HIDDEN)


def _check_grid(root: Any, policy: Policy) -> None:
    """Refuse cells that are said to repeat beyond what inspection reads: a few bytes can stand for billions."""
    total = 0
    for row in root.iter():
        if local(row) != "table-row":
            continue
        filled = [each for each in row if len(each) or attribute(each, "value-type")]
        across = sum(int(attribute(each, "number-columns-repeated") or 1) for each in filled)
        total += across * int(attribute(row, "number-rows-repeated") or 1)
    if total > policy.limits["cells"]:
        raise Unreadable("a sheet has more cells than inspection reads", rule="too-big")
