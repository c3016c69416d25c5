"""Recognisers and dictionaries of one language and place, as data and a little code: ``packs/<name>/``.

A pack is a folder with ``pack.yaml`` (what there is to recognise), ``names.txt`` (forenames and surnames),
``lexicon.txt`` (what is no name) and ``checks.py`` (what no pattern can say, such as a check digit). Another place is
another folder.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import yaml

from tre.disclosure.model import DisclosureError

if TYPE_CHECKING:
    import pyarrow as pa

Evidence = Literal["form", "column", "weak", "context"]
DEFAULT = "uk"
_FOLDER = Path(__file__).parent
_UNKNOWN, _LONGEST = 4, 16  # letters of a surname that no list has
_PARTS = re.compile(r"\[[a-z ]+\]")  # the heads of the lists in names.txt
_VOWELS = frozenset("aeiouy")


class Check(Protocol):
    """The last word on what has the form of an identifier."""

    def end(self, text: str, start: int, end: int) -> int:
        """Return where the identifier that starts there ends, at the latest at `end`; 0 when it is none."""
        ...

    def whole(self, values: pa.Array) -> tuple[pa.Array, pa.Array]:
        """Judge many values, each of which is one candidate from its first character to its last.

        Parameters
        ----------
        values : pa.Array
            Folded strings, shape (k,).

        Returns
        -------
        tuple of pa.Array
            Which are identifiers, and which of the others :meth:`end` must be asked about; bool, shape (k,) each.
        """
        ...


@dataclass(frozen=True)
class Entity:
    """One kind of identifier; see the head of ``packs/uk/pack.yaml`` for what each field means."""

    kind: str
    pattern: str
    evidence: Evidence
    context: re.Pattern[str]
    check: Check | None = None
    chance: float = 0.0
    rule: str = "identifier"
    sure: bool = False
    others: str = ""
    numeric: bool = False
    compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "compiled", re.compile(self.pattern, re.ASCII))


@dataclass(frozen=True)
class Names:
    """What tells a person's name: dictionaries (lower case, no accents) and the words around one.

    Parameters
    ----------
    usual : frozenset of str
        The forenames that most people have.
    lexicon : frozenset of str
        Words of four letters and more; what is none of them is taken for a surname beside a forename.
    ordinary, words : frozenset of str
        Names that are words of the language too: always, and where nothing else is written as names are.
    eponyms : frozenset of str
        A forename and a surname that together are no person.
    hospitals : re.Pattern
        What hospitals are called in short, some of them as people are.
    institutions : re.Pattern
        What follows a person's name where something is called after them.
    """

    usual: frozenset[str]
    forenames: frozenset[str]
    surnames: frozenset[str]
    lexicon: frozenset[str]
    ordinary: frozenset[str]
    words: frozenset[str]
    eponyms: frozenset[str]
    hospitals: re.Pattern[str]
    institutions: re.Pattern[str]
    header: re.Pattern[str]
    not_header: re.Pattern[str]
    titles: tuple[str, ...]
    announcing: str
    after_title: frozenset[str]

    def is_forename(self, word: str) -> bool:
        """Tell whether a word, in lower case, is a forename and nothing else."""
        return word in self.forenames and not self.is_word(word)

    def is_word(self, word: str) -> bool:
        """Tell whether a name, in lower case, is a word of the language too."""
        return word in self.ordinary or word in self.words

    def is_unknown(self, word: str) -> bool:
        """Tell whether a word, in lower case, could be said and is none of the language: a surname that no list has."""
        return _UNKNOWN <= len(word) <= _LONGEST and word not in self.lexicon and not _VOWELS.isdisjoint(word)

    def are_person(self, forename: str, surname: str) -> bool:
        """Tell whether two words, in lower case, are a forename and a surname, and neither a method nor two words."""
        if forename not in self.forenames or f"{forename} {surname}" in self.eponyms:
            return False
        if surname in self.surnames:
            return not (forename in self.words and self.is_word(surname))
        return forename not in self.words and self.is_unknown(surname)


@dataclass(frozen=True)
class Pack:
    """All that is recognised for one language and place.

    Parameters
    ----------
    plain : str
        The pattern (RE2) of a whole cell that is a decimal or a date, and so no identifier.
    birth : re.Pattern
        What says that a date is one of birth.
    months : tuple of str
        The beginnings of the months' names, in order.
    abbreviations : frozenset of str
        Letters beside a date that are nobody's initials.
    person : re.Pattern
        What says at the end of a text, or as a column's name, that a person's key comes next.
    home : re.Pattern
        What says that a place is where somebody lives.
    """

    name: str
    entities: tuple[Entity, ...]
    plain: str
    birth: re.Pattern[str]
    months: tuple[str, ...]
    abbreviations: frozenset[str]
    person: re.Pattern[str]
    home: re.Pattern[str]
    names: Names


def folder_of(name: str) -> Path:
    """Return the folder of the pack of that name, which is not loaded.

    Raises
    ------
    DisclosureError
        There is none.
    """
    folder = _FOLDER / name
    if not name.isidentifier() or not (folder / "pack.yaml").is_file():
        there = ", ".join(sorted(each.parent.name for each in _FOLDER.glob("*/pack.yaml")))
        raise DisclosureError(f"There is no pack of recognisers '{name}'", todo=f"Use one of {there}")
    return folder


@cache
def load_pack(name: str = DEFAULT) -> Pack:
    """Return the pack of that name.

    Raises
    ------
    DisclosureError
        There is none, or it cannot be read.
    """
    folder = folder_of(name)
    checks: dict[str, Check] = importlib.import_module(f"{__name__}.{name}.checks").CHECKS
    try:
        raw = yaml.safe_load((folder / "pack.yaml").read_text(encoding="utf-8"))
        return Pack(
            name=name,
            entities=tuple(_entity(kind, each, checks) for kind, each in raw["entities"].items()),
            plain=raw["plain"],
            birth=_words(raw["birth"]["context"]),
            months=tuple(raw["birth"]["months"]),
            abbreviations=frozenset(raw["birth"]["abbreviations"].split()),
            person=_words(raw["person"]),
            home=_words(raw["home"]),
            names=_names(raw["names"], folder),
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError, re.error) as error:
        raise DisclosureError(
            "A pack of recognisers cannot be read", where=str(folder), todo="Restore it from the repository"
        ) from error


def _entity(kind: str, raw: dict[str, Any], checks: dict[str, Check]) -> Entity:
    given = {"kind": kind, **raw}
    given["context"] = _words(given["context"])
    given["check"] = checks[raw["check"]] if "check" in raw else None
    return Entity(**given)


def _words(pattern: str) -> re.Pattern[str]:
    """Return a pattern of words of context, in which what stands between two words may also join them."""
    return re.compile(pattern.replace(" ", "[ _-]"), re.IGNORECASE)


def _names(raw: dict[str, Any], folder: Path) -> Names:
    usual, more, surnames = (part.split() for part in _PARTS.split(" ".join(words_in(folder / "names.txt")))[1:])
    return Names(
        usual=frozenset(usual),
        forenames=frozenset(usual) | frozenset(more),
        surnames=frozenset(surnames),
        lexicon=frozenset(words_in(folder / "lexicon.txt")),
        ordinary=frozenset(raw["ordinary"].split()),
        words=frozenset(raw["words"].split()),
        eponyms=frozenset(raw["eponyms"]),
        hospitals=re.compile(rf"\b(?:{'|'.join(raw['hospitals'])})\b", re.IGNORECASE),
        institutions=re.compile(rf"[\s_-]+(?:[A-Z][a-z]+[\s_-]+)?(?:{raw['institutions']})(?![a-z])"),
        header=re.compile(raw["header"], re.IGNORECASE),
        not_header=re.compile(raw["not_header"], re.IGNORECASE),
        titles=tuple(raw["titles"]),
        announcing=raw["announcing"],
        after_title=frozenset(raw["after_title"].split()),
    )


def words_in(path: Path) -> list[str]:
    """Return the words of a list without its notes."""
    return re.sub(r"^#.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE).split()
