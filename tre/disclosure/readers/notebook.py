"""Notebooks: sources, outputs, attachments and metadata, those that no program shows included."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from tre.disclosure.charsets import decode
from tre.disclosure.contents import Contents, Part, Unreadable
from tre.disclosure.policy import Policy
from tre.disclosure.readers.web import keep_base64, keep_json, loaded, text_of

_STREAM = ("text", "ename", "evalue", "traceback")


def read_notebook(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read a notebook: sources, outputs, attachments and metadata of each cell."""
    del policy
    book = loaded(text_of(data))
    cells = book["cells"]
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise Unreadable("it is not a notebook")
    for number, cell in enumerate(cells, start=1):
        place = f"{where} cell {number}".strip()
        contents.add_text(f"{place}, source", _joined(cell.get("source", "")))
        for count, output in enumerate(cell.get("outputs", []), start=1):
            _read_output(output, f"{place}, output {count}", contents)
        attached = cell.get("attachments", {})
        contents.add_names(f"{place}, attachment names", list(attached))
        for bundle in attached.values():
            _read_bundle(bundle, f"{place}, attachment", contents)
        _keep_rest(cell, ("source", "outputs", "attachments"), f"{place}, metadata", contents)
    _keep_rest(book, ("cells",), f"{where} metadata".strip(), contents)


def _joined(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _keep_rest(value: dict[str, Any], known: tuple[str, ...], where: str, contents: Contents) -> None:
    """Keep what stands under the keys that no reader knows: nobody sees it, and it leaves all the same."""
    rest = {key: each for key, each in value.items() if key not in known}
    keep_json(rest, json.dumps(rest, ensure_ascii=False), where, contents)


def _read_output(output: Any, where: str, contents: Contents) -> None:
    if not isinstance(output, dict):
        raise Unreadable("an output is not an object")
    traceback = "\n".join(map(str, output.get("traceback", [])))
    contents.add_text(where, "\n".join([*(_joined(output.get(key, "")) for key in _STREAM[:3]), traceback]))
    _read_bundle(output.get("data", {}), where, contents)
    _keep_rest(output, (*_STREAM, "data"), where, contents)


def _read_bundle(bundle: dict[str, Any], where: str, contents: Contents) -> None:
    """Read one MIME bundle: pictures and other bytes as files, HTML as HTML, JSON as a figure, the rest as text."""
    contents.add_names(f"{where} kinds", list(bundle))
    for kind, value in bundle.items():
        if kind.startswith("image/") and "svg" not in kind:
            keep_base64(_joined(value), where, contents)
        elif kind in ("text/html", "image/svg+xml"):
            contents.parts.append(Part(where, f"<div>{_joined(value)}</div>".encode()))
        elif kind.endswith("/javascript"):
            contents.parts.append(Part(where, f"<script>{_joined(value)}</script>".encode()))
        elif isinstance(value, (dict, list)) and kind.endswith("json"):
            figure = "plotly" in kind or "vega" in kind
            keep_json(value, json.dumps(value, ensure_ascii=False), where, contents, in_figure=figure)
        elif not kind.startswith("text/") and _is_binary(_joined(value)):
            keep_base64(_joined(value), where, contents)
        else:
            contents.add_text(where, _joined(value))


def _is_binary(value: str) -> bool:
    """Tell whether some text is base64 of what is no text itself, as nbformat writes every kind of bytes."""
    try:
        return decode(base64.b64decode("".join(value.split()), validate=True)) is None
    except (binascii.Error, ValueError):
        return False
