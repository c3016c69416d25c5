"""Identifiers by their form: Presidio's recognisers on what Arrow's regular expressions let through.

The pre-filters are linear (RE2) and wider than the recognisers behind them, so that nothing is lost by them. Presidio
is loaded only when something got through: it takes seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pyarrow.compute as pc

from tre.disclosure.contents import Cells
from tre.disclosure.model import Hit, mask

BATCH = 2000


@dataclass(frozen=True)
class Entity:
    """One kind of identifier: what lets a value through, what names it nearby, and how rare its form is by chance."""

    kind: str
    name: str
    prefilter: str
    context: str
    rare: bool  # the form alone is evidence


ENTITIES = (
    Entity("nhs_number", "UK_NHS", r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}", r"nhs|patient|chi\b", False),
    Entity("nino", "UK_NINO", r"(?i)\b[a-z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[a-d]\b", r"insurance|nino|\bni\b", True),
    Entity("email", "EMAIL_ADDRESS", r"[^\s@]@[^\s@]+\.", r"mail", True),
    Entity("phone", "PHONE_NUMBER", r"(\+44|\b0|\(0)[0-9 ()-]{8,}[0-9]", r"phone|\btel|mobile|call|contact", False),
    Entity(
        "postcode", "UK_POSTCODE", r"(?i)\b[a-z]{1,2}[0-9][a-z0-9]?\s?[0-9][a-z]{2}\b",
        r"post ?_?code|address|lives|home|residen", False,
    ),
    Entity("passport", "UK_PASSPORT", r"\b([A-Z]{2}[0-9]{7}|[0-9]{9})\b", r"passport|travel document", False),
)  # fmt: skip
_PSEUDONYM = r"\b[A-Z2-7]{26}\b"
_BIRTH = re.compile(r"\b(d\.?o\.?b\.?|date[ _]?of[ _]?birth|birth[ _]?date|born)\b", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"({'|'.join(_MONTHS)})[a-z]*"
_BIRTH_REACH = 60  # characters after a word of birth in which its date is looked for
_DATE = re.compile(
    rf"\b(\d{{4}}-\d{{1,2}}-\d{{1,2}}|\d{{1,2}}[/.-]\d{{1,2}}[/.-](19|20)?\d{{2}}"
    rf"|\d{{1,2}}(st|nd|rd|th)?[ -]{_MONTH}[ ,-]+\d{{2,4}}|{_MONTH} \d{{1,2}}(st|nd|rd|th)?,? \d{{4}}"
    r"|(19|20)\d{6})\b",
    re.IGNORECASE,
)


@cache
def _recognisers() -> dict[str, Any]:
    """Return Presidio's recognisers by entity, the e-mail one with the suffix list that is shipped, not fetched."""
    import tldextract
    from presidio_analyzer import Pattern
    from presidio_analyzer import predefined_recognizers as presidio

    suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

    class Emails(presidio.EmailRecognizer):
        def validate_result(self, pattern_text: str) -> bool:
            found = suffixes(pattern_text.rsplit("@", 1)[-1])
            return bool(found.domain and found.suffix)

    passport = [
        Pattern("UK passport (letters)", r"\b[A-Z]{2}\d{7}\b", 0.1),
        Pattern("UK passport (digits)", r"\b\d{9}\b", 0.1),
    ]
    return {
        "UK_NHS": presidio.NhsRecognizer(),
        "UK_NINO": presidio.UkNinoRecognizer(),
        "EMAIL_ADDRESS": Emails(),
        "PHONE_NUMBER": presidio.PhoneRecognizer(supported_regions=("GB",)),
        "UK_POSTCODE": presidio.UkPostcodeRecognizer(),
        "UK_PASSPORT": presidio.UkPassportRecognizer(patterns=passport),
    }


def matching(cells: Cells, pattern: str) -> list[int]:
    """Return the indices of the distinct values that the pattern (RE2) is found in."""
    found = pc.match_substring_regex(cells.values, pattern)
    return np.flatnonzero(found.to_numpy(zero_copy_only=False)).tolist()


def find_patterns(cells: Cells) -> Iterator[Hit]:
    """Yield at most one hit for each kind of identifier in a column or text."""
    for entity in ENTITIES:
        candidates = matching(cells, entity.prefilter)
        if candidates:
            yield from _confirm(cells, entity, candidates)
    yield from _pseudonyms(cells)
    yield from _births(cells)


def _confirm(cells: Cells, entity: Entity, candidates: list[int]) -> Iterator[Hit]:
    """Ask the recogniser batch by batch, until one holds a hit; a count is therefore "at least"."""
    context = re.compile(entity.context, re.IGNORECASE)
    named = bool(context.search(cells.header))
    asked = 0
    for start in range(0, len(candidates), BATCH):
        batch = candidates[start : start + BATCH]
        asked += len(batch)
        found = [(n, text) for n in batch if (text := _recognised(entity, cells.values[n].as_py()))]
        if not found:
            continue
        near = [(n, text) for n, text in found if named or context.search(cells.values[n].as_py())]
        share = len(found) / asked
        if cells.in_table and not near and not entity.rare and asked >= 20 and share < 0.2:
            return  # a column of other numbers meets a check digit about once in eleven
        whole = cells.in_table and share >= 0.5 and len(found) >= 0.5 * min(len(cells.values), asked) and len(found) > 2
        strong = entity.rare or bool(near) or (whole and entity.kind != "passport")
        if entity.kind == "passport" and not strong:
            return
        chosen = near or found
        count = int(cells.counts[[n for n, _ in chosen]].sum())
        rule = "identifier" if strong else "possible-identifier"
        first, text = chosen[0]
        yield Hit(rule, entity.kind, cells.where, cells.place(first), count, mask(text), 0.95 if strong else 0.4)
        return


def _recognised(entity: Entity, value: str) -> str:
    """Return the first stretch of the value that the recogniser takes for the entity, or nothing."""
    results = _recognisers()[entity.name].analyze(value, [entity.name], None)
    return next((value[each.start : each.end] for each in results if each.score > 0), "")


def identifier_spans(value: str) -> Iterator[tuple[int, int, str]]:
    """Yield where something of an identifier's form stands in a text, and its kind; a form alone is enough here."""
    for entity in ENTITIES:
        if _prefilter(entity.prefilter).search(value):
            for found in _recognisers()[entity.name].analyze(value, [entity.name], None):
                if found.score > 0:
                    yield found.start, found.end, entity.kind


@cache
def _prefilter(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def dates(value: str) -> Iterator[re.Match[str]]:
    """Yield what is written as a date in a text."""
    return _DATE.finditer(value)


def birth_spans(value: str) -> Iterator[tuple[int, int]]:
    """Yield where a date stands soon after a word of birth."""
    for named in _BIRTH.finditer(value):
        found = _DATE.search(value, named.end(), named.end() + _BIRTH_REACH)
        if found:
            yield found.span()


def readings(written: str) -> Iterator[date]:
    """Yield the days that a written date may mean: day first, and of two digits either century."""
    month = re.search(_MONTH, written, re.IGNORECASE)
    numbers = [int(each) for each in re.findall(r"\d+", written)]
    if re.fullmatch(r"\d{8}", written):
        numbers = [int(written[:4]), int(written[4:6]), int(written[6:])]
    if month:
        place = _MONTHS.index(month[1].lower()) + 1
        numbers = [numbers[0], place, numbers[1]] if len(numbers) > 1 else []
    if len(numbers) != 3:
        return
    year, middle, day = numbers if numbers[0] > 31 else numbers[::-1]
    for century in (0,) if year > 99 else (1900, 2000):
        try:
            yield date(year + century, middle, day)
        except ValueError:
            continue


def _pseudonyms(cells: Cells) -> Iterator[Hit]:
    found = [n for n in matching(cells, _PSEUDONYM) if _mixed(cells.values[n].as_py())]
    if found:
        text = str(re.search(_PSEUDONYM, cells.values[found[0]].as_py())[0])  # type: ignore[index]
        count = int(cells.counts[found].sum())
        yield Hit("pseudonym", "pseudonym", cells.where, cells.place(found[0]), count, mask(text), 0.99)


def _mixed(value: str) -> bool:
    """Tell whether one of the tokens has both letters and digits, as all but 2 in 1,000 pseudonyms have."""
    return any(re.search("[2-7]", token) and re.search("[A-Z]", token) for token in re.findall(_PSEUDONYM, value))


def _births(cells: Cells) -> Iterator[Hit]:
    if cells.in_table and _BIRTH.search(cells.header.replace("_", " ")):
        found = [n for n, value in enumerate(cells.values.to_pylist()[:BATCH]) if _DATE.search(value)]
    else:
        found = [n for n in matching(cells, r"(?i)birth|born|d\.?o\.?b") if _birth_in(cells.values[n].as_py())]
    if found:
        count = int(cells.counts[found].sum())
        yield Hit("date-of-birth", "date_of_birth", cells.where, cells.place(found[0]), count, "", 0.95)


def _birth_in(value: str) -> bool:
    return any(True for _ in birth_spans(value))
