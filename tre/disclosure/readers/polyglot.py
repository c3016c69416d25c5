"""Files that are of two kinds at once: what one program shows of them, another does not (CWE-434).

Readers of one kind find what follows its end; here are the kinds whose programs look for their mark elsewhere than at
the beginning: a PDF's within the first 1,024 bytes (ISO 32000-1, implementation note 13), a ZIP's at the end, a
DICOM's and a TAR's behind bytes that may be anything, and HTML's anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tre.disclosure.model import Hit

_PDF_HEAD = 1024
_ZIP_TAIL = 22 + 65535  # the end record and the longest comment
_ZIPPED = {"zip", "xlsx", "docx", "pptx", "opendocument", "torch", "skops"}
_TEXTUAL = {"text", "csv", "json", "ndjson", "notebook", "yaml", "html", "svg", "xml", "lightgbm", "xgboost"}
_HTML = re.compile(rb"<(!doctype html|html|script|iframe|body)\b", re.IGNORECASE)
_HEADS = {"png", "jpeg", "gif", "tiff", "pdf", "dicom"}


def find_polyglot(data: bytes, kind: str, where: str) -> Iterator[Hit]:
    """Yield a hit for each other kind that a program could take the bytes for."""
    others = []
    if kind != "pdf" and kind not in _ZIPPED and b"%PDF-" in data[:_PDF_HEAD] and b"%%EOF" in data:
        others.append("pdf")
    if kind not in _ZIPPED and ends_as_zip(data):
        others.append("zip")
    if kind != "dicom" and data[128:132] == b"DICM" and kind not in _TEXTUAL:
        others.append("dicom")
    if kind in _HEADS and _HTML.search(data[:_PDF_HEAD]):
        others.append("html")
    yield from (Hit("polyglot", f"also-{other}", where, "", 1) for other in others)


def ends_as_zip(data: bytes) -> bool:
    """Tell whether a program for ZIP would open the bytes: an end record that points at a directory."""
    tail = data[-_ZIP_TAIL:]
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + 22 > len(tail):
        return False
    end = len(data) - len(tail) + at
    size = int.from_bytes(tail[at + 12 : at + 16], "little")
    return 0 < size <= end and data[end - size : end - size + 4] == b"PK\x01\x02"
