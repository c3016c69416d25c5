"""Ten digits that a sum tells: two or three whole numbers that are added, or taken from one another."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tre.disclosure.detectors.numerals import LENGTH, Chance, Numeral

_LEAST = 10 ** (LENGTH - 2)  # an NHS number may begin with a nought where it is written as a number
_WHOLE = rf"\d{{1,{LENGTH + 1}}}"
_SUM = re.compile(
    rf"(?<![\w.+*/^-])(?<![+*/^-] ){_WHOLE}(?:[ ]{{0,2}}[+-][ ]{{0,2}}{_WHOLE}){{1,2}}(?![\w*/^]|\.\d|[ ][+*/^-])"
)
_TERM = re.compile(rf"([+-]?)[ ]{{0,2}}({_WHOLE})")


def in_sums(text: str) -> Iterator[Numeral]:
    """Yield the nine or ten digits that sums in a folded text come to, where nobody would add up by hand."""
    for found in _SUM.finditer(text):
        terms = [(sign, int(digits)) for sign, digits in _TERM.findall(found[0])]
        value = sum(-number if sign == "-" else number for sign, number in terms)
        is_sum = " " in found[0] or all(sign != "-" for sign, _ in terms)  # a telephone number has dashes too
        if is_sum and _LEAST <= value < 10**LENGTH:
            yield Numeral("a sum", str(value).zfill(LENGTH), *found.span(), Chance.SELDOM)
