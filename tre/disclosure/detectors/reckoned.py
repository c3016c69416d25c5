"""Ten digits that must be worked out: in Roman numerals, and as the prime factors of the number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tre.disclosure.detectors.numerals import LENGTH, Chance, Numeral

# Thousands, for which there is no other letter, hundreds, tens and units
_ROMAN = re.compile(r"(?i)(M{0,9})(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
_TENTHS = {letters: n for n, letters in enumerate(("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"))}
_AS_UNITS = tuple(str.maketrans(letters, "IVX") for letters in ("CDM", "XLC", "IVX"))  # of hundreds, tens and units
_LETTER = "[MDCLXVINmdclxvin]"
# A letter comes first, and then that none stands before it: so a search goes over other text quickly
_RUN = re.compile(rf"{_LETTER}(?<![\w'’].){_LETTER}{{0,23}}(?:[^\w\n]{{1,3}}{_LETTER}{{1,24}}){{2,9}}(?![\w'’])")
_LEAST = 8  # letters of all groups: fewer are a program's names now and then
_WIDTHS = {3: (3, 3, 4), 5: (2,) * 5, LENGTH: (1,) * LENGTH}  # digits of each group, by how many there are

_POWER = r"(?: ?(?:\^|\*\*) ?\d{1,2})?"
_PRODUCT = re.compile(rf"[1-9](?<![\w.,].)\d{{0,9}}{_POWER}(?: ?[xX×*·⋅∙] ?[1-9]\d{{0,9}}{_POWER}){{1,32}}(?![\w.]\w)")
_FACTOR = re.compile(r"(\d+)(?: ?(?:\^|\*\*) ?(\d+))?")
_WITNESSES = (2, 3, 5, 7, 11)  # that tell every composite under 2 * 10 ** 12 (Jaeschke 1993; OEIS A014233)

# What any text has in which one of these is likely (RE2)
LIKELY = r"(?i:\b[mdclxvin]{1,24}(?:[-./_, ]{1,3}[mdclxvin]{1,24}){2}\b)|\b[0-9]{1,10} ?[x×*·⋅∙] ?[0-9]{1,10}\b"


def reckoned(text: str) -> Iterator[Numeral]:
    """Yield what may be the ten digits of an identifier in a folded text, once they are worked out."""
    yield from in_roman(text)
    yield from of_factors(text)


def in_roman(text: str) -> Iterator[Numeral]:
    """Yield ten digits in Roman numerals: three groups as an NHS number is printed, pairs, or one by one."""
    for run in _RUN.finditer(text):
        groups = [roman(letters) for letters in re.findall(r"[A-Za-z]+", run[0])]
        widths = _WIDTHS.get(len(groups), ())
        fits = len(re.findall("[A-Za-z]", run[0])) >= _LEAST and (run[0].isupper() or run[0].islower())
        if fits and widths and all(0 <= value < 10**width for value, width in zip(groups, widths, strict=True)):
            digits = "".join(str(value).zfill(width) for value, width in zip(groups, widths, strict=True))
            yield Numeral("Roman numerals", digits, *run.span(), Chance.SELDOM)


def roman(letters: str) -> int:
    """Return the value of a Roman numeral in its one common spelling; -1 where it is none."""
    if letters.upper() == "N":  # nulla, as medieval tables of Easter have it
        return 0
    found = _ROMAN.fullmatch(letters)
    if found is None:
        return -1
    parts = zip(found.groups()[1:], _AS_UNITS, strict=True)
    hundreds, tens, units = (_TENTHS[part.upper().translate(table)] for part, table in parts)
    return 1000 * len(found[1]) + 100 * hundreds + 10 * tens + units


def of_factors(text: str) -> Iterator[Numeral]:
    """Yield the product of prime numbers with a sign of multiplication between them, when it has ten digits."""
    for run in _PRODUCT.finditer(text):
        product = 1
        for base, power in _FACTOR.findall(run[0]):
            factor = int(base) ** int(power or 1) if is_prime(int(base)) else 0
            product = min(product * factor, 10**LENGTH)
        if 10 ** (LENGTH - 1) <= product < 10**LENGTH:
            yield Numeral("prime factors", str(product), *run.span(), Chance.SELDOM)


def is_prime(number: int) -> bool:
    """Tell whether a number of up to twelve digits is prime (Miller and Rabin)."""
    if number < 2 or any(number % witness == 0 for witness in _WITNESSES):
        return number in _WITNESSES
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    return all(_passes(pow(witness, odd, number), twos, number) for witness in _WITNESSES)


def _passes(power: int, twos: int, number: int) -> bool:
    if power in (1, number - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % number
        if power == number - 1:
            return True
    return False
