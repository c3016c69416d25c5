"""Names in ciphers that anybody can do by hand, as readings in which they are written plainly.

A cipher is undone only where a forename comes out. A surname beside it that is in the dictionary is told for a checker;
where letters meet so by chance, a surname that no list has counts only when a person of that name is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from tre.disclosure.contents import Cells
from tre.disclosure.detectors import capitals, key_ciphers, paper_ciphers, sounds
from tre.disclosure.detectors.disguises import chosen
from tre.disclosure.detectors.patterns import matching
from tre.disclosure.folding import DIGIT, LETTER, UPPER
from tre.disclosure.packs import Names

_SHORTEST = 7  # bytes of two names and what parts them
_MOST = 100  # names of one value that a cipher may stand for
_FORENAME = 5  # letters of a forename, beside which a surname need be in no list: shorter ones come out of other words


@dataclass(frozen=True)
class Cipher:
    """A way in which names are enciphered.

    Parameters
    ----------
    gate : str
        The pattern (RE2) of a value in which it may stand.
    marks : int
        Sorts of characters that all stand in such a value.
    undo : callable
        What yields the names in a text that it was done to, each a forename and a surname in lower case.
    rare : bool
        Whether chance writes so seldom that what stands beside a forename need be in no list.
    met : callable, optional
        Whether it may stand anywhere in a text, where that can be told of many values faster than of each.
    """

    how: str
    gate: str
    marks: int
    undo: Callable[[str, Names], Iterator[str]]
    rare: bool
    met: Callable[[str, Names], bool] | None = None

    def values_in(self, cells: Cells, names: Names) -> dict[int, str]:
        """Return the values that it may stand in, by index."""
        values = {n: cells.values[n].as_py() for n in matching(cells, self.gate, _SHORTEST, self.marks)}
        return values if values and (self.met is None or self.met("\n".join(values.values()), names)) else {}


CIPHERS = (
    Cipher("Pig Latin", r"(?i)[a-z]{2}ay[ _.,-]{1,3}[a-z]{2,20}ay\b", LETTER, paper_ciphers.of_pig_latin, rare=True),
    Cipher("a rail fence", r"\b(?:[A-Z]?[a-z]{7,31}|[A-Z]{8,32})\b", LETTER, paper_ciphers.of_rails, rare=False),
    Cipher(
        "letters between others", r"[A-Za-z]{16}|(?:[a-z][A-Z][^A-Z]*){8}", LETTER, paper_ciphers.from_between,
        rare=True,
    ),
    Cipher("the capitals of a text", capitals.ODD, LETTER | UPPER, capitals.first_of_capitals, rare=True),
    Cipher("the capitals of a text", capitals.ODD, LETTER | UPPER, capitals.of_capitals, rare=False),
    Cipher(
        "the keys beside", r"[A-Za-z,;\[]{3} [A-Za-z,;\[]{3}", LETTER, key_ciphers.of_keys_beside, rare=True,
        met=key_ciphers.are_beside,
    ),
    Cipher("a telephone's keys", key_ciphers.TAPPED, DIGIT, key_ciphers.of_presses, rare=True),
    Cipher("a telephone's keys", key_ciphers.KEYED, DIGIT, key_ciphers.of_keys, rare=False),
    Cipher("how it sounds", sounds.PAIR, UPPER, sounds.as_heard, rare=False),
)  # fmt: skip


@dataclass(frozen=True)
class Deciphered:
    """Cells that hold the names in a cipher alone.

    Parameters
    ----------
    asked, told : Cells
        The names that count when they are held, and those of them that count in any case, if there are any.
    """

    how: str
    asked: Cells
    told: Cells | None


def deciphered(cells: Cells, names: Names) -> Iterator[Deciphered]:
    """Yield a reading for each cipher of which a name came out."""
    for cipher in CIPHERS:
        asked: dict[int, str] = {}
        told: dict[int, str] = {}
        for n, value in cipher.values_in(cells, names).items():
            found = list(dict.fromkeys(islice(cipher.undo(value, names), _MOST)))
            sure = [name for name in found if _is_told(name, names, rare=cipher.rare)]
            asked |= {n: "; ".join(found)} if found else {}
            told |= {n: "; ".join(sure)} if sure else {}
        readable = chosen(cells, asked)
        if readable is not None:
            yield Deciphered(cipher.how, readable, chosen(cells, told))


def _is_told(name: str, names: Names, *, rare: bool) -> bool:
    """Tell whether a forename and a surname are a person's whoever is held."""
    forename, surname = name.split()
    listed = surname in names.surnames or (rare and len(forename) >= _FORENAME)
    return listed and names.are_person(forename, surname)
