"""Names told by which letters of a harmless text are capitals: five letters for one, after Bacon, or bits of ASCII."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, product

from tre.disclosure.detectors.hiding import spelled
from tre.disclosure.detectors.paper_ciphers import within
from tre.disclosure.packs import Names

ODD = r"(?:[a-z][A-Z][A-Za-z ,.;:]*?){6}"  # six capitals within words (RE2)
# The alphabet of today, and Bacon's own (De augmentis scientiarum, 1623), in which I is J and U is V
_ALPHABETS = ("abcdefghijklmnopqrstuvwxyz", "abcdefghiklmnopqrstuwxyz")
_FORENAME, _SURNAME = range(4, 13), range(3, 17)  # letters
_MOST = 400  # letters of a text that are looked at
_WORD = re.compile(r"[A-Za-z]{3,}")


def first_of_capitals(text: str, names: Names) -> Iterator[str]:
    """Yield each forename and what may be a surname, in lower case, that the capitals of a text begin with."""
    bits = _bits(text)
    for alphabet, capital in product(_ALPHABETS, (True, False)):
        yield from _first(_of_fives(bits, alphabet, capital=capital), names)


def of_capitals(text: str, names: Names) -> Iterator[str]:
    """Yield each forename and surname, in lower case, that the capitals of a text tell behind what stands before."""
    bits = _bits(text)
    for alphabet, capital, start in product(_ALPHABETS, (True, False), range(5)):
        told = _of_fives(bits[start:], alphabet, capital=capital)
        yield from within(told, names)
        yield from _first(told.lstrip("a."), names)  # letters without capitals, before the first that has one
    words = [word.lower() for word in _WORD.findall(spelled(bits))]
    yield from (f"{one} {two}" for one, two in pairwise(words) if one in names.forenames)


def _bits(text: str) -> list[bool]:
    return [letter.isupper() for letter in text if letter.isascii() and letter.isalpha()][:_MOST]


def _of_fives(bits: Sequence[bool], alphabet: str, *, capital: bool) -> str:
    """Return the letters that bits are by fives; a stop where they are none."""
    told = ""
    for start in range(0, len(bits) - 4, 5):
        place = sum((bit is capital) << 4 - at for at, bit in enumerate(bits[start : start + 5]))
        told += alphabet[place] if place < len(alphabet) else "."
    return told


def _first(letters: str, names: Names) -> Iterator[str]:
    """Yield each forename that letters begin with beside what follows, as it is cut off by letters of small ones."""
    for cut in _FORENAME:
        if letters[:cut] not in names.forenames:
            continue
        rest = letters[cut : cut + _SURNAME[-1]].split(".")[0]
        ends = {size for size in _SURNAME if rest[:size] in names.surnames} | {len(rest.rstrip("a"))}
        yield from (f"{letters[:cut]} {rest[:end]}" for end in sorted(ends) if end >= _SURNAME[0])
