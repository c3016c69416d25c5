"""Tell a file's type from its bytes. Nothing here loads, runs or trusts what it looks at."""

from __future__ import annotations

import io
import json
import pickletools
import re
import zipfile

from tre.disclosure.readers.tabular import decode, delimiter_of

_MAGIC = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"\xff\xff\xff\xff", "arrow"),  # a stream of Arrow IPC: the continuation mark, then the length of its schema
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x1f\x8b", "compressed"),
    (b"BZh", "compressed"),
    (b"\xfd7zXZ\x00", "compressed"),
    (b"x\x9c", "compressed"),
    (b"x\xda", "compressed"),
    (b"x\x01", "compressed"),
    (b"\x93NUMPY", "numpy"),
    (b"\x89HDF", "hdf5"),
    (b"%PDF", "pdf"),
    (b"GIF8", "gif"),
    (b"SQLite format 3", "sqlite"),
)
_CONTAINERS = {
    "GLOBAL", "STACK_GLOBAL", "INST", "LIST", "DICT", "TUPLE", "EMPTY_LIST", "EMPTY_DICT", "TUPLE1", "TUPLE2", "TUPLE3",
}  # fmt: skip
_IMPORTED = re.compile(r"[A-Za-z_][\w.]* [A-Za-z_][\w.]*")
_HTML = re.compile(r"<(!doctype html|html|head|body|script|div|table|p|iframe|object|form|span|img)\b", re.IGNORECASE)
_SVG = re.compile(r"<([a-z]+:)?svg\b", re.IGNORECASE)


def is_pickle(data: bytes) -> bool:
    """Tell whether the bytes start with a whole pickle program, by reading its opcodes without running them."""
    if data[:1] == b"\x80" and data[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return True
    seen: set[str] = set()
    try:
        for opcode, argument, _ in pickletools.genops(io.BytesIO(data)):
            if opcode.name in ("GLOBAL", "INST") and not _IMPORTED.fullmatch(str(argument)):
                return False
            if opcode.name == "INST" and "MARK" not in seen:
                return False
            if opcode.name == "REDUCE" and not seen & ((_CONTAINERS | {"EMPTY_TUPLE"}) - {"GLOBAL", "STACK_GLOBAL"}):
                return False  # nothing was built that could be called with
            seen.add(opcode.name)
        if not seen & _CONTAINERS:
            return False
        pickletools.dis(data, out=io.StringIO())  # follows the stack: prose that happens to parse does not hold up
    except (ValueError, IndexError, UnicodeDecodeError, OverflowError, KeyError, EOFError):
        # a program cut short still runs up to the cut: what imports and calls is a pickle all the same
        called = "REDUCE" in seen and bool(seen & {"TUPLE", "EMPTY_TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"})
        return "INST" in seen or ("GLOBAL" in seen and (called or "OBJ" in seen))
    return True


def is_safetensors(data: bytes) -> bool:
    """Tell whether the bytes start as safetensors do: the header's length, then a JSON object."""
    size = int.from_bytes(data[:8], "little")
    return len(data) > 9 and 2 <= size <= len(data) - 8 and data[8:9] == b"{"


def sniff(data: bytes) -> str:
    """Return the name of the reader for some bytes, or a name that has no reader."""
    if data[:2] == b"PK":
        return _kind_of_zip(data)
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    if is_safetensors(data):
        return "safetensors"
    if is_pickle(data):
        return "pickle"
    text = decode(data)
    return "unknown" if text is None else _kind_of_text(text)


def _kind_of_zip(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return "zip"  # its reader says what is wrong with it
    return "xlsx" if "xl/workbook.xml" in names else "zip"


def _kind_of_text(text: str) -> str:
    head = text.lstrip("\ufeff \t\r\n")
    if head[:1] in ("{", "["):
        try:
            value = json.loads(head)
        except (ValueError, RecursionError):
            return "ndjson" if _is_ndjson(head) else ("csv" if delimiter_of(text) else "text")
        return "notebook" if isinstance(value, dict) and "cells" in value and "nbformat" in value else "json"
    if head[:1] == "<":  # a tag further on makes no page: a column may be named by one
        html, svg = _HTML.search(head), _SVG.search(head)
        if svg and (not html or svg.start() < html.start()):
            return "svg"
        if html:
            return "html"
    return "csv" if head[:1] != "|" and delimiter_of(text) else "text"  # a Markdown table is read as text


def _is_ndjson(text: str) -> bool:
    lines = [line for line in text.splitlines()[:3] if line.strip()]
    try:
        return all(isinstance(json.loads(line), (dict, list)) for line in lines) and len(lines) > 1
    except (ValueError, RecursionError):
        return False
