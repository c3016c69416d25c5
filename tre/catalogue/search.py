"""Finds datasets and fields by words: over names, meanings, standards, code lists and keywords.

The contracts are files that the process has read, so the index is in memory and the same on every database. See
docs/decisions/0012-catalogue-public-and-searched-in-memory.md.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from tre.catalogue.contracts import Column, Dataset, datasets
from tre.catalogue.metadata import load_metadata
from tre.contracts.codelists import load_code_lists

MOST_WORDS = 8  # of one question
MOST_FOUND = 100
_WORD = re.compile(r"[a-z0-9]+")
_IN_NAME, _IN_TEXT = 8, 1


@dataclass(frozen=True)
class Found:
    """A dataset, or one field of it, that answers to every word."""

    dataset: Dataset
    column: Column | None
    score: int


@dataclass(frozen=True)
class Index:
    """Words in order, and for each the places that hold it with what it weighs there."""

    words: tuple[str, ...]
    places: tuple[Mapping[int, int], ...]
    entries: tuple[tuple[Dataset, Column | None], ...]

    def find(self, question: str) -> list[Found]:
        """Return what answers to every word of the question, or to its beginning; best first."""
        asked = words(question)[:MOST_WORDS]
        if not asked:
            return []
        scores = [self._of(word) for word in asked]
        everywhere = set.intersection(*(set(each) for each in scores))
        found = [Found(*self.entries[place], sum(each[place] for each in scores)) for place in everywhere]
        return sorted(found, key=_order)[:MOST_FOUND]

    def _of(self, word: str) -> Counter[int]:
        """Return what each place weighs for a word: whole words count double."""
        scores: Counter[int] = Counter()
        for number in range(bisect_left(self.words, word), len(self.words)):
            if not self.words[number].startswith(word):
                break
            whole = 2 if self.words[number] == word else 1
            for place, weight in self.places[number].items():
                scores[place] = max(scores[place], whole * weight)
        return scores


def _order(found: Found) -> tuple[int, bool, str, str]:
    column = found.column
    return -found.score, column is not None, found.dataset.name, column.name if column else ""


def words(text: str) -> list[str]:
    """Return the words of a text in small letters; what stands between underscores is a word of its own."""
    return _WORD.findall(text.lower())


def make_index(held: Iterable[Dataset]) -> Index:
    """Return the index over these datasets and their fields."""
    entries: list[tuple[Dataset, Column | None]] = []
    weights: dict[str, dict[int, int]] = {}
    for dataset in held:
        for column in (None, *dataset.columns):
            name, text = _texts(dataset, column)
            for weight, told in ((_IN_TEXT, text), (_IN_NAME, name)):
                for word in words(told):
                    weights.setdefault(word, {})[len(entries)] = weight
            entries.append((dataset, column))
    ordered = tuple(sorted(weights))
    return Index(ordered, tuple(weights[word] for word in ordered), tuple(entries))


def _texts(dataset: Dataset, column: Column | None) -> tuple[str, str]:
    if column is None:
        keywords = load_metadata().keywords_of(dataset)
        return dataset.name, " ".join((dataset.description, dataset.controller, dataset.cadence, *keywords))
    codes = load_code_lists().get(column.code_list)
    listed = (codes.title, *codes.codes.values()) if codes else ()
    return column.name, " ".join((dataset.name, column.description, column.standard, column.classed, *listed))


@lru_cache(maxsize=1)
def _index() -> Index:
    return make_index(datasets().values())


def find(question: str) -> list[Found]:
    """Return what the catalogue holds that answers to every word of the question; best first."""
    return _index().find(question)
