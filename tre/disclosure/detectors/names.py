"""People's names: a dictionary with evidence around it, what a language model marks, and the identifiers held."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby, pairwise

import numpy as np
import pyarrow as pa

from tre.disclosure.contents import Cells
from tre.disclosure.detectors.patterns import label
from tre.disclosure.detectors.recognise import matches
from tre.disclosure.folding import DIGIT, FOREIGN, LETTER, UPPER, unaccented
from tre.disclosure.model import Hit, mask
from tre.disclosure.packs import Names, Pack, load_pack

Persons = Callable[[list[str]], Iterable[str]]  # the first person that a language model marks in each text, or nothing

_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
_INITIAL = re.compile(r"[A-Z]")
_SHORTEST = 4  # bytes of a name in text: Jo Li, but without its blank
_WORDS = 4  # words that a cell of names has at most
_LISTED = 3  # hospitals in a text that is about hospitals
_TWO_CAPITALS = r"[A-Z][\w'’-]+[, ]+[A-Z]"


@cache
def dictionary(pack: Pack | None = None) -> tuple[frozenset[str], frozenset[str]]:
    """Return the forenames and the surnames, in lower case."""
    names = (pack or load_pack()).names
    return names.forenames, names.surnames


def plain(word: str) -> str:
    """Return a word of a name without accents and apostrophes, in lower case."""
    letters = unicodedata.normalize("NFKD", word)
    return "".join(each for each in letters if each.isalpha() and not unicodedata.combining(each)).lower()


@cache
def _titles(names: Names) -> re.Pattern[str]:
    word = r"([A-Z][a-z]*['’-]?[A-Z]?[a-z'’-]+)"
    return re.compile(rf"\b(?:{'|'.join(names.titles)})\.?\s+(?:[A-Z]\.?\s+)?{word}(?:\s+{word})?")


@cache
def _announcing(names: Names) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{names.announcing})\b", re.IGNORECASE)


def titled(value: str) -> Iterator[tuple[int, int]]:
    """Yield where a title and the one or two words with capital letters after it stand."""
    for found in _titles(load_pack().names).finditer(value):
        yield found.span()


def _by_initial(words: Iterable[str]) -> str:
    """Return a pattern (RE2) of words with a capital letter first, whatever the case of the rest."""
    groups = groupby(sorted(words), key=lambda word: word[0])
    return "|".join(f"{first.upper()}(?i:{'|'.join(word[1:] for word in same)})" for first, same in groups)


@cache
def _gate(names: Names) -> str:
    """Return what any text has that a name is found in here: a title, or a forename."""
    titles = rf"\b(?:{'|'.join(names.titles)})\.?\s+(?:[A-Z]\.?\s+)?[A-Z]"
    return rf"{titles}|\b(?:{_by_initial(names.forenames)})(?:[^a-zA-Z]|$)"


@cache
def _known(names: Names) -> str:
    """Return the pattern (RE2) of a word that is in the dictionary, in any case."""
    return rf"(?i)(?:^|[^a-z'’])(?:{'|'.join(sorted(names.forenames | names.surnames))})(?:[^a-z'’]|$)"


def _bare(cells: Cells, may: np.ndarray) -> pa.Array:
    """Return the values at some indices without accents, as the dictionary spells names."""
    values = cells.values.take(pa.array(may))
    if (cells.marks[may] & FOREIGN).any():
        return pa.array([unaccented(value) for value in values.to_pylist()], pa.string())
    return values


class NamesInColumn:
    """A table's column whose own values are names, by its header or by most of its values."""

    def __init__(self, pack: Pack, header: str, evidence: Mapping[str, float]) -> None:
        words = label(header)
        names = pack.names
        self._named = bool(names.header.search(words)) and not names.not_header.search(words)
        self._names, self._evidence = names, evidence
        self._found = self._asked = self._rows = 0
        self._place = self._sample = self._where = ""

    def feed(self, cells: Cells) -> None:
        """Look at one batch: which values are up to four words, one of them in the dictionary."""
        self._where = cells.where
        self._asked += len(cells.values)
        digits = ((cells.marks & DIGIT) != 0) & ((cells.marks & FOREIGN) == 0)
        passed = np.flatnonzero(((cells.marks & LETTER) != 0) & ~digits)
        if not len(passed):
            return
        words = _bare(cells, passed)
        some = matches(words, _known(self._names)) | matches(words, r"(?i)\b(?:o|d)['’][a-z]")
        few = ~matches(words, rf"(?:[A-Za-z'’-]+[^A-Za-z'’-]+){{{_WORDS}}}[A-Za-z]")
        found = passed[some & few]
        if len(found):
            self._found += len(found)
            self._rows += int(cells.counts[found].sum())
            self._place = self._place or cells.place(int(found[0]))
            self._sample = self._sample or cells.values[int(found[0])].as_py()

    def hits(self) -> Iterator[Hit]:
        """Yield at most one hit."""
        share = self._found / max(self._asked, 1)
        limits = self._evidence
        if self._found >= 2 and self._named and share >= limits["named_share"]:
            yield Hit("person-name", "name", self._where, self._place, self._rows, mask(self._sample), 0.95)
        elif self._found >= limits["names"] and share >= limits["names_share"]:
            yield Hit("possible-name", "name", self._where, self._place, self._rows, "", 0.6)


class NamesInText:
    """Names in running text: with a title, a forename beside a surname, or as a language model marks them."""

    def __init__(self, pack: Pack, persons: Persons | None = None) -> None:
        self._names, self._persons = pack.names, persons
        self._met: dict[str, tuple[str, str, int]] = {}

    def feed(self, cells: Cells) -> None:
        """Look at one batch."""
        may = np.flatnonzero(((cells.marks & UPPER) != 0) & (cells.lengths >= _SHORTEST))
        values = _bare(cells, may)
        passed = np.flatnonzero(matches(values, _gate(self._names)))
        for n, text in zip(may[passed].tolist(), values.take(pa.array(passed)).to_pylist(), strict=True):
            found = _in_text(text, self._names)
            if found:
                self._keep("person-name", cells, n, found)
            elif _near(text, self._names) or _beside(text, self._names):
                self._keep("possible-name", cells, n, "")
        if self._persons is not None:
            passed = may[matches(values, _TWO_CAPITALS)]
            marked = self._persons(cells.values.take(pa.array(passed)).to_pylist())
            for n, found in zip(passed.tolist(), marked, strict=True):
                if found:
                    self._keep("person-name", cells, n, found)

    def _keep(self, rule: str, cells: Cells, n: int, sample: str) -> None:
        place, first, rows = self._met.get(rule, (cells.place(n), sample, 0))
        self._met[rule] = (place, first, rows + int(cells.counts[n]))
        self._where = cells.where

    def hits(self) -> Iterator[Hit]:
        """Yield at most one hit: what is sure, or else what is possible."""
        for rule, confidence in (("person-name", 0.9), ("possible-name", 0.5)):
            if rule in self._met:
                place, sample, rows = self._met[rule]
                yield Hit(rule, "name", self._where, place, rows, mask(sample), confidence)
                return


def _in_text(value: str, names: Names) -> str:
    """Return the name in a text that has evidence: a title, or a forename and a surname side by side."""
    for found in _titles(names).finditer(value):
        words = [plain(part) for word in found.groups() if word for part in (word, *word.split("-"))]
        if names.surnames.intersection(words) or names.forenames.intersection(words):
            return found[0]
    for start, end, forename, surname in _pairs(_without_hospitals(value, names)):
        if (
            forename in names.forenames
            and names.surnames.intersection(surname)
            and not _is_eponym(forename, surname, names)
        ):
            return value[start:end]
    return ""


def _pairs(value: str) -> Iterator[tuple[int, int, str, list[str]]]:
    """Yield two words with capital letters side by side: where, the forename, and the surname whole and in its parts.

    Initials may stand between them. The surname is the one before a comma, or before HL7's and DICOM's circumflex, or
    else the second.
    """
    kept = [word for word in _WORD.finditer(value) if len(word[0]) > 1 or not _INITIAL.fullmatch(word[0])]
    for one, two in pairwise(kept):
        gap = value[one.end() : two.start()]
        if not (one[0][0].isupper() and two[0][0].isupper()) or re.sub(r"\b[A-Z]\b", "", gap).strip(" ,.^\t"):
            continue
        forename, surname = (two, one) if "," in gap or "^" in gap else (one, two)
        yield one.start(), two.end(), plain(forename[0]), [plain(part) for part in (surname[0], *surname[0].split("-"))]


def _is_eponym(forename: str, surname: list[str], names: Names) -> bool:
    return f"{forename} {surname[0]}" in names.eponyms


def _without_hospitals(value: str, names: Names) -> str:
    """Return a text with strokes in place of hospitals, some of which are called as people are, where it lists some."""
    listed = {found[0].lower() for found in names.hospitals.finditer(value)}
    return value if len(listed) < _LISTED else names.hospitals.sub(lambda found: "-" * len(found[0]), value)


def _beside(value: str, names: Names) -> bool:
    """Tell whether a forename stands beside what may be a surname, one that no list has or a word that is one too.

    What is called after somebody is nobody.
    """
    return any(
        names.are_person(forename, part)
        or (names.is_forename(forename) and names.is_word(part))
        or (forename in names.forenames and forename not in names.ordinary and names.is_unknown(part))
        for _, end, forename, surname in _pairs(_without_hospitals(value, names))
        if not _is_eponym(forename, surname, names) and not names.institutions.match(value, end)
        for part in surname
    )


def _near(value: str, names: Names) -> bool:
    """Tell whether a word that announces a person stands just before a forename with a capital letter."""
    for found in _titles(names).finditer(value):
        if found[1] not in names.after_title and plain(found[1]) not in names.ordinary and len(found[1]) > 3:
            return True
    return any(
        plain(word[0]) in names.forenames and word[0][0].isupper()
        for named in _announcing(names).finditer(value)
        for word in list(_WORD.finditer(value, named.end(), named.end() + 40))[:2]
    )


def find_names(cells: Cells, pack: Pack | None = None) -> Iterator[Hit]:
    """Yield at most one hit for names in one text."""
    text = NamesInText(pack or load_pack())
    text.feed(cells)
    yield from text.hits()
