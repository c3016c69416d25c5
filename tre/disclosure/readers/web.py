"""JSON, notebooks, HTML and SVG: what is shown, what is hidden, and what a figure was drawn from."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from bs4 import BeautifulSoup, Comment
from lxml import etree

from tre.disclosure.contents import Contents, Part, Series, Table, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.tabular import decode

_DATA_URI = re.compile(r"data:[\w/+.-]*(?:;[\w=.-]+)*;base64,([A-Za-z0-9+/=\s]+)")
_STARTS = re.compile(r"[\[{](?=\s*[\[{\"\-\d])")
_ENTITY = re.compile(r"<!\s*ENTITY", re.IGNORECASE)
_BOX = {"f8": "<f8", "f4": "<f4", "i1": "<i1", "i2": "<i2", "i4": "<i4", "u1": "<u1", "u2": "<u2", "u4": "<u4"}
_DEPTH = 60


def text_of(data: bytes) -> str:
    """Return the text, or raise `Unreadable`."""
    text = decode(data)
    if text is None:
        raise Unreadable("it is not text")
    return text


def read_json(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read a JSON document: its text, arrays of records as tables, arrays of values as series."""
    del policy
    text = text_of(data)
    contents.texts.append((where, text))
    _value(json.loads(text), where, contents, in_figure=False)


def read_ndjson(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read JSON values, one on each line, as the rows of one table."""
    del policy
    text = text_of(data)
    contents.texts.append((where, text))
    try:
        values = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError) as error:
        raise Unreadable("a line is not JSON") from error
    _value(values, where, contents, in_figure=False)


def _value(value: Any, where: str, contents: Contents, *, in_figure: bool, name: str = "", depth: int = 0) -> None:
    """Walk a JSON value and keep what is a table, a series or an encoded file."""
    if depth > _DEPTH:
        raise Unreadable("it is nested too deeply")
    if isinstance(value, dict):
        figure = in_figure or _is_figure(value)
        packed = _unpack_array(value)
        if packed is not None:
            contents.series.append(Series(where, name, packed, True))
            return
        lists = {str(key): each for key, each in value.items() if _is_flat(each)}
        if len(lists) >= 2 and len({len(each) for each in lists.values()}) == 1 and not figure:
            rows = list(zip(*lists.values(), strict=True))
            contents.tables.append(Table.of_rows(where, list(lists), rows))
        for key, each in value.items():
            _value(each, where, contents, in_figure=figure, name=str(key), depth=depth + 1)
    elif isinstance(value, list):
        _array(value, where, contents, in_figure=in_figure, name=name, depth=depth)
    elif isinstance(value, str):
        keep_data_uris(value, where, contents)


def _array(value: list[Any], where: str, contents: Contents, *, in_figure: bool, name: str, depth: int) -> None:
    if _is_flat(value):
        contents.series.append(Series(where, name, tuple(map(str, value)), in_figure))
        return
    if len(value) > 1 and all(isinstance(each, dict) for each in value):
        heads = list(dict.fromkeys(str(key) for each in value for key in each))
        if heads and not _is_figure(value[0]):
            rows = [[_scalar(each.get(head)) for head in heads] for each in value]
            contents.tables.append(Table.of_rows(where, heads, rows))
    elif len(value) > 1 and all(_is_flat(each) for each in value):
        contents.tables.append(Table.of_rows(where, [f"item {n + 1}" for n in range(len(value[0]))], value))
        return
    for each in value:
        _value(each, where, contents, in_figure=in_figure, name=name, depth=depth + 1)


def _scalar(value: Any) -> object:
    return json.dumps(value) if isinstance(value, (dict, list)) else value


def _is_flat(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and not any(isinstance(each, (dict, list)) for each in value)


def _is_figure(value: Any) -> bool:
    """Tell whether an object is a Plotly trace or figure, or a Vega one."""
    return isinstance(value, dict) and (
        ("x" in value or "y" in value or "z" in value or "bdata" in value)
        or ("data" in value and ("layout" in value or "$schema" in value))
        or "datasets" in value
    )


def _unpack_array(value: dict[str, Any]) -> tuple[str, ...] | None:
    """Return the values of Plotly's packed array (``{"dtype": "f8", "bdata": base64}``), or None."""
    if not isinstance(value.get("bdata"), str) or value.get("dtype") not in _BOX:
        return None
    try:
        raw = base64.b64decode(value["bdata"], validate=True)
        return tuple(map(str, np.frombuffer(raw, dtype=_BOX[value["dtype"]]).tolist()))
    except (binascii.Error, ValueError) as error:
        raise Unreadable("a packed array is damaged") from error


def keep_data_uris(text: str, where: str, contents: Contents) -> None:
    """Keep what a text carries in ``data:`` addresses as files to be read in turn."""
    for found in _DATA_URI.finditer(text):
        keep_base64(found.group(1), where, contents)


def keep_base64(text: str, where: str, contents: Contents) -> None:
    """Keep some base64 as a file to be read in turn."""
    try:
        contents.parts.append(Part(f"{where} embedded file".strip(), base64.b64decode("".join(text.split()))))
    except (binascii.Error, ValueError):
        contents.hits.append(Hit("unreadable", "base64", where, "an embedded file"))


def read_notebook(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read a notebook: sources, outputs, attachments and metadata of each cell."""
    del policy
    book = json.loads(text_of(data))
    cells = book["cells"]
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise Unreadable("it is not a notebook")
    for number, cell in enumerate(cells, start=1):
        place = f"{where} cell {number}".strip()
        contents.texts.append((f"{place}, source", _joined(cell.get("source", ""))))
        for count, output in enumerate(cell.get("outputs", []), start=1):
            _read_output(output, f"{place}, output {count}", contents)
        for bundle in cell.get("attachments", {}).values():
            _read_bundle(bundle, f"{place}, attachment", contents)
    rest = [
        {key: each for key, each in cell.items() if key not in ("source", "outputs", "attachments")} for cell in cells
    ]
    others = {key: each for key, each in book.items() if key != "cells"}
    for value in (others, *rest):
        contents.texts.append((f"{where} metadata".strip(), json.dumps(value, ensure_ascii=False)))
        _value(value, f"{where} metadata".strip(), contents, in_figure=False)


def _joined(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _read_output(output: Any, where: str, contents: Contents) -> None:
    if not isinstance(output, dict):
        raise Unreadable("an output is not an object")
    text = [_joined(output.get(key, "")) for key in ("text", "ename", "evalue")]
    contents.texts.append((where, "\n".join([*text, "\n".join(map(str, output.get("traceback", [])))])))
    _read_bundle(output.get("data", {}), where, contents)
    if output.get("metadata"):
        contents.texts.append((where, json.dumps(output["metadata"], ensure_ascii=False)))


def _read_bundle(bundle: dict[str, Any], where: str, contents: Contents) -> None:
    """Read one MIME bundle: pictures as files, HTML as HTML, JSON as a figure, the rest as text."""
    for kind, value in bundle.items():
        if kind.startswith("image/") and "svg" not in kind:
            keep_base64(_joined(value), where, contents)
        elif kind in ("text/html", "image/svg+xml"):
            contents.parts.append(Part(where, f"<div>{_joined(value)}</div>".encode()))
        elif isinstance(value, (dict, list)) and kind.endswith("json"):
            contents.texts.append((where, json.dumps(value, ensure_ascii=False)))
            _value(value, where, contents, in_figure="plotly" in kind or "vega" in kind)
        else:
            contents.texts.append((where, _joined(value)))


def read_html(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read text shown or hidden, comments, attributes, tables, scripts and the JSON within them."""
    del policy
    text = text_of(data)
    try:
        page = BeautifulSoup(text, "lxml")
    except (ValueError, RecursionError, AssertionError) as error:
        raise Unreadable("the page is damaged") from error
    keep_data_uris(text, where, contents)
    for number, table in enumerate(page.find_all("table"), start=1):
        rows = [[cell.get_text(" ", strip=True) for cell in row.find_all(["td", "th"])] for row in table.find_all("tr")]
        rows = [row for row in rows if row]
        if len(rows) > 1:
            contents.tables.append(Table.of_rows(f"{where} table {number}".strip(), rows[0], rows[1:]))
    scripts = page.find_all("script")
    for number, script in enumerate(scripts, start=1):
        _read_fragments(script.get_text(), f"{where} script {number}".strip(), contents)
    if scripts or any(key.startswith("on") for tag in page.find_all(True) for key in tag.attrs):
        contents.hits.append(Hit("active-content", "script", where, "", max(len(scripts), 1)))
    attributes = [_joined(each) for tag in page.find_all(True) for each in tag.attrs.values()]
    for value in attributes:
        _read_fragments(value, f"{where} attributes".strip(), contents)
    contents.texts.append((f"{where} attributes".strip(), "\n".join(attributes)))
    hidden = [str(each) for each in page.find_all(string=lambda each: isinstance(each, Comment))]
    contents.texts.append((f"{where} comments".strip(), "\n".join(hidden)))
    contents.texts.append((f"{where} text".strip(), page.get_text("\n")))


def _read_fragments(code: str, where: str, contents: Contents) -> None:
    """Read every JSON value that stands in a script or an attribute."""
    for value in _fragments(code):
        _value(value, where, contents, in_figure=True)


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
    lines, marks = [], 0
    for element in root.iter():
        tag = element.tag.rsplit("}", 1)[-1].lower() if isinstance(element.tag, str) else "comment"
        # letters are placed by a transform, marks by coordinates
        marks += tag in ("circle", "ellipse") or (tag == "use" and {"x", "y"} <= set(element.attrib))
        if tag in ("script", "foreignobject", "iframe"):
            contents.hits.append(Hit("active-content", "script", where))
        lines += [element.text or "", element.tail or ""]
        lines += [str(each) for key, each in element.attrib.items() if key not in ("d", "points", "style", "transform")]
    contents.texts.append((where, "\n".join(line for line in lines if line.strip())))
    keep_data_uris(text, where, contents)
    if marks >= policy.shape["plot_points"]:
        rule = "figure-rows" if marks >= policy.shape["plot_line_points"] else "possible-figure-rows"
        contents.hits.append(Hit(rule, "marks", where, "", marks))
