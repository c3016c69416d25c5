"""Takes out of a free text what names a person, and puts a tag of its kind in its place, such as ``[NAME]``.

The strongest evidence is what is held of the person whom the text is about, and of who lives with them: it is found
however it is written. Then come the forms of identifiers, and names by a title, by a
dictionary or because many people here bear them. No language model is asked: a name that none of these knows stays,
so that the result is sensitive still, and is never called anonymous.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from tre.disclosure.detectors import births, names, patterns
from tre.disclosure.packs import load_pack

Span = tuple[int, int, str]
NAME, BIRTH, HOSPITAL = "NAME", "DATE_OF_BIRTH", "HOSPITAL_NUMBER"
TAG = re.compile(r"\[[A-Z_]+\]")
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’](?!s\b)(?=[^\W\d_]))*")
_NUMBER = re.compile(r"\b(?=[A-Za-z/-]*\d)[A-Za-z0-9][A-Za-z0-9/-]{3,}\b")
_SENTENCE = re.compile(r"(?:^|[.!?:;]\s+|\n\s*)$")
# A word with a capital letter right after a name is the rest of it.
_ADJACENT = re.compile(r"\[NAME\](?:[ ,.'-]{1,3}\[NAME\]| [A-Z][a-z'’-]+)+")
_SHORTEST = 2  # letters of a name that is held: an initial alone names nobody
_CACHED = 50_000


@dataclass(frozen=True)
class Known:
    """What is held of the person whom a text is about, and of their household.

    Parameters
    ----------
    names : frozenset of str
        Single words of names, in lower case.
    numbers : frozenset of str
        NHS and local numbers, letters and digits alone, in capitals.
    births : frozenset of date
        Dates of birth.
    """

    names: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    births: frozenset[date] = frozenset()

    @classmethod
    def of(cls, words: Iterable[str], numbers: Iterable[str], births: Iterable[str]) -> Known:
        """Return what is held, from names as they are written and dates as ISO 8601 writes them."""
        return cls(frozenset(map(names.plain, words)), frozenset(numbers), frozenset(map(date.fromisoformat, births)))


def deidentifier(common: frozenset[str]) -> Callable[[str, Known], str]:
    """Return the function that de-identifies one text.

    Parameters
    ----------
    common : frozenset of str
        Names that many people here bear, single words in lower case.
    """

    @lru_cache(maxsize=_CACHED)
    def by_form(text: str) -> str:
        return _replaced(text, [*_forms(text), *_names(text, common)])

    def clean(text: str, known: Known) -> str:
        # First what is known, which differs by person; what is left is often the same text.
        composed = unicodedata.normalize("NFC", text)
        return _ADJACENT.sub("[NAME]", by_form(_replaced(composed, _held(composed, known))))

    return clean


def _ordinary() -> frozenset[str]:
    """Return names that are words too: written small, or first in a sentence, they are taken for the word."""
    return load_pack().names.ordinary


def _held(text: str, known: Known) -> Iterator[Span]:
    for word in _WORD.finditer(text):
        plain = names.plain(word[0])
        if len(plain) >= _SHORTEST and plain in known.names and not (plain in _ordinary() and word[0].islower()):
            yield word.start(), word.end(), NAME
    for number in _NUMBER.finditer(text):
        if re.sub("[^A-Z0-9]", "", number[0].upper()) in known.numbers:
            yield number.start(), number.end(), HOSPITAL
    for found in births.dates(text):
        if known.births & set(births.readings(found[0])):
            yield found.start(), found.end(), BIRTH


def _forms(text: str) -> Iterator[Span]:
    for start, end, kind in patterns.identifier_spans(text):
        yield start, end, kind.upper()
    for start, end in births.birth_spans(text):
        yield start, end, BIRTH


def _names(text: str, common: frozenset[str]) -> Iterator[Span]:
    forenames, surnames = names.dictionary()
    for start, end in names.titled(text):
        yield start, end, NAME
    tags = [(tag.start(), tag.end()) for tag in TAG.finditer(text)]
    for word in _WORD.finditer(text):
        plain = names.plain(word[0])
        named = plain in forenames or plain in surnames or plain in common
        if not named or len(plain) < _SHORTEST or not word[0][0].isupper():
            continue
        first = _SENTENCE.search(text, 0, word.start()) is not None
        if not (first and plain in _ordinary()) and not any(start < word.start() < end for start, end in tags):
            yield word.start(), word.end(), NAME


def _replaced(text: str, spans: Iterable[Span]) -> str:
    """Return the text with a tag in place of each span; of spans that overlap, the first and longest counts."""
    made, at = [], 0
    for start, end, tag in sorted(spans, key=lambda span: (span[0], -span[1])):
        if end <= at:
            continue
        if start >= at:
            made.append(text[at:start])
            made.append(f"[{tag}]")
        at = end
    made.append(text[at:])
    return "".join(made)
