"""Text as a reader sees it: without marks that show nothing, in plain letters and digits, however it was written.

Compatibility forms (full-width, mathematical, circled) are folded by NFKC (Unicode annex 15), digits of every script
by their value (Unicode character database, decimal digits), and letters of other scripts that look Latin by the pairs
of UTS #39. What differs afterwards is what a person reads and a pattern misses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Cells
from tre.disclosure.model import Hit

_FILE = Path(__file__).with_name("confusables.txt")
# Marks that take no room and no part in a word: soft hyphen, grapheme joiner, fillers, zero-width and invisible marks,
# variation selectors, tags (Unicode, property Default_Ignorable_Code_Point).
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_TURNED = re.compile("[\u202d\u202e]")  # overrides: what follows is shown in another order than it is kept
_JOINED = re.compile("[\u200d\ufe0f\ufe0e]")  # of emoji, where they belong
_EMOJI = re.compile("[\u2190-\u2bff\u3030\u303d\U0001f000-\U0001faff#*0-9]")
_ALIKE_WORD = re.compile(r"[^\W\d_]{2,}")
_SPACES = re.compile(r"[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")


@cache
def _alike() -> dict[int, str]:
    """Return the Latin letter for each letter that looks like one."""
    lines = [line.split() for line in _FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {ord(other): latin for latin, *others in lines for other in others}


def plain_letters(text: str) -> str:
    """Return a text as it reads: in ASCII letters and digits where it looks like them."""
    if text.isascii():
        return text
    bare = _SPACES.sub(" ", INVISIBLE.sub("", text))
    plain = unicodedata.normalize("NFKC", bare).translate(_alike())
    return "".join(mark if mark.isascii() else _digit(mark) for mark in plain)


def _digit(mark: str) -> str:
    value = unicodedata.decimal(mark, None)
    return mark if value is None else str(value)


def strange(cells: Cells) -> list[int]:
    """Return the indices of the distinct values that are not ASCII alone."""
    plain = pc.string_is_ascii(cells.values)
    return np.flatnonzero(~plain.to_numpy(zero_copy_only=False)).tolist()


def in_plain_letters(cells: Cells) -> Cells | None:
    """Return what reads differently from how it is written, in place and count as it stood; None when nothing does."""
    pairs = [(n, value, plain_letters(value)) for n in strange(cells) for value in [cells.values[n].as_py()]]
    return chosen(cells, {n: plain for n, value, plain in pairs if plain != value})


def chosen(cells: Cells, values: dict[int, str]) -> Cells | None:
    """Return cells of other values that keep the place and count of those they stand for; None when there are none."""
    if not values:
        return None
    at = np.fromiter(values, dtype=np.int64, count=len(values))
    # half a pair of UTF-16, which an escape can spell, is no text that Arrow takes
    made = [value.encode("utf-8", "replace").decode() for value in values.values()]
    return replace(
        cells, header=plain_letters(cells.header), values=pa.array(made, pa.string()), counts=cells.counts[at],
        first=cells.first[at],
    )  # fmt: skip


def find_disguises(cells: Cells, least: int) -> Iterator[Hit]:
    """Yield hits for marks that nobody sees, text that is shown in another order, and words of look-alike letters.

    Parameters
    ----------
    least : int
        Invisible marks in one value from which they are told; a language's own joiners are fewer.
    """
    met: dict[str, list[int]] = {"invisible": [], "turned": [], "look-alike": []}
    for n in strange(cells):
        value = cells.values[n].as_py()
        if len(unseen(value)) >= least:
            met["invisible"].append(n)
        if _TURNED.search(value):
            met["turned"].append(n)
        if any(_mixed(word) for word in _ALIKE_WORD.findall(value)):
            met["look-alike"].append(n)
    for kind, places in met.items():
        if places:
            count = int(cells.counts[places].sum())
            yield Hit("concealed-text", kind, cells.where, cells.place(places[0]), count, "", 0.8)


def unseen(value: str) -> str:
    """Return the invisible marks of a value, those within an emoji left out."""
    return "".join(
        found[0]
        for found in INVISIBLE.finditer(value)
        if not (_JOINED.match(found[0]) and _EMOJI.match(value[found.start() - 1 : found.start()]))
    )


def _mixed(word: str) -> bool:
    """Tell whether a word has Latin letters and letters of another script that look Latin, as no language's has.

    One letter alone beside Latin ones is a unit or a symbol (a Greek letter in a formula).
    """
    latin = sum(mark.isascii() for mark in word)
    alike = sum(ord(mark) in _alike() for mark in word)
    return latin > 0 and alike > 0 and len(word) > 2 and latin + alike == len(word)
