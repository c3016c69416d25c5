"""Labels of a published table as they are told apart: in one spelling, and ranges of numbers by their ends."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from tre.disclosure.statistics.differencing import Range

_LABEL = 64  # characters of a label that tell it apart
_NUMBER = r"(\d+(?:\.\d+)?)"
_TO = re.compile(rf"{_NUMBER} ?(?:-|to|until) ?{_NUMBER}(?: years?)?")
_FROM = re.compile(rf"{_NUMBER} ?(?:\+|(?:and|or) (?:over|above|older|more))(?: years?)?|(?:>=|≥) ?{_NUMBER}")
_UNDER = re.compile(rf"(?:<|under|below|less than) ?{_NUMBER}(?: years?)?")
_TENS = re.compile(r"(\d+0)'?s")
_INTERVAL = re.compile(r"([\[(]) ?([-+\d.einf]+) ?[,;] ?([-+\d.einf]+) ?([\])])")
_WHOLE = re.compile(r"\d{1,6}")
_DASHES = re.compile(r"[‐-―−]")


def plain(label: str) -> str:
    """Return a label as it is told apart: in small letters, dashes and blanks alike."""
    folded = _DASHES.sub("-", unicodedata.normalize("NFKC", label[:_LABEL])).casefold()
    return re.sub(r"[\s_]+", " ", folded).strip()


def range_of(label: str) -> Range | None:
    """Return the ends of the range that a plain label says, ``[low, high)`` of whole numbers, or None."""
    if found := _TO.fullmatch(label):
        return float(found[1]), float(found[2]) + 1
    if found := _TENS.fullmatch(label):
        return float(found[1]), float(found[1]) + 10
    if found := _FROM.fullmatch(label):
        return float(found[1] or found[2]), np.inf
    if found := _UNDER.fullmatch(label):
        return -np.inf, float(found[1])
    if found := _INTERVAL.fullmatch(label):
        low, high = _end(found[2]), _end(found[3])
        # (60, 70] is [61, 71) of whole numbers
        return None if low is None or high is None else (low + (found[1] == "("), high + (found[4] == "]"))
    return (float(label), float(label) + 1) if _WHOLE.fullmatch(label) else None


def _end(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _spelled(label: str) -> str:
    ends = range_of(label)
    return label if ends is None else f"[{ends[0]:g}, {ends[1]:g})"


def coded(labels: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Return the different labels in one spelling, ranges by their ends, and which of them each label is."""
    spelled = {label: _spelled(label) for label in dict.fromkeys(labels)}
    words = list(dict.fromkeys(spelled.values()))
    place = {word: n for n, word in enumerate(words)}
    return words, np.array([place[spelled[label]] for label in labels], np.int64)
