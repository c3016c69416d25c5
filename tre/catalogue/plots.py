"""Lines over time as plain numbers that a template draws as SVG: nothing is drawn by a library, nothing per request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT = 360, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 16, 36


@dataclass(frozen=True)
class Dot:
    """One point: where it stands, when it was, and its share in per cent (None when it may not be shown)."""

    x: float
    y: float | None
    at: datetime
    value: float | None


@dataclass(frozen=True)
class Plot:
    """One line over time, with the words that tell it to who cannot see it."""

    identity: str
    title: str
    description: str
    lines: tuple[str, ...]
    dots: tuple[Dot, ...]
    scale: tuple[tuple[int, float], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    foot: int = HEIGHT - _BOTTOM


def plot(identity: str, title: str, points: Sequence[tuple[datetime, float | None]]) -> Plot:
    """Return the plot of shares in per cent, in the order given; a share that may not be shown breaks the line.

    Parameters
    ----------
    identity : str
        Unique on the page: the SVG's title and description are named after it.
    points : sequence of (datetime, float or None)
        At least one.
    """
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(points) - 1)
    dots = tuple(
        Dot(round(_LEFT + place * step, 1), None if value is None else _height(value), at, value)
        for place, (at, value) in enumerate(points)
    )
    scale = tuple((value, _height(value)) for value in (0, 50, 100))
    return Plot(identity, title, _described(dots), _lines(dots), dots, scale)


def _height(value: float) -> float:
    return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - value / 100), 1)


def _lines(dots: Sequence[Dot]) -> tuple[str, ...]:
    parts: list[list[str]] = [[]]
    for dot in dots:
        if dot.y is None:
            parts.append([])
        else:
            parts[-1].append(f"{dot.x},{dot.y}")
    return tuple(" ".join(part) for part in parts if len(part) > 1)


def _described(dots: Sequence[Dot]) -> str:
    first, last = dots[0], dots[-1]
    if len(dots) == 1:
        return f"{_said(first)} on {_day(first)}."
    shares = [dot.value for dot in dots if dot.value is not None]
    lowest = f" Lowest {min(shares):g} per cent." if shares else ""
    return f"{len(dots)} builds: {_said(first)} on {_day(first)}, {_said(last)} on {_day(last)}.{lowest}"


def _said(dot: Dot) -> str:
    return "not shown" if dot.value is None else f"{dot.value:g} per cent"


def _day(dot: Dot) -> str:
    return f"{dot.at.day} {dot.at:%B %Y}"
