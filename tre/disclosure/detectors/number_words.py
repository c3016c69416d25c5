"""Numbers in words, as digits: one by one, in tens and hundreds, doubled, however they are parted."""

from __future__ import annotations

import re

_UNITS = {
    "zero": 0, "oh": 0, "nought": 0, "naught": 0, "nil": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5,
    "six": 6, "seven": 7, "eight": 8, "nine": 9,
}  # fmt: skip
_TEENS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1000}
_REPEATED = {"double": 2, "triple": 3, "treble": 3}
_WORD = "|".join(sorted({**_UNITS, **_TEENS, **_TENS, **_SCALES, **_REPEATED}, key=len, reverse=True))
# A pattern (RE2) of words of numbers one after the other, in any case
PHRASE = rf"(?:{_WORD})(?:[ _-]{{1,3}}(?:and[ _-])?(?:{_WORD})\b)*\b"
_WORDS = re.compile(_WORD, re.IGNORECASE)


def digits_of_words(phrase: str) -> str:
    """Return the digits that words of numbers are read aloud as.

    What one number can go on with belongs to it (ninety-nine, three hundred and nineteen, two thousand and six);
    anything else begins another, whose digits stand beside it (nine nine nine, nineteen eighty).
    """
    made: list[int] = []
    digits, times = "", 1
    for word in _WORDS.findall(phrase.lower()):
        if word in _REPEATED:
            digits, made, times = digits + _said(made), [], _REPEATED[word]
        elif times > 1 and word in _UNITS:
            digits, times = digits + str(_UNITS[word]) * times, 1
        else:
            value = {**_UNITS, **_TEENS, **_TENS, **_SCALES}[word]
            if made and not _goes_on(made[-1], value):
                digits, made = digits + _said(made), []
            made.append(value)
    return digits + _said(made)


def _goes_on(last: int, value: int) -> bool:
    """Tell whether a word of a number can follow another one within it."""
    if value in _SCALES.values():
        return 0 < last < value
    if last in _SCALES.values():
        return 0 < value < last
    return last in _TENS.values() and 0 < value < 10


def _said(values: list[int]) -> str:
    """Return a number from the values of its words; empty when there are none."""
    if not values:
        return ""
    whole = part = 0
    for value in values:
        if value == _SCALES["thousand"]:
            whole, part = (whole + max(part, 1)) * value, 0
        elif value == _SCALES["hundred"]:
            part = max(part, 1) * value
        else:
            part += value
    return str(whole + part)
