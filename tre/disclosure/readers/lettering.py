"""Words of which every letter stands for itself: an element a letter, in a drawing or on a page."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median
from typing import Any

from tre.disclosure.readers.xml_tree import attribute, local

_SHORTEST = 5  # letters of what is worth reading, a postcode without its blank
_SIZE = 16.0  # pixels: the letters' size where nothing says it (CSS 2.2, section 15.7, medium)
_CLOSE, _FAR = 1.6, 3.0  # of letters' sizes: between two of one word at most, and between two of one line
_WIDER = 1.5  # times the usual step between letters, from which a blank stands between
_NUMBER = re.compile(r"-?\d*\.?\d+")
_MOVED = re.compile(r"translate\(([^)]*)\)|matrix\(([^)]*)\)")
_FONT = re.compile(r"font(?:-size)?:[^;]*?(\d*\.?\d+)px|font-size:\s*(\d*\.?\d+)")

_Point = tuple[float, float]


@dataclass(frozen=True)
class Letter:
    """One mark of a drawing: where it stands, and how large it is, in pixels."""

    mark: str
    x: float
    y: float
    size: float


def lettered(root: Any) -> list[str]:
    """Return what an SVG spells a letter at a time, along its lines and down its columns, in whatever order."""
    letters = list(_letters(root, (0.0, 0.0), (0.0, 0.0), _SIZE))
    along = _lines(letters, lambda each: each.y, lambda each: each.x)
    return [*along, *_lines(letters, lambda each: each.x, lambda each: each.y)]


def put_together(strings: Iterable[str]) -> Iterator[str]:
    """Yield each run of strings that are one letter or blank each, as one."""
    for single, run in groupby(strings, key=lambda each: len(each) == 1 or (each != "" and not each.strip(" \xa0"))):
        joined = "".join(run) if single else ""
        if len(joined) >= _SHORTEST:
            yield joined


def _letters(element: Any, moved: _Point, at: _Point, size: float) -> Iterator[Letter]:
    """Yield the marks that stand alone in an element and those within it.

    Parameters
    ----------
    moved, at
        How far everything within is moved, and where the text around it begins.
    """
    name = local(element)
    if not name:
        return
    across, down = _shift(attribute(element, "transform") or "")
    moved = (moved[0] + across, moved[1] + down)
    size = _size_of(element) or size
    if name in ("text", "tspan"):
        own_x, own_y = (_first(attribute(element, each)) for each in ("x", "y"))
        at = (at[0] if own_x is None else own_x, at[1] if own_y is None else own_y)
        mark = (element.text or "").strip()
        if len(mark) == 1:
            yield Letter(mark, moved[0] + at[0], moved[1] + at[1], size)
    for child in element:
        yield from _letters(child, moved, at, size)


def _shift(transform: str) -> _Point:
    """Return how far a transform moves what it is of; turning and scaling are left out (SVG 2, section 8.5)."""
    found = _MOVED.search(transform)
    if found is None:
        return 0.0, 0.0
    numbers = [float(each) for each in _NUMBER.findall(found[1] or found[2] or "")]
    moved = numbers if found[1] is not None else numbers[4:6]
    return (moved[0], moved[1] if len(moved) > 1 else 0.0) if moved else (0.0, 0.0)


def _first(value: str | None) -> float | None:
    found = _NUMBER.match((value or "").strip())
    return float(found[0]) if found else None


def _size_of(element: Any) -> float | None:
    found = _FONT.search(attribute(element, "style") or "")
    return _first(attribute(element, "font-size")) or (float(found[1] or found[2]) if found else None)


def _lines(letters: list[Letter], across: Callable[[Letter], float], along: Callable[[Letter], float]) -> list[str]:
    """Return the letters of each line in their order, parted where they stand far from one another."""
    lines: dict[int, list[Letter]] = defaultdict(list)
    for each in letters:
        lines[round(across(each))].append(each)
    return [text for line in lines.values() if len(line) >= _SHORTEST for text in _read(sorted(line, key=along), along)]


def _read(line: list[Letter], along: Callable[[Letter], float]) -> Iterator[str]:
    steps = [along(two) - along(one) for one, two in pairwise(line)]
    usual = median(steps)
    if usual > _CLOSE * line[0].size:
        return  # the ticks of an axis
    text = line[0].mark
    for step, letter in zip(steps, line[1:], strict=True):
        if step > _FAR * max(usual, letter.size):
            yield text
            text = ""
        text += (" " if text and step > _WIDER * usual else "") + letter.mark
    yield text
