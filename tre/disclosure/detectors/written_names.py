"""Names that are not written as names: in small letters, run together, in an identifier, or a letter at a time.

What is found so is for a checker: a forename beside a surname may be a method's, and words are names now and then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from tre.disclosure.contents import Cells
from tre.disclosure.detectors.names import plain
from tre.disclosure.detectors.recorded_names import may_be_person, recorded_in
from tre.disclosure.folding import LETTER, unaccented
from tre.disclosure.model import Hit, mask
from tre.disclosure.packs import Names, Pack

_WORD = re.compile(r"(?:Mc|Mac|Fitz|[OD]['’]?)?[A-Z][a-z]+|[a-z]+(?:['’][a-z]{2,})?|[A-Z]+(?![a-z])")
_BETWEEN = re.compile(
    r"(?:[ _.+~-]{0,2}[A-Za-z])?(?:[ ]{1,3}|[_.+~^-]{1,2}|%20|, ?|\.[*+]\??|\\s[*+]|%)"
)  # an initial, or any signs
_GLUED = re.compile(r"[A-Z]?")
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{64,}")  # longer than any identifier: bytes spelled in letters
_PARTS, _PART = re.compile(r"[/_+-]"), re.compile(r"[A-Z]?[a-z]*\d*|[A-Z]*\d*")
_WORDED = 0.8  # share of a path's letters and digits that stand in words
_SHORT, _LONG = 3, 16  # letters of a name
_ALONE = 4  # letters of each, where nothing parts the two
_SPELLED = 40  # letters of a run of single ones that are looked at
_APART = re.compile(r"(?<![^\W\d_])[^\W\d_](?:[\W\d_]{1,4}[^\W\d_](?![^\W\d_])){6,}")

_SEARCHED = re.compile(r"\.[*+]|\\s[*+]|%")  # between two words that are looked for together


def find_written_names(cells: Cells, pack: Pack) -> Iterator[Hit]:
    """Yield at most one hit for names in some cells that only a person would read as such."""
    may = np.flatnonzero(((cells.marks & LETTER) != 0) & (cells.lengths >= 2 * _ALONE - 1))
    found = [(n, name) for n in may.tolist() if (name := name_in(cells.values[n].as_py(), pack.names))]
    if found:
        first, name = found[0]
        rows = int(cells.counts[[n for n, _ in found]].sum())
        yield Hit("possible-name", "name", cells.where, cells.place(first), rows, mask(name), 0.5)


def name_in(value: str, names: Names) -> str:
    """Return the first name that is written in a value as no name is; empty when there is none."""
    bare = _ENCODED.sub(_unless_path, value if value.isascii() else unaccented(value))
    words = [word for word in _WORD.finditer(bare) if len(word[0]) > 1]
    for one, two in pairwise(words):
        if _are_names(one, two, bare, names):
            return bare[one.start() : two.end()]
    for word in words:
        if 2 * _ALONE <= len(word[0]) <= 2 * _LONG and _is_run_together(plain(word[0]), names):
            return word[0]
    return spelled_in(bare, names) or recorded_in(bare, names)


def _unless_path(run: re.Match[str]) -> str:
    """Return a long run of letters and digits that is a path, whose parts are words, and a blank for another."""
    parts = _PARTS.split(run[0])
    worded = sum(len(part) for part in parts if len(part) <= _LONG and _PART.fullmatch(part))
    return run[0] if len(parts) > 2 and worded >= _WORDED * sum(map(len, parts)) else " "


def spelled_in(text: str, names: Names) -> str:
    """Return the first name that is spelled a letter at a time, whatever stands between the letters but letters.

    A forename that such a run begins with is enough, for nobody spells anything else so; within it a surname follows.
    """
    for run in _APART.finditer(text):
        letters = plain(run[0])[:_SPELLED]
        for start in range(len(letters) - 2 * _SHORT):
            for end in range(start + _SHORT, min(start + _LONG, len(letters) - _SHORT) + 1):
                rest = letters[end : end + _LONG]
                surnames = (rest[:size] for size in range(_ALONE, len(rest) + 1) if rest[:size] in names.surnames)
                begins = start == 0 and end >= _ALONE and names.is_forename(letters[:end])
                if begins or any(names.are_person(letters[start:end], each) for each in surnames):
                    return letters[start:end]
    return ""


def _are_names(one: re.Match[str], two: re.Match[str], value: str, names: Names) -> bool:
    """Tell whether two words are a forename and a surname, in either order, and stand together as no prose has them.

    Either they are written small, or joined into one token; what is called after somebody is nobody.
    """
    first, second, gap = plain(one[0]), plain(two[0]), value[one.end() : two.start()]
    if min(len(first), len(second)) < _SHORT or names.institutions.match(value, two.end()):
        return False
    if _GLUED.fullmatch(gap):
        least = _SHORT if second in names.surnames else _ALONE
        if not two[0][0].isupper() or len(first) < least or max(len(first), len(second)) < _ALONE:
            return False
    elif not _BETWEEN.fullmatch(gap) or (re.search("[ ,]", gap) and (one[0][0].isupper() or two[0][0].isupper())):
        return False
    if _SEARCHED.fullmatch(gap) and one[0][0].isupper() and two[0][0].isupper():
        return may_be_person(first, second, names)
    turned = first in names.surnames and not names.is_word(first) and names.are_person(second, first)
    return names.are_person(first, second) or turned


def _is_run_together(word: str, names: Names) -> bool:
    """Tell whether a word is no name by itself, and a forename with a surname after it."""
    if word in names.surnames or word in names.forenames or word in names.lexicon:
        return False
    cuts = range(_ALONE, len(word) - _ALONE + 1)
    return any(
        names.is_forename(word[:cut]) and word[cut:] in names.surnames and names.are_person(word[:cut], word[cut:])
        for cut in cuts
    )
