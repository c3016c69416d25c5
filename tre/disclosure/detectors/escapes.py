"""Escapes that stand within a text in place of what they mean: URL, HTML, quoted-printable, backslashes and UTF-7."""

from __future__ import annotations

import html
import quopri
import re
import urllib.parse
from collections.abc import Callable

ESCAPED = 3  # escapes in a text that is escaped
_BACKSLASH = re.compile(
    r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([0-7]{3}))"
)
_DOUBLED = re.compile(_BACKSLASH.pattern + r"|\\\\")  # and a backslash that stands for one
_NESTED = 12  # strings within strings, each of which escapes those within it
_URL = re.compile(r"%[0-9a-fA-F]{2}")
_HTML = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});")
QUOTED = re.compile(r"=[0-9A-F]{2}")
_UTF7 = re.compile(r"\+A[A-Za-z0-9+/]{2,}-?")  # of ASCII, whose first byte in UTF-16 is zero (RFC 2152)


def without_backslashes(text: str) -> str:
    """Return a text with what backslashes escape, as often as one string was written into another."""

    def mark(found: re.Match[str]) -> str:
        if not any(found.groups()):
            return "\\"
        code = int(found[5], 8) if found[5] else int(next(each for each in found.groups()[:4] if each), 16)
        return chr(code) if code < 0x110000 else found[0]

    for _ in range(_NESTED):
        if not _BACKSLASH.search(text):
            break
        text = _DOUBLED.sub(mark, text)
    return text


def _quoted(text: str) -> str:
    return quopri.decodestring(text.encode()).decode("utf-8", "replace")


def _utf7(text: str) -> str:
    try:
        return _UTF7.sub(lambda found: found[0].encode().decode("utf-7"), text)
    except UnicodeError:
        return text


# by name: a byte that any must hold, what it looks like, and what undoes it
ESCAPES: dict[str, tuple[bytes, re.Pattern[str], Callable[[str], str]]] = {
    "URL escapes": (b"%", _URL, urllib.parse.unquote),
    "HTML escapes": (b"&", _HTML, html.unescape),
    "quoted-printable": (b"=", QUOTED, _quoted),
    "backslash escapes": (b"\\", _BACKSLASH, without_backslashes),
    "UTF-7": (b"+", _UTF7, _utf7),
}
