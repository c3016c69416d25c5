"""What is spelled a mark at a time: down a column, along a row, by the first or the last letters of lines.

A mark of each cell or line, put together, is a text without its blanks; they are put back where a word ends by its
letters, or by the names it is made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tre.disclosure.packs import Names

LEAST = 8  # marks of a message
_MOST = 4000  # lines or cells that are looked at together
_BULLET = re.compile(r"^(?:[^\w\n]*(?:\d{1,3}[.):])?[^\w\n]+)?(?=\w)")
_BORDER = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
_LETTERS = re.compile(r"[A-Za-z]{8,}")
_NAME = range(4, 13)  # letters of a name that is told within others
_ALIKE = 0.8  # share of one mark, from which marks are the same over again


def marks_along(strings: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield how a mark of each string may spell a text, and the text.

    Parameters
    ----------
    strings : sequence of str
        Lines or cells in their order; empty ones count for nothing.
    """
    filled = [each.strip() for each in strings[:_MOST] if each.strip()]
    if len(filled) < LEAST:
        return
    if all(len(each) == 1 for each in filled):
        made = [("a mark a piece", "".join(filled))]
    else:
        words = [_BULLET.sub("", each) for each in filled]
        firsts = [("first letters", [each[:1] for each in filled]), ("first letters", [each[:1] for each in words])]
        lasts = [("last letters", [each[-1] for each in filled])]
        made = [(how, "".join(marks)) for how, marks in (*firsts, *lasts)]
    for how, text in dict.fromkeys(made):
        if max(map(text.count, set(text))) < _ALIKE * len(text):
            yield how, text


def parted(text: str, names: Names) -> str:
    """Return a text with blanks where one word ends and another begins, as far as its letters tell."""
    worded = _BORDER.sub(" ", text)
    return _LETTERS.sub(lambda found: _named(found[0], names), worded)


def _named(letters: str, names: Names) -> str:
    """Return letters with a forename and a surname that stand side by side in them set apart and in capitals."""
    plain = letters.lower()
    for start in range(len(plain)):
        for middle in _ends(plain, start, names.forenames):
            for end in _ends(plain, middle, names.surnames):
                person = f"{plain[start:middle].title()} {plain[middle:end].title()}"
                return f"{letters[:start]} {person} {letters[end:]}".strip()
    return letters


def _ends(letters: str, start: int, words: frozenset[str]) -> Iterator[int]:
    """Yield where words that begin there end, the longest first."""
    for end in range(min(start + _NAME[-1], len(letters)), start + _NAME[0] - 1, -1):
        if letters[start:end] in words:
            yield end
