"""JSON: what it says, what is encoded in it, and what a figure was drawn from."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any

from tre.disclosure.charsets import decode
from tre.disclosure.contents import Contents, Part, Series, Table, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.json_tables import (
    is_flat,
    keep_drawn,
    keep_indexed,
    keep_numbered,
    keep_parted,
    keep_series,
    scalar,
)
from tre.disclosure.readers.packed_arrays import beside_array, keep_buffers, unpack_array

DATA_URI = re.compile(r"data:[\w/+.-]*(?:;[\w=.-]+)*;base64,([A-Za-z0-9+/=\s]+)")
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


def walk(
    value: Any, where: str, contents: Contents, *, in_figure: bool, name: str = "", depth: int = 0, alone: bool = True
) -> None:
    """Walk a JSON value and keep what is a table, a series or an encoded file.

    Parameters
    ----------
    name : str
        The key it stands under.
    alone : bool
        Whether it is none of a list, whose entries are rows.
    """
    if depth > _DEPTH:
        raise Unreadable("it is nested too deeply")
    if isinstance(value, dict):
        figure = in_figure or _is_figure(value)
        packed = unpack_array(value)
        if packed is not None:
            contents.series.append(Series(where, name, packed, True))
            value = beside_array(value)
        keep_buffers(value, where, contents)
        lists = {str(key): each for key, each in value.items() if is_flat(each)}
        if len(lists) >= 2 and len({len(each) for each in lists.values()}) == 1 and not figure:
            rows = list(zip(*lists.values(), strict=True))
            contents.tables.append(Table.of_rows(where, list(lists), rows))
        keep_drawn(value, where, contents)
        keep_numbered(value, where, contents, in_figure=figure)
        shared = keep_indexed(value, where, contents)
        if alone and not figure:
            keep_series(value, where, contents, name)
        apart = set() if figure else keep_parted(value, where, contents)
        for key, each in value.items():
            if key in apart:
                continue
            walk(each, where, contents, in_figure=figure, name=str(key), depth=depth + 1, alone=not shared)
    elif isinstance(value, list):
        _array(value, where, contents, in_figure=in_figure, name=name, depth=depth)
    elif isinstance(value, str):
        contents.lines.append((where, value))
        keep_data_uris(value, where, contents)
        if in_figure and value[:1] in ("{", "["):  # Bokeh and others keep a document as a string within a document
            with contextlib.suppress(ValueError, RecursionError):
                walk(json.loads(value), where, contents, in_figure=True, name=name, depth=depth + 1)


def _array(value: list[Any], where: str, contents: Contents, *, in_figure: bool, name: str, depth: int) -> None:
    if is_flat(value):
        contents.series.append(Series(where, name, tuple(map(str, value)), in_figure))
        return
    if len(value) > 1 and all(isinstance(each, dict) for each in value):
        heads = list(dict.fromkeys(str(key) for each in value for key in each))
        if heads and not _is_figure(value[0]):
            rows = [[scalar(each.get(head)) for head in heads] for each in value]
            contents.tables.append(Table.of_rows(where, heads, rows))
    elif len(value) > 1 and all(is_flat(each) for each in value):
        contents.tables.append(Table.of_rows(where, [f"item {n + 1}" for n in range(len(value[0]))], value))
        return
    for each in value:
        walk(each, where, contents, in_figure=in_figure, name=name, depth=depth + 1, alone=False)


def _is_figure(value: Any) -> bool:
    """Tell whether an object is a Plotly trace or figure, a Vega one, or a document of Bokeh's."""
    return isinstance(value, dict) and (
        ("x" in value or "y" in value or "z" in value or "bdata" in value)
        or ("data" in value and ("layout" in value or "$schema" in value))
        or "datasets" in value
        or ("roots" in value and "version" in value)
    )


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
