"""Names as records have them: behind the field that says whose they are, beside an age and a sex, or a day of birth."""

from __future__ import annotations

import re
from itertools import pairwise

from tre.disclosure.detectors.births import readings
from tre.disclosure.detectors.names import plain
from tre.disclosure.packs import Names

# A surname in capitals before a forename, as in a notice, or with initials before an age and a sex, as on a ward's list
_NOTICE = re.compile(r"\b([A-Z]{2,}(?:['’-][A-Z]+)?),? ([A-Z][a-z]+)\b")
_AGE, _SEX = r"(?:1[01]|[1-9])\d", r"(?:M|F|male|female|man|woman)"
_AGED = rf"(?:{_AGE} ?(?:yo?|yrs?|years?)?[ ,/]{{0,2}}{_SEX}|{_SEX}[ ,/]{{1,2}}(?:aged? )?{_AGE})\b"
_LISTED = r"[A-Z]{3,}(?:['’-][A-Z]+)?|[A-Z][a-z'’-]{2,}(?=,? [A-Z]\b)"
_ON_A_LIST = re.compile(rf"\b({_LISTED})(?:(?:,? |(?<=\.))([A-Z])\b\.?){{0,3}},? ?[(\[]?{_AGED}")
# A field of a record as a program prints it: forename='Margaret'
_FIELD = re.compile(
    r"(?i:\b(?:fore|first|given|sur|last|family)[ _-]?names?)[\"']{0,2}\s?[=:]\s?[\"']{1,2}([A-Z][A-Za-z'’-]+)[\"']"
)
# A field of the one that a device or a sample is of: pt=Hughes; SM is a sample in a SAM file's read group
_WHOSE = re.compile(
    r"(?<![A-Za-z])(?:(?i:pt|pat|patient|resident|wearer|bearer)(?:[ _-]?(?i:name|surname))?|SM)[\"']?\s?[=:]\s?[\"']?"
    r"([A-Z][a-z'’]{2,}|[A-Z]{3,})(?![A-Za-z])"
)
_IN_BED = re.compile(r"(?i)(?<![a-z])(?:bed|bay|ward|room)\s?[=:#]?\s?\w{0,3}\d")
# A name and an initial in a field, or a forename in one of several that tell of a person
_CALLED = re.compile(r"(?i:name)[\"']?\s?[=:]\s?[\"']?([A-Z][A-Za-z'’-]+)(?:,? ([A-Z])(?![A-Za-z]))?")
_PROFILE = re.compile(r"(?i)(?<![a-z])(?:gender|sex|age|dob|birth_?(?:date|year)|year_?of_?birth)[\"']?\s?[=:]")
# A name or an initial with a day in digits, as samples and folders are named
_DATED = re.compile(
    r"(?<![A-Za-z0-9])([A-Z][A-Za-z'’-]{2,})[_.-]([A-Z][A-Za-z'’]*)[_.-](\d{8}|\d{4}-\d\d-\d\d|\d\d-\d\d-\d{4})(?!\d)"
)
_GROWN, _LONG_AGO = (
    2025,
    2006,
)  # days from then on are rather of an event, and so are those of things from the latter on
# The line of a travel document that a machine reads its holder's names from (ICAO Doc 9303-3, section 4.6), which has
# no check digit: surnames, two fillers, forenames and fillers to the end, behind a passport's letters or on its own
_FOR_MACHINES = re.compile(
    r"(?<![A-Z0-9<])(?:P[A-Z<](?:[A-Z]{3}|D<<))?(?=[A-Z<]{25,44}(?![A-Z0-9<]))"
    r"[A-Z]{2,}(?:<[A-Z]+)*<<[A-Z]{2,}(?:<[A-Z]+)*<+(?![A-Z0-9<])"
)
# Strings of a row as a program prints it, one of them a date: ['Hughes', 'Margaret', '09/03/47']
_QUOTED = r"[\"']([^\"'\n]{1,40})[\"']"
_ROW = re.compile(rf"[\[(]{_QUOTED}(?:, ?{_QUOTED}){{2,9}}[\])]")
_STRING = re.compile(_QUOTED)
_DATE = re.compile(r"\d{1,2}[-/. ](?:\d{1,2}|[A-Za-z]{3,9})[-/. ](?:\d{4}|\d{2})|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}")
_NAMED = re.compile(r"[A-Z][a-z]*['’-]?[A-Z]?[a-z'’-]+")


def recorded_in(text: str, names: Names) -> str:
    """Return the first name that a notice, a list, a field, a printed record or a passport tells; empty when none."""
    for found in _NOTICE.finditer(text):
        surname = plain(found[1])
        if surname in names.surnames and names.are_person(plain(found[2]), surname):
            return found[0]
    for found in _ON_A_LIST.finditer(text):
        if plain(found[1]) in names.surnames and (found[2] or not names.is_word(plain(found[1]))):
            return found[1]
    for found in _FIELD.finditer(text):
        if plain(found[1]) in names.surnames or plain(found[1]) in names.forenames:
            return found[1]
    if line := _FOR_MACHINES.search(text):
        return line[0]
    return _of_somebody(text, names) or _dated(text, names) or _in_a_row(text, names)


def _of_somebody(text: str, names: Names) -> str:
    """Return the first name in a field that says that it is a person's."""
    for found in _WHOSE.finditer(text):
        word = plain(found[1])
        if word in names.surnames | names.forenames and (not names.is_word(word) or _IN_BED.search(text)):
            return found[1]
    for found in _CALLED.finditer(text):
        word = plain(found[1])
        told = word in names.surnames | names.forenames if found[2] else word in names.forenames
        if told and word not in names.ordinary and (found[2] or _PROFILE.search(text)):
            return found[1]
    return ""


def _dated(text: str, names: Names) -> str:
    """Return the first name, or surname and initial, that is joined to a day on which somebody may have been born."""
    for found in _DATED.finditer(text):
        one, two = plain(found[1]), plain(found[2])
        days = [day.year for day in readings(found[3]) if day.year < _GROWN]
        if days and _beside_a_day(one, two, min(days), names, whose=_WHOSE.search(text) is not None):
            return f"{found[1]} {found[2]}"
    return ""


def _beside_a_day(one: str, two: str, year: int, names: Names, *, whose: bool) -> bool:
    """Tell whether two words before a day are somebody's: of long ago a forename is enough, whatever the other is."""
    if len(two) == 1:
        return one in names.surnames and (whose or not names.is_word(one))
    alone = year < _LONG_AGO and (names.is_forename(one) or names.is_forename(two))
    return alone or may_be_person(one, two, names)


def _in_a_row(text: str, names: Names) -> str:
    for row in _ROW.finditer(text):
        strings = [each[1] for each in _STRING.finditer(row[0])]
        dated = any(map(_DATE.fullmatch, strings))
        for one, two in pairwise(strings if dated else ()):
            if _NAMED.fullmatch(one) and _NAMED.fullmatch(two) and may_be_person(plain(one), plain(two), names):
                return f"{one} {two}"
    return ""


def may_be_person(one: str, two: str, names: Names) -> bool:
    """Tell whether of two words one is a forename and the other a surname, or one that no list has."""
    return any(
        names.are_person(forename, other)
        or (forename in names.forenames and forename not in names.ordinary and names.is_unknown(other))
        for forename, other in ((one, two), (two, one))
    )
