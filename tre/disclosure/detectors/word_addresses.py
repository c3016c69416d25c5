"""Addresses of three words, as what3words gives one to each square of three metres: ///filled.count.soap."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tre.disclosure.contents import Cells
from tre.disclosure.detectors.patterns import label, matching
from tre.disclosure.folding import LETTER
from tre.disclosure.model import Hit, mask
from tre.disclosure.packs import Pack

_WORD = r"[^\W\d_]{3,20}"
_THREE = rf"{_WORD}\.{_WORD}\.{_WORD}(?![\w/]|\.\w)"
_CALLED = r"what ?3 ?words|\bw3w\b|\bthree[- ]word address"
_CALL = re.compile(_CALLED, re.IGNORECASE)
# Behind three slashes, which are not a file's address, or a few characters after the name of such addresses
_ADDRESS = re.compile(rf"(?<![:/\w])///({_THREE})|(?i:{_CALLED})[^\n]{{0,20}}?(?<![\w.])({_THREE})")
_ALONE = re.compile(rf"\s*/{{0,3}}({_THREE})\s*")
_GATE = rf"///[^\s/.]+\.[^\s/.]+\.[^\s/.]|(?i:{_CALLED})"
_SHORTEST = 11  # bytes of three words and two stops


def find_word_addresses(cells: Cells, pack: Pack) -> Iterator[Hit]:
    """Yield at most one hit for addresses of three words: for a checker, but where somebody's home is spoken of.

    In a column of that name each value is one.
    """
    named = bool(_CALL.search(label(cells.header)))
    asked = matching(cells, r"\.", _SHORTEST, LETTER) if named else matching(cells, _GATE, _SHORTEST, LETTER)
    found = [(n, address) for n in asked if (address := _first(cells.values[n].as_py(), named=named))]
    if found:
        at = [n for n, _ in found]
        home = named or any(pack.home.search(f"{label(cells.header)} {cells.values[n].as_py()}") for n in at)
        rule, confidence = ("identifier", 0.9) if home else ("possible-identifier", 0.5)
        rows = int(cells.counts[at].sum())
        yield Hit(rule, "address", cells.where, cells.place(at[0]), rows, mask(found[0][1]), confidence)


def _first(value: str, *, named: bool) -> str:
    """Return the first address of three words in a value; empty when there is none."""
    found = _ADDRESS.search(value) or (_ALONE.fullmatch(value) if named else None)
    words = next(filter(None, found.groups()), "") if found else ""
    return words if words.islower() else ""
