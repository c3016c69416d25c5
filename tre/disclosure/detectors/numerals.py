"""Ten digits that are written otherwise: apart, in words, glued to letters, in another base, in letters alike.

Each is only a candidate: the check digit, what stands around it and the identifiers held have the last word
(:mod:`tre.disclosure.otherwise`). Patterns are linear, and a value longer than a line is cut before it comes here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum

from tre.disclosure.detectors.number_words import PHRASE, digits_of_words

LENGTH = 10  # digits of an NHS number (NHS Data Dictionary, NHS NUMBER)


class Chance(IntEnum):
    """How often what is no identifier is written so: never, seldom, or as often as not."""

    NEVER = 0
    SELDOM = 1
    OFTEN = 2


@dataclass(frozen=True)
class Numeral:
    """Ten digits, how they are written, and where in the text."""

    how: str
    digits: str
    start: int
    end: int
    chance: Chance


@dataclass(frozen=True)
class _Group:
    """Digits that stand together, or words of a number, and what parts them from those before."""

    digits: str
    start: int
    end: int
    gap: str
    worded: bool


_END = r"[^\w\n]{0,3}\n[^\w\n]{0,24}"  # of a line, and what the next begins with: blanks, the mark of a comment
_GAP = rf"(?:[^\w\n]{{1,3}}|_{{1,3}}|{_END})"
_ONE = rf"\d{{1,{LENGTH}}}(?!\d)|{PHRASE}"
_RUN = re.compile(rf"(?<!\w)(?:{_ONE})(?:{_GAP}(?:{_ONE}))*", re.IGNORECASE)
_PART = re.compile(rf"({_GAP})?(?:(\d+)|({PHRASE}))", re.IGNORECASE)
_PRINTED = ([10], [3, 3, 4])  # groups that the recogniser of the number itself reads
_MONTH, _DAY = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_DATE = re.compile(
    rf"(?<!\d)(?:(?:18|19|20)\d\d([-/.]){_MONTH}\1{_DAY}|{_DAY}([-/.]){_MONTH}\2(?:(?:18|19|20)\d\d|\d\d))(?!\d|[-/.]\d)"
)
# A book's number, which has the same check digit, or a sum of money
_OTHER = re.compile(r"(?i)(?:\bisbn|\bissn|[£$€])[^\w\n]{0,4}(?:1[03])?[^\w\n]{0,4}$")
_NEAR = 20  # characters before a number in which one of those stands


def in_groups(text: str) -> Iterator[Numeral]:
    """Yield ten digits that are parted otherwise than they are printed, over the ends of lines too, or are words."""
    for run in _RUN.finditer(text):
        groups = list(_groups(run))
        for first, last, whole in _windows(groups):
            chosen = groups[first : last + 1]
            start, end = chosen[0].start, chosen[-1].end
            worded = any(each.worded for each in chosen)
            sizes = [len(each.digits) for each in chosen]
            printed = sizes in _PRINTED and "\n" not in text[start:end]
            if not worded and (printed or _is_other(text, start, end, [each.gap for each in chosen[1:]])):
                continue
            how = "digits in words" if worded else "single digits" if max(sizes) == 1 else "digits in other groups"
            chance = Chance.NEVER if worded else Chance.SELDOM if max(sizes) == 1 else Chance.OFTEN
            yield Numeral(how, "".join(each.digits for each in chosen), start, end, chance if whole else Chance.OFTEN)


def _is_other(text: str, start: int, end: int, gaps: Sequence[str]) -> bool:
    """Tell whether digits in groups are a decimal, decimals, a date, a sum of money or the number of a book."""
    decimal = "." in gaps and (len(gaps) == 1 or len(set(gaps)) > 1)
    named = _OTHER.search(text, max(0, start - _NEAR), start)
    return decimal or named is not None or _DATE.search(text, start, end) is not None


def _groups(run: re.Match[str]) -> Iterator[_Group]:
    for part in _PART.finditer(run.string, run.start(), run.end()):
        digits, words = part[2], part[3]
        start = part.start(2) if digits else part.start(3)
        yield _Group(digits or digits_of_words(words), start, part.end(), part[1] or "", not digits)


def _windows(groups: Sequence[_Group]) -> Iterator[tuple[int, int, bool]]:
    """Yield the first and the last of groups that make ten digits, and whether something sets them apart.

    All of a run is, and a stretch of it with one sign between its groups, and one of single digits. The first and the
    last ten digits of a run may have come together by chance.
    """
    met: set[tuple[int, int]] = set()
    ends = [_up_to(groups), tuple(len(groups) - 1 - at for at in reversed(_up_to(groups[::-1])))]
    for whole, stretches in ((True, _stretches(groups)), (False, ends)):
        for stretch in stretches:
            if len(stretch) == 2 and stretch not in met:
                first, last = stretch
                met.add(stretch)
                if sum(len(each.digits) for each in groups[first : last + 1]) == LENGTH:
                    yield first, last, whole


def _stretches(groups: Sequence[_Group]) -> Iterator[tuple[int, int]]:
    yield 0, len(groups) - 1
    first = 0
    for at in range(1, len(groups) + 1):
        if at == len(groups) or (at - first > 1 and groups[at].gap != groups[first + 1].gap):
            yield first, at - 1
            first = at
    first = 0
    for at in range(len(groups) + 1):
        if at == len(groups) or len(groups[at].digits) != 1:
            yield first, at - 1
            first = at + 1


def _up_to(groups: Sequence[_Group]) -> tuple[int, ...]:
    """Return the first and the last of the groups with which ten digits are full; nothing when there are fewer."""
    total = 0
    for at, group in enumerate(groups):
        total += len(group.digits)
        if total >= LENGTH:
            return 0, at
    return ()


_GLUED = re.compile(r"(?<!\d)(?<!\d[.,])\d{3}([ -]?)\d{3}\1\d{4}(?!\d)")
_TOKEN = re.compile(r"[0-9A-Za-z]*")
_LONGEST = 40  # letters and digits in a row; a longer token is encoded or a digest
_HEXADECIMAL = re.compile(r"(?=.*[a-fA-F])(?:[0-9a-f]{12,}|[0-9A-F]{12,})")


def glued(text: str) -> Iterator[Numeral]:
    """Yield ten digits right beside a letter or a low line, but none in the middle of a digest."""
    for found in _GLUED.finditer(text):
        start, end = found.span()
        if not _is_letter(text[start - 1 : start]) and not _is_letter(text[end : end + 1]):
            continue
        back = _TOKEN.match(text[max(0, start - _LONGEST) : start][::-1])
        ahead = _TOKEN.match(text, end, end + _LONGEST)
        token = (back[0][::-1] if back else "") + found[0] + (ahead[0] if ahead else "")
        if len(token) <= _LONGEST and not _HEXADECIMAL.fullmatch(token):
            yield Numeral("digits glued to letters", re.sub(r"\D", "", found[0]), start, end, Chance.SELDOM)


def _is_letter(mark: str) -> bool:
    return mark.isalpha() or mark == "_"


_FLOAT = re.compile(r"(?<![\w.])(\d{1,10}(?:[.,]\d{1,10})?)[eE]\+?(-?\d{1,2})(?![\w.])")
_SIGNIFICANT = 8  # digits, under which a round number has no ten of its own


def with_exponent(text: str) -> Iterator[Numeral]:
    """Yield whole numbers of nine or ten digits that are written with an exponent."""
    for found in _FLOAT.finditer(text):
        value = Decimal(found[1].replace(",", ".")).scaleb(int(found[2]))
        digits = str(int(value)) if value == value.to_integral_value() and value < 10**LENGTH else ""
        if len(digits) >= LENGTH - 1 and len(digits.rstrip("0")) >= _SIGNIFICANT:
            yield Numeral("a number with an exponent", digits.zfill(LENGTH), *found.span(), Chance.SELDOM)


# Whole numbers of up to ten digits in base 36, 16, 8 and 2; a mark before them says that they are numbers.
_MIXED = r"(?=[a-zA-Z]*[0-9])(?=[0-9]*[a-zA-Z])"  # or every word of six letters were a number
_BASES = (
    (36, re.compile(rf"(?<![\w#])(0[xX])?{_MIXED}([0-9a-z]{{6,7}}|[0-9A-Z]{{6,7}})(?!\w)")),
    (16, re.compile(r"(?<![\w#])(0[xX]|&[hH]|[xX](?='))?'?([0-9a-fA-F]{7,9})(?!\w)")),
    (8, re.compile(r"(?<!\w)(0[oO])([0-7]{9,12})(?!\w)")),
    (2, re.compile(r"(?<!\w)(0[bB])?([01]{28,34})(?!\w)")),
)


def in_another_base(text: str) -> Iterator[Numeral]:
    """Yield whole numbers of nine or ten digits in base 36, 16, 8 or 2."""
    for base, pattern in _BASES:
        for found in pattern.finditer(text):
            value = int(found[2], base)
            marked = bool(found[1]) or base == 2
            if 10 ** (LENGTH - 2) <= value < 10**LENGTH and (marked or not found[2].isdigit()):
                chance = Chance.SELDOM if marked else Chance.OFTEN
                yield Numeral(f"a number in base {base}", str(value).zfill(LENGTH), *found.span(), chance)


# Letters and signs that are read as a digit (UTS #39's confusables, and the habits of passwords)
_ALIKE = str.maketrans("OoDQIil|!ZzEeAaSs$GbTtB&gq", "00001111122334455566778899"[:26])
_LIKE = r"[0-9OoDQIil|!ZzEeAaSs$GbTtB&gq]"
_LOOKS = re.compile(rf"(?<![0-9A-Za-z]){_LIKE}{{3}}([ -]?){_LIKE}{{3}}\1{_LIKE}{{4}}(?![0-9A-Za-z])")
_TURN = re.compile(r"\d(?=\D)|\D(?=\d)|[a-z](?=[A-Z])")
_TURNS = 2  # from digits to letters and back, or to a capital: more than a code with a letter before it has


def in_letters_alike(text: str) -> Iterator[Numeral]:
    """Yield ten digits of which some are written as letters that look like them, in between the others."""
    for found in _LOOKS.finditer(text):
        token = found[0].replace(" ", "").replace("-", "")
        if not token.isdigit() and len(_TURN.findall(token)) >= _TURNS:
            chance = Chance.SELDOM if any(mark.isdigit() for mark in token) else Chance.OFTEN
            yield Numeral("letters that look like digits", token.translate(_ALIKE), *found.span(), chance)


def numerals(text: str) -> Iterator[Numeral]:
    """Yield what may be the ten digits of an identifier in a folded text."""
    for way in (in_groups, glued, with_exponent, in_another_base, in_letters_alike):
        yield from way(text)
