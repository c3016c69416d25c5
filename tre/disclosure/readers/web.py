"""JSON: what it says, what is encoded in it, and what a figure was drawn from."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import re
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from tre.disclosure.charsets import decode
from tre.disclosure.contents import Contents, Part, Series, Table, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy

DATA_URI = re.compile(r"data:[\w/+.-]*(?:;[\w=.-]+)*;base64,([A-Za-z0-9+/=\s]+)")
_BOX = {"f8": "<f8", "f4": "<f4", "i1": "<i1", "i2": "<i2", "i4": "<i4", "u1": "<u1", "u2": "<u2", "u4": "<u4"}
_BOKEH = {"float64": "<f8", "float32": "<f4", "int8": "<i1", "int16": "<i2", "int32": "<i4", "uint8": "<u1",
          "uint16": "<u2", "uint32": "<u4"}  # fmt: skip
_DEPTH = 60
_GZIP = b"\x1f\x8b"
_MOST_BYTES = 64 * 1024 * 1024


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
    keep_json(loaded(text), text, where, contents)


def loaded(text: str) -> Any:
    """Return a JSON value; a key that stands twice in one object is refused, for programs differ in which they show."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            raise Unreadable("a key stands twice in one object")
        return made

    return json.loads(text, object_pairs_hook=once)


def keep_json(value: Any, text: str, where: str, contents: Contents, *, in_figure: bool = False) -> None:
    """Keep a JSON value: its text as written, what is escaped in it as meant, and what it holds."""
    contents.texts.append((where, text))
    if "\\" in text:
        contents.texts.append((where, "\n".join(strings_in(value))))
    walk(value, where, contents, in_figure=in_figure)


def strings_in(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield every key and string of a JSON value."""
    if isinstance(value, str):
        yield value
    elif depth <= _DEPTH and isinstance(value, (dict, list)):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(key, str):
                yield key
            yield from strings_in(each, depth + 1)


def walk(value: Any, where: str, contents: Contents, *, in_figure: bool, name: str = "", depth: int = 0) -> None:
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
        _keep_indexed(value, where, contents)
        apart = set() if figure else _keep_parted(value, where, contents)
        for key, each in value.items():
            if key in apart:
                continue
            walk(each, where, contents, in_figure=figure, name=str(key), depth=depth + 1)
    elif isinstance(value, list):
        _array(value, where, contents, in_figure=in_figure, name=name, depth=depth)
    elif isinstance(value, str):
        contents.lines.append((where, value))
        keep_data_uris(value, where, contents)
        if in_figure and value[:1] in ("{", "["):  # Bokeh and others keep a document as a string within a document
            with contextlib.suppress(ValueError, RecursionError):
                walk(json.loads(value), where, contents, in_figure=True, name=name, depth=depth + 1)


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
        walk(each, where, contents, in_figure=in_figure, name=name, depth=depth + 1)


def _keep_indexed(value: dict[str, Any], where: str, contents: Contents) -> None:
    """Keep an object of objects as a table, whichever of the two goes over the rows."""
    if len(value) < 2 or not all(isinstance(each, dict) for each in value.values()):
        return
    heads = list(dict.fromkeys(str(key) for each in value.values() for key in each))
    if len(heads) > len(value):
        rows = [[_scalar(each.get(head)) for each in value.values()] for head in heads]
        heads = list(map(str, value))
    else:
        rows = [[_scalar(each.get(head)) for head in heads] for each in value.values()]
    if heads:
        contents.tables.append(Table.of_rows(where, heads, rows))


def _keep_parted(value: dict[str, Any], where: str, contents: Contents) -> set[str]:
    """Keep rows that stand beside their columns' names as a table, with the labels of the rows where these stand there.

    Returns
    -------
    set of str
        The keys of what is in the table.
    """
    for rows, body in value.items():
        if not (isinstance(body, list) and body and all(_is_flat(row) and len(row) == len(body[0]) for row in body)):
            continue
        flat = {key: each for key, each in value.items() if _is_flat(each)}
        last = sorted(
            flat, key=lambda key: "index" in str(key).lower()
        )  # a square frame's index would do for its heads
        heads = next((key for key in last if _are_heads(flat[key], len(body[0]))), None)
        if heads is None:
            continue
        labels = next((key for key, each in flat.items() if key != heads and len(each) == len(body)), None)
        named, lines = list(map(str, flat[heads])), body
        if labels is not None:
            named = [labels, *named]
            lines = [[label, *row] for label, row in zip(flat[labels], body, strict=True)]
        contents.tables.append(Table.of_rows(where, named, lines))
        return {rows, heads} | ({labels} if labels is not None else set())
    return set()


def _are_heads(value: list[Any], width: int) -> bool:
    return len(value) == width and all(isinstance(each, str) for each in value)


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


def _packed(value: dict[str, Any]) -> tuple[Any, str | None]:
    """Return the base64 and the type of an array that Plotly or Bokeh (2 and 3) packed, or None in its place."""
    inner = value.get("array")
    if value.get("type") == "ndarray" and isinstance(inner, dict):
        return inner.get("data"), _BOKEH.get(str(value.get("dtype")))
    if "__ndarray__" in value:
        return value["__ndarray__"], _BOKEH.get(str(value.get("dtype")))
    return value.get("bdata"), _BOX.get(str(value.get("dtype")))


def _unpack_array(value: dict[str, Any]) -> tuple[str, ...] | None:
    """Return the values of a packed array (Plotly's is ``{"dtype": "f8", "bdata": base64}``), or None."""
    packed, dtype = _packed(value)
    if not isinstance(packed, str) or dtype is None:
        return None
    try:
        raw = base64.b64decode(packed, validate=True)
        raw = zlib.decompressobj(47).decompress(raw, _MOST_BYTES) if raw[:2] == _GZIP else raw
        return tuple(map(str, np.frombuffer(raw, dtype=dtype).tolist()))
    except (binascii.Error, ValueError, zlib.error) as error:
        raise Unreadable("a packed array is damaged") from error


def keep_data_uris(text: str, where: str, contents: Contents) -> None:
    """Keep what a text carries in ``data:`` addresses as files to be read in turn."""
    for found in DATA_URI.finditer(text):
        keep_base64(found.group(1), where, contents)


def keep_base64(text: str, where: str, contents: Contents) -> None:
    """Keep some base64 as a file to be read in turn."""
    try:
        contents.parts.append(Part(f"{where} embedded file".strip(), base64.b64decode("".join(text.split()))))
    except (binascii.Error, ValueError):
        contents.hits.append(Hit("unreadable", "base64", where, "an embedded file"))
