"""HTML, SVG and other XML: what is shown, what is hidden, and what a figure was drawn from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

from bs4 import BeautifulSoup
from bs4.element import PreformattedString, Script, Stylesheet
from lxml import etree

from tre.disclosure.contents import Contents, Table, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.lettering import lettered, put_together
from tre.disclosure.readers.stairs import steps_drawn
from tre.disclosure.readers.web import DATA_URI, keep_data_uris, text_of, walk
from tre.disclosure.readers.xml_tree import joined, keep_attributes, local, parse_xml, take_in_what_stands_around, words

_STARTS = re.compile(r"[\[{](?=\s*[\[{\"\-\d])")
_ENTITY = re.compile(r"<!\s*ENTITY", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")
_STYLED = re.compile(r"\\([0-9a-fA-F]{1,6})\s?")  # CSS Syntax 3, section 4.3.7
_SVG = re.compile(r"<(?:[a-z]+:)?svg\b", re.IGNORECASE)
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b")
_DRAWN = re.compile(r"(?:(?!\d{9})(?:[MmLlHhVvCcSsQqTtAaZzeE\d.,+\s()-]|translate|scale|rotate|matrix|skew[XY]))*")
_COORDINATE = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_PEN_UP, _CLOSED = re.compile(r"[Mm]"), re.compile(r"[ZzCcSsQqTtAa]")  # a curve is a letter's or a smoothed line
_TEMPLATES = ("defs", "symbol", "clippath", "marker", "pattern")
_MARKS = 0x110000  # code points that there are
_REPEATED = 30  # children of one element


def read_html(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read text shown or hidden, comments, attributes, tables, scripts and the JSON within them."""
    del policy
    text = text_of(data)
    try:
        page = BeautifulSoup(text, "lxml")
    except (ValueError, RecursionError, AssertionError) as error:
        raise Unreadable("the page is damaged") from error
    keep_data_uris(text, where, contents)
    contents.code.append((f"{where} source".strip(), DATA_URI.sub("", text)))  # also what a parser throws away
    for number, table in enumerate(page.find_all("table"), start=1):
        rows = [[cell.get_text(" ", strip=True) for cell in row.find_all(["td", "th"])] for row in table.find_all("tr")]
        rows = [row for row in rows if row]
        if len(rows) > 1:
            contents.tables.append(Table.of_rows(f"{where} table {number}".strip(), rows[0], rows[1:]))
    scripts = page.find_all("script")
    for number, script in enumerate(scripts, start=1):
        place, code = f"{where} script {number}".strip(), _unescaped(script.get_text())
        contents.code.append((place, code))
        contents.lines.append((place, code))
        _read_fragments(script.get_text(), place, contents)
    if scripts or any(key.startswith("on") for tag in page.find_all(True) for key in tag.attrs):
        contents.hits.append(Hit("active-content", "script", where, "", max(len(scripts), 1)))
    attributes = [_attribute(each) for tag in page.find_all(True) for each in tag.attrs.values()]
    for value in attributes:
        _read_fragments(value, f"{where} attributes".strip(), contents)
    contents.add_text(
        f"{where} attributes".strip(), "\n".join([*map(_unstyled, attributes), *_escaped_links(attributes)])
    )
    _keep_strings(page, where, contents)


def _keep_strings(page: BeautifulSoup, where: str, contents: Contents) -> None:
    """Keep every string of a page by what it stands in; scripts are read for themselves."""
    kinds: dict[str, list[str]] = {"comments": [], "style": [], "text": []}
    for each in page.find_all(string=True):
        if isinstance(each, Stylesheet):
            kinds["style"].append(_COLOUR.sub("", _unstyled(each)))
        elif not isinstance(each, Script):
            kinds["comments" if isinstance(each, PreformattedString) else "text"].append(each)
    kinds["text"] += put_together(kinds["text"])
    for kind, strings in kinds.items():
        contents.add_text(f"{where} {kind}".strip(), "\n".join(strings))
    contents.lines.extend((f"{where} repeated elements".strip(), lines) for lines in _repeated(page))


def _repeated(page: BeautifulSoup) -> Iterator[str]:
    """Yield the children of each element that has many, one on each line: rows that are no table's."""
    for parent in page.find_all(True):
        children = parent.find_all(True, recursive=False)
        if len(children) >= _REPEATED and children[0].name not in ("tr", "option"):
            yield "\n".join("\t".join(" ".join(each.split()) for each in child.stripped_strings) for child in children)


def _unescaped(code: str) -> str:
    """Return a program with the characters that its strings escape by number written out."""
    return _ESCAPED.sub(lambda found: chr(int(found[1] or found[2], 16)), code)


def _unstyled(text: str) -> str:
    """Return text of a style sheet, or of an attribute that may be one, with its escaped characters written out."""
    return _STYLED.sub(lambda found: chr(int(found[1], 16)) if int(found[1], 16) < _MARKS else "", text)


def _escaped_links(attributes: list[str]) -> list[str]:
    """Return the attributes that escape characters as addresses do, written out (RFC 3986, section 2.1)."""
    return [unquote_plus(each) for each in attributes if "%" in each]


def _attribute(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _read_fragments(code: str, where: str, contents: Contents) -> None:
    """Read every JSON value that stands in a script or an attribute."""
    for value in _fragments(code):
        walk(value, where, contents, in_figure=True)


def _fragments(code: str) -> Iterator[Any]:
    decoder, at = json.JSONDecoder(), 0
    while found := _STARTS.search(code, at):
        try:
            value, at = decoder.raw_decode(code, found.start())
            yield value
        except (ValueError, RecursionError):
            at = found.start() + 1


def read_svg(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read every element's text and attributes, and count the marks that stand for single values."""
    text = text_of(data)
    if _ENTITY.search(text):
        raise Unreadable("XML entities are declared", rule="xml-entities")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable("the drawing is damaged") from error
    take_in_what_stands_around(root)
    begin = _SVG.search(text)
    lines, marks = [text[: begin.start()] if begin else ""], _lines_drawn(root)  # first a declared type of document
    for element in root.iter():
        tag = element.tag.rsplit("}", 1)[-1].lower() if isinstance(element.tag, str) else "comment"
        # letters are placed by a transform, marks by coordinates
        marks += tag in ("circle", "ellipse") or (tag == "use" and {"x", "y"} <= set(element.attrib))
        if tag in ("script", "foreignobject", "iframe"):
            contents.hits.append(Hit("active-content", "script", where))
        lines += [_unstyled(element.text or "") if tag == "style" else element.text or "", element.tail or ""]
        lines += [str(each) for key, each in element.attrib.items() if not _is_drawn(key, str(each))]
    lines += lettered(root)
    contents.add_text(where, "\n".join(_COLOUR.sub("", line) for line in lines if line.strip()))
    keep_data_uris(text, where, contents)
    if steps := steps_drawn(root):
        contents.hits.append(Hit("possible-figure-rows", "steps", where, "", steps, "", 0.5))
    if marks >= policy.shape["plot_points"]:
        rule = "figure-rows" if marks >= policy.shape["plot_line_points"] else "possible-figure-rows"
        contents.hits.append(Hit(rule, "marks", where, "", marks))


def _lines_drawn(root: Any) -> int:
    """Return how many open lines of three points or more are drawn, if they are as many as people's: one for each."""
    drawn = 0
    for element in root.iter("{*}path", "{*}polyline"):
        if any(local(each) in _TEMPLATES for each in element.iterancestors()):
            continue
        path = element.get("d") or "M" + (element.get("points") or "")
        drawn += sum(len(_COORDINATE.findall(each)) >= 6 and not _CLOSED.search(each) for each in _PEN_UP.split(path))
    return drawn


def _is_drawn(key: str, value: str) -> bool:
    """Tell whether an attribute holds coordinates and no more: none as long as a person's number."""
    return key in ("d", "points", "transform", "viewBox") and bool(_DRAWN.fullmatch(value))


def read_xml(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read any other XML: its words, its attributes, and the elements of one name under one parent as rows."""
    del policy
    root = parse_xml(data)
    contents.add_text(where, "\n".join(line for line in words(root, ()) if line.strip()))
    keep_attributes(root, where, contents)
    for parent in root.iter():
        rows = [each for each in parent if local(each)]
        if len(rows) > 1 and len({local(each) for each in rows}) == 1:
            _keep_rows(rows, f"{where} {local(rows[0])}".strip(), contents)


def _keep_rows(rows: list[Any], where: str, contents: Contents) -> None:
    """Keep elements of one name as rows: their attributes, and their children by name."""
    cells = [{**{str(key): str(value) for key, value in each.attrib.items()},
              **{local(part): joined(part) for part in each if local(part)}} for each in rows]  # fmt: skip
    heads = list(dict.fromkeys(head for each in cells for head in each))
    if heads:
        contents.tables.append(Table.of_rows(where, heads, [[each.get(head) for head in heads] for each in cells]))
