"""Tell a file's type from its bytes. Nothing here loads, runs or trusts what it looks at."""

from __future__ import annotations

import io
import json
import pickletools
import re
import zipfile

from tre.disclosure.charsets import decode
from tre.disclosure.readers.polyglot import ends_as_zip
from tre.disclosure.readers.tabular import delimiter_of, is_column
from tre.disclosure.readers.tar import is_tar
from tre.disclosure.readers.yamls import is_yaml

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
    (b"\x28\xb5\x2f\xfd", "compressed"),
    (b"\x04\x22\x4d\x18", "compressed"),
    (b"%PDF-", "pdf"),
    (b"GIF8", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
    (b"SQLite format 3\0", "sqlite"),
    (b"<stata_dta>", "stata"),
    (bytes(12) + b"\xc2\xea\x81\x60\xb3\x14\x11\xcf\xbd\x92\x08\0\x09\xc7\x31\x8c\x18\x1f\x10\x11", "sas"),
    (bytes(28) + b"\x18\x1f\x10\x11", "sas"),
    (b"HEADER RECORD*******LIB", "xport"),
    (b"$FL2", "spss"),
    (b"$FL3", "spss"),
    (b"RDX2\nX\n", "rdata"),
    (b"RDX3\nX\n", "rdata"),
    (b"X\n\0\0\0", "rdata"),
    (b"{\\rtf", "rich text"),  # text whose control words can part any value, and no reader of it: unreadable
    (b"%!PS", "postscript"),  # a program that draws
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # [MS-CFB] 2.2
_POR = b"ASCII SPSS PORT FILE"  # after five lines of forty characters that say so in other character sets
_CONTAINERS = {
    "GLOBAL", "STACK_GLOBAL", "INST", "LIST", "DICT", "TUPLE", "EMPTY_LIST", "EMPTY_DICT", "TUPLE1", "TUPLE2", "TUPLE3",
}  # fmt: skip
_IMPORTED = re.compile(r"[A-Za-z_][\w.]* [A-Za-z_][\w.]*")
_HTML = re.compile(r"<(!doctype html|html|head|body|script|div|table|p|iframe|object|form|span|img)\b", re.IGNORECASE)
_SQL = re.compile(
    r"(?:--[^\n]*\s+|/\*[^*]{0,4000}\*/\s*)*+"
    r"(?:insert\s+(?:or\s+\w+\s+)?into|create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+)?(?:table|view)|drop\s+table|"
    r"begin(?:\s+transaction)?;)\s",
    re.IGNORECASE,
)
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
    kind = next((kind for magic, kind in _MAGIC if data.startswith(magic)), "") or _kind_by_place(data)
    if kind:
        return kind
    if is_safetensors(data):
        return "safetensors"
    if is_ubjson(data):
        return "ubjson"
    if is_pickle(data):
        return "pickle"
    if is_onnx(data):
        return "onnx"
    text = decode(data)
    if text is None:  # a program may stand before an archive that unpacks itself
        return "zip" if ends_as_zip(data) else "unknown"
    return _kind_of_text(text)


def is_ubjson(data: bytes) -> bool:
    """Tell whether the bytes start as an XGBoost model in UBJSON does: an object whose first key has a length."""
    return data[:1] == b"{" and data[1:2] in (b"L", b"l", b"I", b"i", b"U", b"$", b"#") and b"learner" in data


def is_onnx(data: bytes) -> bool:
    """Tell whether the bytes are protobuf fields as ONNX's model has them: its version, then names or a graph."""
    # ir_version is field 1, a varint; then come producer (2 to 6), graph (7) or operator sets (8).
    return len(data) > 2 and data[0] == 8 and 0 < data[1] < 64 and data[2] in b"\x12\x1a\x22\x32:B"


def _kind_by_place(data: bytes) -> str:
    """Return the kind of a file whose mark stands behind its beginning, or nothing."""
    if data[128:132] == b"DICM":
        return "dicom"
    if data[8:12] == b"DUCK":
        return "duckdb"
    if data and 104 <= data[0] <= 115 and data[1:2] in (b"\1", b"\2") and data[2:4] == b"\1\0":
        return "stata"  # dta 104 to 115: version, byte order, and one always
    if _POR in data[:512].replace(b"\r", b"").replace(b"\n", b""):
        return "por"
    if data.startswith(_OLE):
        book = any(name.encode("utf-16-le") in data for name in ("Workbook", "Book"))
        return "xls" if book else "compound document"
    return "tar" if is_tar(data) else ""


_OPEN_XML = {
    "xl/workbook.xml": "xlsx",
    "xl/workbook.bin": "xlsx",
    "word/document.xml": "docx",
    "ppt/presentation.xml": "pptx",
}


def _kind_of_zip(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return "zip"  # its reader says what is wrong with it
    opened = next((kind for name, kind in _OPEN_XML.items() if name in names), "")
    if opened:
        return opened
    if "mimetype" in names and "content.xml" in names:
        return "opendocument"
    if any(name.rpartition("/")[2] == "data.pkl" for name in names):
        return "torch"
    return "skops" if "schema.json" in names else "zip"


def _kind_of_text(text: str) -> str:
    head = text.lstrip("\ufeff \t\r\n")
    if head[:1] in ("{", "["):
        try:
            value = json.loads(head)
        except (ValueError, RecursionError):
            return "ndjson" if _is_ndjson(head) else ("csv" if delimiter_of(text) else "text")
        return _kind_of_object(value)
    if head[:1] == "<":  # a tag further on makes no page: a column may be named by one
        html, svg = _HTML.search(head), _SVG.search(head)
        if svg and (not html or svg.start() < html.start()):
            return "svg"
        if html:
            return "html"
        if head.startswith("<?xml"):
            return "xml"
    if head.startswith("tree\nversion="):
        return "lightgbm"
    if _SQL.match(head):
        return "text"  # its lists of values would pass for rows
    if is_yaml(head):
        return "yaml"
    rows = head[:1] != "|" and (delimiter_of(text) or is_column(text))
    return "csv" if rows else "text"  # a Markdown table is read as text


def _kind_of_object(value: object) -> str:
    if isinstance(value, dict) and "cells" in value and "nbformat" in value:
        return "notebook"
    return "xgboost" if isinstance(value, dict) and {"learner", "version"} <= set(value) else "json"


def _is_ndjson(text: str) -> bool:
    lines = [line for line in text.splitlines()[:3] if line.strip()]
    try:
        return all(isinstance(json.loads(line), (dict, list)) for line in lines) and len(lines) > 1
    except (ValueError, RecursionError):
        return False
