"""Names under the ciphers of paper and pencil: Pig Latin, a rail fence, and letters between another text's letters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise

from tre.disclosure.packs import Names

_SHORTEST = 3  # letters of a forename, and of a surname
_ALONE = 8  # and of both, where nothing parts them
_LATIN = re.compile(r"(?i)(?<![a-z])([a-z]{2,18}?)'?(way|yay|ay)(?![a-z])")
_MOVED = re.compile(r"(?:[^aeiou]|(?<=q)u)*$")  # what a word began with: consonants, "y" or not among them, and "qu"
_GAP = re.compile(r"[ _.,-]{1,3}")
_TOKEN = re.compile(r"(?<![A-Za-z])(?:[a-z]{8,32}|[A-Z][a-z]{7,31}|[A-Z]{8,32})(?![A-Za-z])")
_RAILS = (2, 3)
_COVERED = re.compile(r"[A-Za-z]{16,120}")
_CAPITALS = re.compile(r"(?<=[a-z])[A-Z](?=[a-z]|\b)")
_CAPITAL_LETTERS = range(_ALONE, 65)  # within words: fewer are no name, more are a program's
_LONGEST = 16  # letters of a forename, and of a surname


def paired(ones: Iterable[str], twos: Iterable[str], names: Names) -> Iterator[str]:
    """Yield each forename with a surname, of two words in lower case that may stand for several, in either order.

    What stands beside a forename may be a surname that no list has.
    """
    seconds = [two for two in twos if len(two) >= _SHORTEST]
    for one in ones:
        if len(one) < _SHORTEST:
            continue
        yield from (f"{one} {two}" for two in seconds if one in names.forenames)
        yield from (f"{two} {one}" for two in seconds if one in names.surnames and two in names.forenames)


def cut_in_two(letters: str, names: Names) -> Iterator[str]:
    """Yield each forename with what may be a surname that letters are, in lower case, from the first to the last."""
    last = min(len(letters) - _SHORTEST, _LONGEST) if len(letters) >= _ALONE else 0
    for cut in range(_SHORTEST, last + 1):
        if letters[:cut] in names.forenames:
            yield f"{letters[:cut]} {letters[cut:]}"


def of_pig_latin(text: str, names: Names) -> Iterator[str]:
    """Yield each forename and surname side by side whose beginnings were moved behind their ends, before "ay"."""
    for one, two in pairwise(_LATIN.finditer(text)):
        if _GAP.fullmatch(text, one.end(), two.start()):
            yield from paired(_brought_forward(one), _brought_forward(two), names)


def _brought_forward(word: re.Match[str]) -> Iterator[str]:
    """Yield the words that one of Pig Latin may stand for; one that begins with a vowel has an ending added alone."""
    stem, end = word[1].lower(), word[2].lower()
    if end != "ay":
        yield stem
        stem += end[0]
    longest = _MOVED.search(stem)
    start = max(longest.start(), 1) if longest else len(stem)
    yield from (stem[at:] + stem[:at] for at in range(len(stem) - 1, start - 1, -1))
    yield stem


def of_rails(text: str, names: Names) -> Iterator[str]:
    """Yield each forename and surname that were written in a zigzag over a few rails and read rail by rail."""
    beginnings = _beginnings(names)
    for token in _TOKEN.finditer(text):
        written = token[0].lower()
        for rails in _RAILS:
            first = "".join([written[at] for at in _rails(len(written), rails)[:_SHORTEST]])
            if first in beginnings and written not in names.lexicon:
                yield from cut_in_two(off_rails(written, rails), names)


def off_rails(letters: str, rails: int) -> str:
    """Return letters that were read rail by rail in the order in which they were written in a zigzag."""
    return "".join([letters[at] for at in _rails(len(letters), rails)])


@cache
def _rails(size: int, rails: int) -> tuple[int, ...]:
    """Return for each letter in the order of writing where it stands when they are read rail by rail."""
    around = 2 * (rails - 1)
    read = sorted(range(size), key=lambda at: (min(at % around, around - at % around), at))
    return tuple(sorted(range(size), key=read.__getitem__))


@cache
def _beginnings(names: Names) -> frozenset[str]:
    return frozenset(name[:_SHORTEST] for name in names.forenames)


def from_between(text: str, names: Names) -> Iterator[str]:
    """Yield each forename and surname that stand letter by letter between others, or are the capitals of a text."""
    for run in _COVERED.finditer(text):
        for start in (0, 1):
            yield from within(run[0][start::2].lower(), names)
    capitals = "".join(_CAPITALS.findall(text)).lower()
    if len(capitals) in _CAPITAL_LETTERS:
        yield from cut_in_two(capitals, names)
        yield from within(capitals, names)


def within(letters: str, names: Names) -> Iterator[str]:
    """Yield each forename with a surname after it that stand anywhere in letters, both of them in the dictionary."""
    beginnings = _beginnings(names)
    for start in range(len(letters) - _ALONE + 1):
        if letters[start : start + _SHORTEST] not in beginnings:
            continue
        for middle in range(start + _SHORTEST, start + _LONGEST):
            if letters[start:middle] in names.forenames:
                rest = letters[middle : middle + _LONGEST]
                sizes = range(max(_SHORTEST, _ALONE - middle + start), len(rest) + 1)
                surnames = (rest[:size] for size in sizes if rest[:size] in names.surnames)
                yield from (f"{letters[start:middle]} {surname}" for surname in surnames)
