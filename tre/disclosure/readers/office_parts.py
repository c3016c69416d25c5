"""What Office Open XML files (ECMA-376) have in common: properties, relations, charts, embedded files, macros."""

from __future__ import annotations

from typing import Any

from tre.disclosure.contents import Contents, Part, Series, Table, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.readers.raw_strings import strings_of
from tre.disclosure.readers.xml_tree import attribute, joined, keep_attributes, local, parse_xml, words

_XML = (".xml", ".rels", ".vml")
_PRINTER = "printerSettings"  # a printer driver's own bytes: no file of any kind
_DELETED = ("delText", "instrText")


def keep_member(name: str, body: bytes, where: str, contents: Contents) -> Any | None:
    """Keep what any member holds, and return the root element of one that is XML."""
    if _PRINTER in name:
        contents.add_text(f"{where} printer settings".strip(), strings_of(body))
        return None
    if "vbaProject" in name or "/activeX/" in name or "/externalLinks/" in name or "/macrosheets/" in name:
        contents.hits.append(Hit("active-content", "macro-or-link", where))
    if not name.endswith(_XML):
        if body or not name.endswith("/"):
            contents.parts.append(Part(f"{where} embedded file".strip(), body))
        return None
    try:
        root = parse_xml(body)
    except Unreadable as error:
        if not name.endswith(".vml") or error.rule != "unreadable":
            raise
        contents.add_text(f"{where} drawing".strip(), strings_of(body))  # its writers close no <br>
        return None
    if name.endswith(".rels"):
        _keep_relations(root, where, contents)
    elif "/charts/" in name:
        _keep_chart(root, where, contents)
    return root


def keep_words(root: Any, where: str, contents: Contents) -> None:
    """Keep the text of a part, paragraph by paragraph, deleted text and field codes apart; and its attributes."""
    contents.add_text(where, "\n".join(line for line in words(root, ("p", "si"), _DELETED) if line.strip()))
    apart = [each.text or "" for each in root.iter() if local(each) in _DELETED]
    contents.add_text(f"{where} deleted text and fields".strip(), "\n".join(apart))
    keep_attributes(root, where, contents)


def _keep_relations(root: Any, where: str, contents: Contents) -> None:
    """Tell of what is fetched from elsewhere when the file is opened; a hyperlink is only followed when clicked."""
    for relation in root:
        kind = (attribute(relation, "Type") or "").rpartition("/")[2]
        if attribute(relation, "TargetMode") == "External" and kind != "hyperlink":
            contents.hits.append(Hit("active-content", "fetched", where, kind))


def _keep_chart(root: Any, where: str, contents: Contents) -> None:
    """Keep the values that a chart caches of the table it was drawn from."""
    for cache in root.iter():
        if local(cache) in ("numCache", "strCache", "numLit", "strLit"):
            values = tuple(joined(each).strip() for each in cache if local(each) == "pt")
            contents.series.append(Series(f"{where} chart".strip(), local(cache.getparent()), values, True))


def keep_tables(root: Any, row: str, cell: str, where: str, contents: Contents) -> None:
    """Keep each table of a document as rows under its first row."""
    number = 0
    for table in root.iter():
        if local(table) not in ("tbl", "table"):
            continue
        rows = [[joined(each) for each in line if local(each) == cell] for line in table.iter() if local(line) == row]
        number += 1
        if len(rows) > 1:
            contents.tables.append(Table.of_rows(f"{where} table {number}".strip(), rows[0], rows[1:]))
