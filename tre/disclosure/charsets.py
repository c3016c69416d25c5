"""Bytes as text, in the few encodings that a text may have here; anything else is no text."""

from __future__ import annotations

import codecs
import re

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
MARKS = (  # UTF-32's mark begins as UTF-16's does, so it is looked for first (Unicode 16, section 23.8)
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
# Share of letters beyond ASCII over which bytes are not a western text: EBCDIC's capitals and digits all lie there,
# and a text in Cyrillic or Greek has nearly all of its letters there.
WESTERN = 0.3


def decode(data: bytes) -> str | None:
    """Return the text of some bytes, or None when they are not text.

    UTF-8 is tried, UTF-16 and UTF-32 where their mark stands first, and Windows-1252 (which holds Latin-1's letters).
    """
    text = _decoded(data)
    return None if text is None or _CONTROL.search(text) else text


def _decoded(data: bytes) -> str | None:
    encoding = next((name for mark, name in MARKS if data.startswith(mark)), "")
    try:
        return data.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        if encoding:
            return None
    beyond = len(data) - len(data.translate(None, bytes(range(128, 256))))
    if beyond > WESTERN * len(data):
        return None
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return None
