"""Dates of birth: a date of any spelling that a column's name or a word close by says to be one.

A date of long ago right beside initials or a surname may be one too.
"""

from __future__ import annotations

import calendar
import contextlib
import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache

import numpy as np
import pyarrow as pa

from tre.disclosure.contents import Cells
from tre.disclosure.detectors.names import plain
from tre.disclosure.detectors.patterns import label
from tre.disclosure.detectors.recognise import matches
from tre.disclosure.folding import DIGIT, LETTER, UPPER
from tre.disclosure.model import Hit
from tre.disclosure.packs import Pack, load_pack

_REACH, _BEFORE = 60, 14  # characters after and before a word of birth in which its date is looked for
_SHORTEST = 9  # bytes of a word of birth and a date: dob1.2.34
_GATE = r"(?i)birth|born|d\.?o\.?b"
_DAYS = (
    "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|"
    "sixteenth|seventeenth|eighteenth|nineteenth|twentieth|twenty[ -](?:first|second|third|fourth|fifth|sixth|seventh|"
    "eighth|ninth)|thirtieth|thirty[ -]first"
)
_UNITS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
_UNITS += "eighteen|nineteen|hundred"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_YEAR = (
    rf"(?:(?:18|19|20)\d{{2}}|(?:eighteen|nineteen|twenty)[ -](?:(?:{_TENS})(?:[ -](?:{_UNITS}))?|(?:{_UNITS})"
    rf"(?:[ -](?:{_UNITS}))?)|two thousand(?:[ -](?:and[ -])?(?:(?:{_TENS})(?:[ -](?:{_UNITS}))?|{_UNITS}))?)"
)


@cache
def date_pattern(pack: Pack) -> str:
    """Return the pattern (RE2) of a full date, in digits or in words."""
    month = rf"(?:{'|'.join(pack.months)})[a-z]*\.?"
    return (
        rf"(?i)\b(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}} ?[/.-] ?\d{{1,2}} ?[/.-] ?(?:18|19|20)?\d{{2}}"
        rf"|\d{{1,2}}(?:st|nd|rd|th)?(?: day)?(?: of)?[ ./-]?{month}[ ,./-]{{0,3}}(?:\d{{4}}|\d{{2}})"
        rf"|{month} ?\d{{1,2}}(?:st|nd|rd|th)?[ ,]{{1,2}}\d{{4}}"
        rf"|(?:{_DAYS})(?: day)?(?: of)? {month},? {_YEAR}|{month} (?:the )?(?:{_DAYS}),? {_YEAR}"
        r"|(?:0[1-9]|[12]\d|3[01]) ?(?:0[1-9]|1[0-2]) ?(?:18|19|20)\d{2}"
        r"|(?:18|19|20)\d{2} ?(?:0[1-9]|1[0-2]) ?(?:0[1-9]|[12]\d|3[01]))(?:\b|T)"
    )


# A name or initials right before or after a date (RE2); and the same, with the words themselves
_BESIDE = r"[A-Za-z.][ ,:;(_-]{1,3}[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ]|[-/. ][0-9]{2,4}[ ,:;(_-]{1,3}[A-Z]"
_INITIALS = r"[A-Z]\.?[ -]?[A-Z]\.?(?:[ -]?[A-Z]\.?)?"
_WORD = r"[A-Z][A-Za-z'’-]+"
_JOINT = r"[ ,:;(_-]{1,3}"
_YEAR_WHOLE = re.compile(r"\d{4}")
_NAME = 40  # characters before a date in which a name stands
_MONTHS = frozenset(month.lower() for month in calendar.month_name)
# Seconds since 1970 (POSIX.1, 4.19) or milliseconds, of a day's beginning in any zone of whole hours
_SECONDS = re.compile(r"[\"' ]{0,3}(?:[a-z_]{1,12}[\"' ]{0,2})?[:=, ]{1,3}[\"']?(-?[0-9]{7,13})(?![\w.])")
# A day as a number, where a column says that it is one of birth (RE2): days since 1900 (Excel), 1960 (SAS) or 1970 (R),
# of which none is a year, or seconds.
_NUMBERED = r"^\s*(?:-\d{3,5}|(?:2[2-9]|[3-9]\d)\d{2}|[1-4]\d{4}|-?\d{7,13})(?:\.0+)?\s*$"
_DAY = re.compile(r"date|day|d\.?o\.?b", re.IGNORECASE)
_SECONDS_MOST, _HOUR = 10, 3600
_GROWN = 2006  # dates from then on are rather of an event


@cache
def _before() -> re.Pattern[str]:
    return re.compile(rf"(?:^|[^A-Za-z.])(?:({_INITIALS})|(?:({_WORD}) )?({_WORD})){_JOINT}$")


@cache
def _after() -> re.Pattern[str]:
    return re.compile(rf"{_JOINT}(?:({_INITIALS})(?![A-Za-z])|({_WORD})(?: ({_WORD}))?)")


def beside_name(value: str, pack: Pack) -> tuple[int, int] | None:
    """Return where a date with its whole year stands beside initials, or one of long ago beside a name."""
    for found in _dates(pack).finditer(value):
        days = list(readings(found[0], pack)) if _YEAR_WHOLE.search(found[0]) else []
        before = _before().search(value[max(0, found.start() - _NAME) : found.start()])
        after = _after().match(value, found.end())
        if days and any(side and _tells(side, days, found[0], pack) for side in (before, after)):
            return found.span()
    return None


def _tells(side: re.Match[str], days: Sequence[date], written: str, pack: Pack) -> bool:
    """Tell whether what stands beside a date says whose it is.

    Beside a recent one, letters may be an event's: there they are two, and the date is written as people write it.
    """
    long_ago = any(day.year < _GROWN for day in days)
    if not side[1]:
        return long_ago and _are_names(side.groups()[1:], pack)
    letters = "".join(mark for mark in side[1] if mark.isalpha())
    by_hand = len(letters) == 2 and _YEAR_WHOLE.match(written) is None
    return letters not in pack.abbreviations and (long_ago or by_hand)


def _are_names(words: Sequence[str | None], pack: Pack) -> bool:
    """Tell whether of one or two words one is a surname, or the first a forename; a month is neither."""
    lower = [plain(word) for word in words if word]
    if _MONTHS.intersection(lower):
        return False
    return any(word in pack.names.surnames for word in lower) or (len(lower) > 1 and lower[0] in pack.names.forenames)


@cache
def _dates(pack: Pack) -> re.Pattern[str]:
    return re.compile(date_pattern(pack), re.ASCII)


def dates(value: str) -> Iterator[re.Match[str]]:
    """Yield what is written as a date in a text."""
    return _dates(load_pack()).finditer(value)


def birth_spans(value: str, pack: Pack | None = None) -> Iterator[tuple[int, int]]:
    """Yield where a date stands soon after a word of birth, or right before one."""
    pack = pack or load_pack()
    for named in pack.birth.finditer(value):
        after = named.end()
        if seconds := _in_seconds(value, after):
            yield seconds
            continue
        found = _dates(pack).search(value[after : after + _REACH])  # cut off, so that a date may touch the word
        if found:
            yield found.start() + after, found.end() + after
            continue
        before = list(_dates(pack).finditer(value, max(0, named.start() - 40 - _BEFORE), named.start()))
        if before and named.start() - before[-1].end() <= _BEFORE:
            yield before[-1].span()


def _in_seconds(value: str, after: int) -> tuple[int, int] | None:
    """Return where a day of birth in seconds or milliseconds since 1970 stands right after a word of birth."""
    found = _SECONDS.match(value, after)
    if found is None:
        return None
    unit = 1000 if len(found[1].lstrip("-")) > _SECONDS_MOST else 1
    return found.span(1) if int(found[1]) % (_HOUR * unit) == 0 else None


def readings(written: str, pack: Pack | None = None) -> Iterator[date]:
    """Yield the days that a date written in digits may mean: day first, and of two digits either century."""
    months = (pack or load_pack()).months
    month = re.search("|".join(months), written, re.IGNORECASE)
    numbers = [int(each) for each in re.findall(r"\d+", written)]
    meant = [numbers if numbers[0] > 31 else numbers[::-1]] if len(numbers) == 3 and not month else []
    if month and len(numbers) > 1:
        meant = [[numbers[1], months.index(month[0].lower()) + 1, numbers[0]]]
    if re.fullmatch(r"\d{8}", written):
        meant = [[int(written[:4]), int(written[4:6]), int(written[6:])]]
        meant.append([int(written[4:]), int(written[2:4]), int(written[:2])])
    for year, middle, day in meant:
        for century in (0,) if year > 99 else (1900, 2000):
            with contextlib.suppress(ValueError):
                yield date(year + century, middle, day)


class Births:
    """Dates of birth in one column or text, gathered batch by batch."""

    def __init__(self, pack: Pack, header: str, *, in_table: bool) -> None:
        self._pack = pack
        self._named = in_table and bool(pack.birth.search(label(header)))
        self._of_a_day = self._named and _DAY.search(label(header)) is not None  # those born may be counted
        self._rows, self._place, self._where = 0, "", ""
        self._beside: tuple[int, str] = (0, "")  # rows with a date beside a name or initials, and the first place

    def feed(self, cells: Cells) -> None:
        """Look at one batch."""
        self._where, values = cells.where, cells.folded
        if self._named:
            dated = matches(values, date_pattern(self._pack))
            found = np.flatnonzero(dated | matches(values, _NUMBERED) if self._of_a_day else dated)
        else:
            may = np.flatnonzero(((cells.marks & LETTER) != 0) & (cells.lengths >= _SHORTEST))
            passed = may[matches(values.take(pa.array(may)), _GATE)]
            texts = values.take(pa.array(passed)).to_pylist()
            told = [any(True for _ in birth_spans(text, self._pack)) for text in texts]
            found = passed[np.array(told, dtype=bool)]
            self._meet_beside(cells)
        if len(found):
            self._place = self._place or cells.place(int(found[0]))
            self._rows += int(cells.counts[found].sum())

    def _meet_beside(self, cells: Cells) -> None:
        may = np.flatnonzero(((cells.marks & UPPER) != 0) & ((cells.marks & DIGIT) != 0) & (cells.lengths >= _SHORTEST))
        passed = may[matches(cells.folded.take(pa.array(may)), _BESIDE)]
        texts = cells.folded.take(pa.array(passed)).to_pylist()
        for n, text in zip(passed.tolist(), texts, strict=True):
            if beside_name(text, self._pack) is not None:
                rows, place = self._beside
                self._beside = rows + int(cells.counts[n]), place or cells.place(n)

    def hits(self) -> Iterator[Hit]:
        """Yield at most one hit: what is sure, or else what is possible."""
        if self._rows:
            yield Hit("date-of-birth", "date_of_birth", self._where, self._place, self._rows, "", 0.95)
        elif self._beside[0]:
            rows, place = self._beside
            yield Hit("possible-identifier", "date_of_birth", self._where, place, rows, "", 0.5)
