"""People's names: a dictionary with evidence around it, and exact match against the identifiers held."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from tre.disclosure.contents import Cells
from tre.disclosure.detectors.patterns import matching
from tre.disclosure.exact_match import ExactFilters
from tre.disclosure.model import Hit, mask

_FILE = Path(__file__).with_name("uk_names.txt")
_HEADER = re.compile(
    r"\b(fore|sur|first|last|full|given|family|middle|patient|person|maiden)?[ _]?name\b", re.IGNORECASE
)
_TITLED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Sir|Dame|Lady)\.?\s+(?:[A-Z]\.?\s+)?([A-Z][a-z'-]+)(?:\s+([A-Z][a-z'-]+))?"
)
_NEAR = re.compile(
    r"\b(patient|client|resident|name|mother|father|carer|wife|husband|daughter|son|service user)\b", re.IGNORECASE
)
_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
_PAIR = r"(?i)[a-z][a-z'’.-]+[, ]+[a-z][a-z'’-]+"
_HELD_TOKENS = {
    "nhs_number": re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)"),
    "postcode": re.compile(r"\b[A-Z]{1,2}\d[A-Z0-9]?\s?\d[A-Z]{2}\b", re.IGNORECASE),
    "hospital_number": re.compile(r"\b(?=[A-Z0-9/-]*\d)[A-Z0-9][A-Z0-9/-]{4,14}\b", re.IGNORECASE),
}
_HELD_FILTER = {
    "nhs_number": r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}",
    "postcode": r"(?i)\b[a-z]{1,2}[0-9][a-z0-9]?\s?[0-9][a-z]{2}\b",
    "hospital_number": r"(?i)[a-z0-9/-]*[0-9][a-z0-9/-]*",
}
_DATE_LIKE = re.compile(r"\d{4}-\d{2}(-\d{2})?|\d{1,2}[-/]\d{1,2}[-/]\d{2,4}")


@cache
def dictionary() -> tuple[frozenset[str], frozenset[str]]:
    """Return the forenames and the surnames, in lower case."""
    forenames, _, surnames = _FILE.read_text(encoding="utf-8").partition("[surnames]")
    words = re.compile(r"^#.*$", re.MULTILINE)
    return (
        frozenset(words.sub("", forenames).replace("[forenames]", "").split()),
        frozenset(words.sub("", surnames).split()),
    )


def find_names(cells: Cells) -> Iterator[Hit]:
    """Yield at most one hit for names in a column or a text."""
    if cells.in_table:
        hit = _column(cells)
        if hit:
            yield hit
            return
    sure, maybe = [], []
    for n in matching(cells, r"[A-Z][a-z'’.-]+[, ]+[A-Z]|[A-Z]{2,}[, ]+[A-Z]"):
        value = cells.values[n].as_py()
        found = _in_text(value)
        if found:
            sure.append((n, found))
        elif _near(value):
            maybe.append((n, value))
    for rule, met, confidence in (("person-name", sure, 0.9), ("possible-name", maybe, 0.5)):
        if met:
            first, text = met[0]
            count = int(cells.counts[[n for n, _ in met]].sum())
            sample = mask(text) if rule == "person-name" else ""
            yield Hit(rule, "name", cells.where, cells.place(first), count, sample, confidence)
            return


def plain(word: str) -> str:
    """Return a word of a name without accents and apostrophes, in lower case."""
    letters = unicodedata.normalize("NFKD", word)
    return "".join(each for each in letters if each.isalpha() and not unicodedata.combining(each)).lower()


def titled(value: str) -> Iterator[tuple[int, int]]:
    """Yield where a title and the one or two words with capital letters after it stand."""
    for found in _TITLED.finditer(value):
        yield found.span()


def _in_text(value: str) -> str:
    """Return the name in a text that has evidence: a title, or a forename and a surname side by side."""
    forenames, surnames = dictionary()
    for found in _TITLED.finditer(value):
        if any(word and word.lower() in surnames | forenames for word in found.groups()):
            return found[0]
    words = list(_WORD.finditer(value))
    for one, two in pairwise(words):
        first, second, gap = one[0].lower(), two[0].lower(), value[one.end() : two.start()]
        if not (one[0][0].isupper() and two[0][0].isupper()) or gap.strip(" ,."):
            continue
        if first in forenames and second in surnames and "," not in gap:
            return value[one.start() : two.end()]
        if first in surnames and second in forenames and "," in gap:
            return value[one.start() : two.end()]
    return ""


def _near(value: str) -> bool:
    """Tell whether a word that announces a person stands just before a forename with a capital letter."""
    forenames, _ = dictionary()
    return any(
        word[0].lower() in forenames and word[0][0].isupper()
        for named in _NEAR.finditer(value)
        for word in list(_WORD.finditer(value[named.end() : named.end() + 40]))[:2]
    )


def _column(cells: Cells) -> Hit | None:
    """Return a hit when the column's own values are names, by its header or by most of its values."""
    values = cells.values.to_pylist()[:5000]
    forenames, surnames = dictionary()
    found = []
    for n, value in enumerate(values):
        words = [word.lower() for word in _WORD.findall(value)]
        if 1 <= len(words) <= 4 and any(word in forenames or word in surnames for word in words):
            found.append(n)
    if len(found) < 2:
        return None
    share, count = len(found) / len(values), int(cells.counts[found].sum())
    if _HEADER.search(cells.header.replace("_", " ")) and share >= 0.2:
        return Hit("person-name", "name", cells.where, cells.place(found[0]), count, mask(values[found[0]]), 0.95)
    if len(found) >= 5 and share >= 0.5:
        return Hit("possible-name", "name", cells.where, cells.place(found[0]), count, "", 0.6)
    return None


def find_held(cells: Cells, filters: ExactFilters) -> Iterator[Hit]:
    """Yield a hit for each kind of identifier held that stands in a column or text, however it is written."""
    for kind, pattern in _HELD_TOKENS.items():
        owners, tokens = [], []
        for n in matching(cells, _HELD_FILTER[kind]) if kind in filters.kinds else []:
            for token in pattern.findall(cells.values[n].as_py()):
                if kind != "hospital_number" or not _DATE_LIKE.fullmatch(token):
                    owners.append(n)
                    tokens.append(token)
        yield from _held(cells, filters, kind, owners, tokens)
    if "full_name" in filters.kinds:
        owners, tokens = [], []
        for n in matching(cells, _PAIR):
            for token in _windows(cells.values[n].as_py()):
                owners.append(n)
                tokens.append(token)
        yield from _held(cells, filters, "full_name", owners, tokens)


def _windows(value: str) -> Iterator[str]:
    """Yield each two, three or four words side by side, and two turned round a comma, as a name may be written."""
    words = list(_WORD.finditer(value))
    for at in range(len(words) - 1):
        for width in (2, 3, 4):
            if at + width <= len(words):
                yield value[words[at].start() : words[at + width - 1].end()]
        if "," in value[words[at].end() : words[at + 1].start()]:
            yield f"{words[at + 1][0]} {words[at][0]}"


def _held(cells: Cells, filters: ExactFilters, kind: str, owners: list[int], tokens: list[str]) -> Iterator[Hit]:
    met = [at for at, held in enumerate(filters.contains(kind, tokens)) if held]
    if met:
        lines = np.unique([owners[at] for at in met])
        first = owners[met[0]]
        count = int(cells.counts[lines].sum())
        yield Hit("held-identifier", kind, cells.where, cells.place(first), count, mask(tokens[met[0]]), 1.0)
