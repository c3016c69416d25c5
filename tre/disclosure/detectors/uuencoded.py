"""Bytes in lines that tell their own length: uuencoded (POSIX.1, uuencode) and xxencoded, with a heading or without."""

from __future__ import annotations

import re
from binascii import a2b_uu
from collections.abc import Iterator
from contextlib import suppress

from tre.disclosure.detectors.meaning import is_file, text_in

_OF_XX = "+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_OF_UU = "".join(chr(32 + value) for value in range(64))
_ALPHABETS = {
    "uuencoding": {**{mark: mark for mark in _OF_UU}, "`": " "},
    "xxencoding": dict(zip(_OF_XX, _OF_UU, strict=True)),
}
# What each line begins with before a heading or a full line: a blank or more, or the mark of a comment
_STARTS = re.compile(r"^([^\w\n]{0,12})(?:begin [0-7]{3,4} |[Mh][ -z]{60})", re.MULTILINE)
_LOOKED, _WAYS = 262_144, 4  # characters in which they are looked for, and how many of them are tried
_FEWEST = 8  # bytes
_MOST = 200_000  # lines that are looked at


def find_uuencoded(text: str) -> Iterator[tuple[str, bytes]]:
    """Yield how runs of lines in a text are encoded, and the text or the file that each of them is."""
    lines = text.splitlines()[:_MOST]
    for before in sorted({"", *(found[1] for found in _STARTS.finditer(text, 0, _LOOKED))})[:_WAYS]:
        for how, alphabet in _ALPHABETS.items():
            for data in _runs([line.removeprefix(before) for line in lines], alphabet):
                yield how, data


def _runs(lines: list[str], alphabet: dict[str, str]) -> Iterator[bytes]:
    """Yield the text or the file that lines of one alphabet are, one after another."""
    run = b""
    for line in [*lines, ""]:
        data = _of_line(line, alphabet)
        if data:
            run += data
            continue
        if len(run) >= _FEWEST and (is_file(run) or text_in(run) is not None):
            yield run
        run = b""


def _of_line(line: str, alphabet: dict[str, str]) -> bytes:
    """Return the bytes of one line, whose first sign tells how many they are; nothing where it does not."""
    marks = [alphabet.get(mark) for mark in line]
    if not marks or marks[0] is None or len(line) > 1 + 84:
        return b""
    size = ord(marks[0]) - 32
    least, full = -(-size * 4 // 3), -(-size // 3) * 4
    if not size or not least <= len(marks) - 1 <= full + 1:  # blanks at the end may be gone, and a sum may follow
        return b""
    plain = "".join(mark or "~" for mark in marks)[: 1 + full]
    with suppress(ValueError):  # binascii.Error is one
        return a2b_uu(plain.ljust(1 + full))
    return b""
