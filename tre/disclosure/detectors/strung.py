"""Bytes strung over things that stand one after another: colours, addresses of machines, calls of a character each.

What stands between them does not count: a palette, the fills of a drawing and the hosts of a log are read alike. Shades
and addresses at random are no words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from tre.disclosure.detectors.meaning import reads_as_words, text_in

_FEWEST = 8  # bytes
_MOST = 65_536  # characters of a text that are looked at
_COLOUR = re.compile(r"#([0-9a-fA-F]{6})\b")
_SHADE = re.compile(r"\brgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})")
_HOST = re.compile(r"(?<![\d.])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_MACHINE = re.compile(r"(?<![\w:-])((?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2})(?![\w:-])")
# intToUtf8(77L), chr(77), CHAR(0x4d), String.fromCharCode(77): each by itself, whatever puts them together
_CALL = re.compile(r"\b[A-Za-z_][\w.]{0,40}\(\s*(0[xX][0-9a-fA-F]{2,6}|\d{2,7})L?\s*\)")
_CALLS = 8  # of one name


def find_strung(text: str) -> Iterator[tuple[str, str]]:
    """Yield how bytes are strung over a text, and what they say in words."""
    head = text[:_MOST]
    shades = [bytes.fromhex(found[1]) for found in _COLOUR.finditer(head)] if "#" in head else []
    told = {
        "colours": shades + _numbers(_SHADE, head),
        "addresses of machines": _numbers(_HOST, head),
        "addresses of network cards": [bytes.fromhex(re.sub("[:-]", "", each[1])) for each in _MACHINE.finditer(head)],
    }
    for how, pieces in told.items():
        data = b"".join(pieces).rstrip(b"\0")
        said = text_in(data) if len(data) >= _FEWEST else None
        if said is not None and reads_as_words(said):
            yield how, said
    called = "".join(_called(head)) if head.count("(") >= _CALLS else ""
    if len(called) >= _FEWEST and reads_as_words(called):
        yield "calls of a character each", called


def _numbers(pattern: re.Pattern[str], text: str) -> list[bytes]:
    """Return the bytes of each find whose numbers are bytes."""
    found = ([int(each) for each in match.groups()] for match in pattern.finditer(text))
    return [bytes(numbers) for numbers in found if max(numbers) < 256]


def _called(text: str) -> Iterator[str]:
    """Yield the characters that calls are given as numbers, where one name is called for most of them."""
    found = list(_CALL.finditer(text))
    names = [match[0].split("(", 1)[0] for match in found]
    common, count = next(iter(Counter(names).most_common(1)), ("", 0))
    if count < _CALLS:
        return
    for name, match in zip(names, found, strict=True):
        code = int(match[1], 0) if match[1][:2].lower() == "0x" else int(match[1])
        if name == common and code < 0x110000 and not 0xD800 <= code < 0xE000:
            yield chr(code)
