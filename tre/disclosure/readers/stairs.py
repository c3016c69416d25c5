"""Lines of a drawing that go down or up by steps, as a survival curve does at each person's day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

_COMMAND = re.compile(r"([MmLlHhVvZz])([^A-Za-z]*)")
_ALLOWED = re.compile(r"[MmLlHhVvZzeE\d.,+\s-]+")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_FEWEST = 8  # steps; fewer are bands
_EVEN = 0.02  # of the mean width, within which steps are as wide as each other: bins', not people's


def steps_drawn(root: Any) -> int:
    """Return how many steps the lines have that go one way by uneven steps.

    Parameters
    ----------
    root : lxml element
        Of a drawing.
    """
    return sum(map(_steps, _lines(root)))


def _lines(root: Any) -> Iterator[np.ndarray]:
    """Yield the points of each line, float64, shape (points, 2)."""
    for element in root.iter("{*}path", "{*}polyline"):
        drawn = element.get("d") or "M" + (element.get("points") or "")
        if _ALLOWED.fullmatch(drawn):
            yield from (np.array(points) for points in _drawn(drawn))


def _drawn(path: str) -> Iterator[list[tuple[float, float]]]:
    points: list[tuple[float, float]] = [(0.0, 0.0)]
    for letter, told in _COMMAND.findall(path):
        numbers = [float(each) for each in _NUMBER.findall(told)]
        if letter in "Mm" and len(points) > 1:
            yield points[1:]
            points = points[-1:]
        for pair in _moves(letter, numbers):
            x, y = points[-1] if letter.islower() else (0.0, 0.0)
            along, down = pair
            points.append((points[-1][0] if along is None else x + along, points[-1][1] if down is None else y + down))
    yield points[1:]


def _moves(letter: str, numbers: list[float]) -> list[tuple[float | None, float | None]]:
    """Return where a command moves to, None for the direction in which it does not."""
    if letter in "Hh":
        return [(each, None) for each in numbers]
    if letter in "Vv":
        return [(None, each) for each in numbers]
    return list(zip(numbers[::2], numbers[1::2], strict=False))


def _steps(points: np.ndarray) -> int:
    """Return the steps of a line that only goes along, and then up or down; 0 of any other."""
    if len(points) < 2 * _FEWEST:
        return 0
    moves = np.diff(points, axis=0)
    moves = moves[np.any(moves != 0, axis=1)]
    along, up = moves[moves[:, 1] == 0, 0], moves[moves[:, 0] == 0, 1]
    one_way = bool((up > 0).all() or (up < 0).all()) and bool((along > 0).all() or (along < 0).all())
    if len(along) + len(up) < len(moves) or len(up) < _FEWEST or len(along) < _FEWEST or not one_way:
        return 0
    return 0 if np.ptp(along[1:-1]) <= _EVEN * abs(along.mean()) else len(up)
