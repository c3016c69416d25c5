"""XML parsed without entities, network or unbounded depth, and the words that stand in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from lxml import etree

from tre.disclosure.contents import Contents, Unreadable

_DECLARED = re.compile(rb"<!\s*(ENTITY|DOCTYPE)", re.IGNORECASE)
_TECHNICAL = re.compile(r"#?[0-9A-Fa-f]{3,8}|-?[\d.]{1,9}")  # colours and measures
# Attributes in which a person writes, in Office Open XML, OpenDocument, SVG and VML; the rest are identifiers,
# colours and measures of programs.
_WRITTEN = {
    "alt", "altText", "author", "category", "descr", "description", "displayName", "email", "error", "errorTitle",
    "initials", "label", "location", "name", "presetName", "prompt", "promptTitle", "providerId", "string-value", "tag",
    "target", "Target", "title", "tooltip", "uniqueName", "userId", "userName", "value", "caption", "href", "formula",
    "formatCode", "linkedCell", "content", "key",
}  # fmt: skip


def parse_xml(body: bytes) -> Any:
    """Return the root element.

    Raises
    ------
    Unreadable
        It is damaged, or declares a document type (CWE-776, CWE-611).
    """
    if _DECLARED.search(body.replace(b"\0", b"")):
        raise Unreadable("XML entities are declared", rule="xml-entities")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable("XML in it is damaged") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("XML entities are declared", rule="xml-entities")
    take_in_what_stands_around(root)
    return root


def take_in_what_stands_around(root: Any) -> None:
    """Move comments and instructions before and behind the root element into it: who reads the tree reads them."""
    for each in [*root.itersiblings(preceding=True), *root.itersiblings()]:
        root.append(each)


def local(element: Any) -> str:
    """Return the name of an element without its namespace; of a comment or an instruction, nothing."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def attribute(element: Any, name: str) -> str | None:
    """Return an attribute whatever its namespace, or None."""
    found = (value for key, value in element.attrib.items() if key.rpartition("}")[2] == name)
    return next(found, None)


def words(root: Any, lines: Collection[str] = ("p",), skip: Collection[str] = ()) -> Iterator[str]:
    """Yield the texts of a tree, one for each element named in `lines` (its parts joined) and each other element.

    Parameters
    ----------
    lines : names of elements whose parts are one line, such as a paragraph that is parted where its font changes
    skip : names of elements that are left out, with all that is in them
    """
    waiting = [root]
    while waiting:
        element = waiting.pop()
        name = local(element)
        if name in skip:
            continue
        if name in lines:
            yield joined(element, skip)
            continue
        yield element.text or ""
        yield from (each.tail or "" for each in element)
        waiting.extend(reversed(element))


def joined(element: Any, skip: Collection[str] = ()) -> str:
    """Return all text within an element as one line; tabs and breaks are blanks."""
    parts = [element.text or ""]
    for each in element:
        name = local(each)
        parts.append(" " if name in ("tab", "br", "cr", "s", "line-break") else "")
        parts.append("" if name in skip else joined(each, skip))
        parts.append(each.tail or "")
    return "".join(parts)


def keep_attributes(root: Any, where: str, contents: Contents) -> None:
    """Keep attributes: those in which people write as text, the others for what is sure by itself."""
    written: list[str] = []
    other: list[str] = []
    for element in root.iter():
        for key, value in element.attrib.items():
            if key.rpartition("}")[2] in _WRITTEN:
                written.append(str(value))
            elif not _TECHNICAL.fullmatch(str(value)):
                other.append(str(value))
    contents.add_text(f"{where} attributes".strip(), "\n".join(dict.fromkeys(written)))
    contents.code.append((f"{where} other attributes".strip(), "\n".join(dict.fromkeys(other))))
