"""What the corpus is made of: items, the carriers that hold a text or a table, and what is planted in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Literal, TypeVar

import pandas as pd

from tests.corpus.world import World

Fair = Literal["pass", "review"]
# The second wrote when the detectors were there, the third when they had learnt from the second; neither saw them.
Author = Literal["first", "second", "third"]
AUTHORS: tuple[Author, ...] = ("first", "second", "third")
UNLIMITED = 1_000_000


@dataclass(frozen=True)
class Carrier:
    """A place in a format that can hold a text.

    Parameters
    ----------
    format : str
        The format's usual file name extension.
    place : str
        Where in the file the text stands, in words.
    write : callable
        From the text and a source of randomness, the file: an ordinary document that holds the text in that place.
    fair : {"pass", "review"} or None
        The worst verdict that is fair when the text is harmless; None where no honest file uses the place.
    open : bool
        Whether whoever opens the file sees the text as it is. Ways of writing are tried in open places.
    limit : int
        How many characters the place holds.
    ascii : bool
        Whether it holds ASCII alone.
    lines : bool
        Whether line breaks and runs of white space are kept.
    more : frozenset of str
        Families of rules that are right about a leak here whatever it is: of a place that nobody can read.
    """

    format: str
    place: str
    write: Callable[[str, Random], bytes]
    fair: Fair | None = "pass"
    open: bool = False
    limit: int = UNLIMITED
    ascii: bool = False
    lines: bool = False
    more: frozenset[str] = frozenset()


@dataclass(frozen=True)
class TableCarrier:
    """A format that holds a table; `limit` is how many columns it takes, `fair` as in :class:`Carrier`."""

    format: str
    place: str
    write: Callable[[pd.DataFrame, Random], bytes]
    fair: Fair = "pass"
    limit: int = 200


@dataclass(frozen=True)
class Writing:
    """A way of writing who somebody is, or a harmless look-alike of one (then without families)."""

    technique: str
    write: Callable[[World, Random], str]
    families: frozenset[str] = frozenset()
    lines: bool = False
    fair: Fair = "pass"
    author: Author = "first"


@dataclass(frozen=True)
class TableWriting:
    """A table that leaks, or a harmless one (then without families)."""

    technique: str
    write: Callable[[World, Random], pd.DataFrame]
    families: frozenset[str] = frozenset()
    fair: Fair = "pass"
    author: Author = "first"


@dataclass(frozen=True)
class Special:
    """A file that is of one piece with its technique: a figure's payload, a tensor, a row deleted in a database."""

    format: str
    technique: str
    write: Callable[[World, Random], bytes]
    families: frozenset[str] = frozenset()
    fair: Fair = "pass"
    variants: int = 2
    author: Author = "first"


_Entry = TypeVar("_Entry", Writing, TableWriting, Special)


def by_second(*entries: _Entry) -> tuple[_Entry, ...]:
    """Return a module's entries as the second author's."""
    return tuple(replace(entry, author="second") for entry in entries)


def by_third(*entries: _Entry) -> tuple[_Entry, ...]:
    """Return a module's entries as the third author's."""
    return tuple(replace(entry, author="third") for entry in entries)


@dataclass(frozen=True)
class Item:
    """One file of the corpus.

    Parameters
    ----------
    name : str
        The name that it would be released under.
    format, place, technique : str
        What it is, where in it something was put, and how that was written.
    leak : bool
        Whether something was planted.
    families : frozenset of str
        The families of rules (:mod:`tests.corpus.families`) that a finding must come from to be about the leak.
    fair : {"pass", "review"}
        For a clean file the worst verdict that a reviewer would call fair.
    write : callable
        Makes the bytes from the world; the same each time.
    author : {"first", "second", "third"}
        Who thought of it.
    """

    name: str
    format: str
    place: str
    technique: str
    leak: bool
    write: Callable[[World], bytes]
    families: frozenset[str] = frozenset()
    fair: Fair = "pass"
    author: Author = "first"

    @property
    def planted(self) -> dict[str, str | list[str]]:
        """What was planted, in words that hold nothing of it."""
        return {
            "name": self.name if not self.leak else "",
            "format": self.format,
            "place": self.place,
            "technique": self.technique,
            "kind": "leak" if self.leak else "clean",
            "families": sorted(self.families),
            "fair": "" if self.leak else self.fair,
        }
