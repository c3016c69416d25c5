"""Arrays that figures and widgets carry as bytes: Plotly's and Bokeh's, and the buffers of a notebook's widgets."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from typing import Any

import numpy as np

from tre.disclosure.contents import Contents, Part, Series, Unreadable

_KIND = re.compile(r"[<|]?(?:[iuf][1248]|u?int(?:8|16|32|64)|float(?:16|32|64)|bool)")  # as NumPy names its types
_GZIP = b"\x1f\x8b"
_MOST_BYTES = 64 * 1024 * 1024


def unpack_array(value: dict[str, Any]) -> tuple[str, ...] | None:
    """Return the values of a packed array (Plotly's is ``{"dtype": "f8", "bdata": base64}``), or None.

    Raises
    ------
    Unreadable
        It says that it is one and is damaged.
    """
    packed, kind = _packed(value), str(value.get("dtype"))
    if not isinstance(packed, str) or not _KIND.fullmatch(kind):
        return None
    try:
        raw = base64.b64decode(packed, validate=True)
        raw = _unpacked(raw) if raw[:2] == _GZIP else raw
    except (binascii.Error, ValueError, zlib.error) as error:
        raise Unreadable("a packed array is damaged") from error
    return _values(raw, kind)


def _unpacked(raw: bytes) -> bytes:
    packed = zlib.decompressobj(47)
    made = packed.decompress(raw, _MOST_BYTES)
    if packed.unconsumed_tail:
        raise Unreadable("a packed array is longer than inspection reads", rule="too-big")
    if not packed.eof or packed.unused_data:
        raise Unreadable("a packed array is damaged")
    return made


def beside_array(value: dict[str, Any]) -> dict[str, Any]:
    """Return what stands in an object beside the array that it packs: a program may show that as well."""
    told = {**value, "array": {**value["array"], "data": None}} if isinstance(value.get("array"), dict) else value
    return {name: each for name, each in told.items() if name not in ("bdata", "__ndarray__")}


def _packed(value: dict[str, Any]) -> Any:
    """Return the base64 of an array that Plotly or Bokeh (2 and 3) packed, or None in its place."""
    inner = value.get("array")
    if value.get("type") == "ndarray" and isinstance(inner, dict):
        return inner.get("data")
    return value.get("__ndarray__", value.get("bdata"))


def keep_buffers(value: dict[str, Any], where: str, contents: Contents) -> None:
    """Keep the buffers of a widget's model: arrays where its state says their type, else files to be read in turn.

    See the Jupyter widget state, version 2: each buffer has the ``path`` in the state that it is taken out of.

    Raises
    ------
    Unreadable
        A buffer is damaged.
    """
    state, buffers = value.get("state"), value.get("buffers")
    if not isinstance(state, dict) or not isinstance(buffers, list):
        return
    for each in buffers:
        if not isinstance(each, dict) or not isinstance(each.get("data"), str):
            continue
        path = each["path"] if isinstance(each.get("path"), list) else []
        try:
            hexed = each.get("encoding") == "hex"
            raw = bytes.fromhex(each["data"]) if hexed else base64.b64decode(each["data"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise Unreadable("a buffer of a widget is damaged") from error
        if kind := _kind_in(state, path):
            name = next((str(step) for step in reversed(path) if isinstance(step, str) and step != "value"), "")
            contents.series.append(Series(where, name, _values(raw, kind), True))
        elif raw:
            contents.parts.append(Part(f"{where} widget's buffer".strip(), raw))


def _kind_in(state: Any, path: list[Any]) -> str:
    """Return the type that the state tells of an array at a path or right above it, or nothing."""
    kind = ""
    for step in path:
        inner = isinstance(step, int) and isinstance(state, list) and -len(state) <= step < len(state)
        state = state[step] if inner else state.get(str(step)) if isinstance(state, dict) else None
        kind = str(state.get("dtype", "")) if isinstance(state, dict) else kind
    return kind if _KIND.fullmatch(kind) else ""


def _values(raw: bytes, kind: str) -> tuple[str, ...]:
    try:
        return tuple(map(str, np.frombuffer(raw, np.dtype(kind).newbyteorder("<")).tolist()))
    except ValueError as error:
        raise Unreadable("a packed array is damaged") from error
