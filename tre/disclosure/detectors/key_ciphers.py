"""Names under the ciphers of keys: the keys beside on a keyboard, and the keys of a telephone.

A keyboard's rows are QWERTY's (ISO/IEC 9995); the letters on a telephone's keys are ITU-T E.161's, each pressed as
often as its letter's place on it, or once.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from tre.disclosure.detectors.paper_ciphers import cut_in_two, paired
from tre.disclosure.packs import Names

_ROWS = ("qwertyuiop[", "asdfghjkl;", "zxcvbnm,")
_RIGHT = {row[at]: row[at + 1] for row in _ROWS for at in range(len(row) - 1)}
_LEFT = {beside: key for key, beside in _RIGHT.items() if beside.isalpha()}
_ENCIPHER = {"right": str.maketrans(_RIGHT), "left": str.maketrans(_LEFT)}
_DECIPHER = {
    "right": str.maketrans({beside: key for key, beside in _RIGHT.items()}),
    "left": str.maketrans({beside: key for key, beside in _LEFT.items()}),
}
_SIGNS = ",;["  # keys beside letters that end and begin words as well
_TYPED = re.compile(rf"[a-z{re.escape(_SIGNS)}]+")

_KEYS = dict(zip("23456789", ("abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"), strict=True))
_PRESSES = {digit * place: letter for digit, letters in _KEYS.items() for place, letter in enumerate(letters, 1)}
_DIGITS = str.maketrans({letter: digit for digit, letters in _KEYS.items() for letter in letters})
_PRESSED = r"(?:2{1,3}|3{1,3}|4{1,3}|5{1,3}|6{1,3}|7{1,4}|8{1,3}|9{1,4}|0)"
TAPPED = rf"{_PRESSED}(?:[ ,/|.-]{{1,3}}{_PRESSED}){{7,}}"
_RUN = re.compile(rf"(?<![\d.]){TAPPED}(?!\d)")
_WORD_END = re.compile(r"[ ,.-]*(?:\b0\b|[/|])[ ,./|-]*|\s{2,}")
KEYED = r"[2-9]{4,16}[ 0_-][2-9]{4,16}"
_KEYED = re.compile(rf"(?<![\d.,])(?=({KEYED})(?![\d.,]))")
_SHORTEST = 4  # digits of a name that is keyed once a letter
_BOTH = 13  # digits of a forename and a surname: two numbers without a nought or a one are names once in millions


@cache
def _beside(words: frozenset[str], side: str) -> dict[str, list[str]]:
    """Return names by how they are written with the keys beside; a letter at a row's end may be itself or the next."""
    found: dict[str, list[str]] = defaultdict(list)
    for word in sorted(words):
        found[word.translate(_ENCIPHER[side])].append(word)
    return dict(found)


def are_beside(text: str, names: Names) -> bool:
    """Tell whether a forename written with the keys beside stands anywhere in a text."""
    words = set(_TYPED.findall(text.lower()))
    words |= {word.strip(_SIGNS) for word in words}
    return any(not words.isdisjoint(_beside(names.forenames, side)) for side in _ENCIPHER)


def of_keys_beside(text: str, names: Names) -> Iterator[str]:
    """Yield each forename and surname side by side that were typed with the keys to the right, or to the left."""
    text = text.lower()
    for side in _ENCIPHER:
        for one, two in pairwise(_TYPED.finditer(text)):
            if text[one.end() : two.start()] == " " and not _are_words(one[0], two[0], names):
                yield from _shifted(one[0], two[0], side, names)


def _are_words(one: str, two: str, names: Names) -> bool:
    """Tell whether either of two words is one of the language, or a name, as it stands."""
    return any(word in names.lexicon or word in names.forenames or word in names.surnames for word in (one, two))


def _shifted(one: str, two: str, side: str, names: Names) -> Iterator[str]:
    """Yield the forename and surname that two words stand for; signs around them may be their own."""
    forenames, surnames = _beside(names.forenames, side), _beside(names.surnames, side)
    firsts = [name for word in dict.fromkeys((one, one.strip(_SIGNS))) for name in forenames.get(word, ())]
    words = dict.fromkeys((two, two.strip(_SIGNS)))
    seconds = [name for word in words for name in surnames.get(word, [word.translate(_DECIPHER[side])])]
    yield from paired(firsts, seconds, names)


def of_presses(text: str, names: Names) -> Iterator[str]:
    """Yield each forename and surname that were keyed on a telephone, a key pressed once to four times a letter."""
    for run in _RUN.finditer(text):
        words = ["".join(_PRESSES[each] for each in re.findall(r"\d+", part)) for part in _WORD_END.split(run[0])]
        if len(words) == 1:
            yield from cut_in_two(words[0], names)
        for one, two in pairwise(words):
            yield from paired([one], [two], names)


@cache
def _keyed(names: Names) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the forenames and the surnames by the keys that they stand on."""
    found: tuple[dict[str, list[str]], dict[str, list[str]]] = (defaultdict(list), defaultdict(list))
    for by_keys, words in zip(found, (names.forenames, names.surnames), strict=True):
        for word in sorted(words):
            if len(word) >= _SHORTEST:
                by_keys[word.translate(_DIGITS)].append(word)
    return found


def of_keys(text: str, names: Names) -> Iterator[str]:
    """Yield each forename and surname that two numbers side by side are, a key pressed once a letter."""
    forenames, surnames = _keyed(names)
    for found in _KEYED.finditer(text):
        one, two = re.split(r"[ 0_-]", found[1], maxsplit=1)
        if len(one) + len(two) >= _BOTH:
            pairs = ((a, b) for a in forenames.get(one, ()) for b in surnames.get(two, ()))
            yield from (f"{a} {b}" for a, b in pairs if names.are_person(a, b))
