"""Bars as plain numbers that a template draws as SVG, with the words that tell them to who cannot see them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 360
_ROW, _BAR_AT, _TOP = 46, 12, 18  # heights: of a row, of its bar below the label, and of the first label


@dataclass(frozen=True)
class Bar:
    """One bar: its label, what is told of its number, and where label and bar stand; of no width when not told."""

    label: str
    told: str
    y: int
    bar_y: int
    width: float


@dataclass(frozen=True)
class Bars:
    """A chart of bars, of which each has its number in words too."""

    identity: str
    title: str
    label: str
    measure: str
    description: str
    bars: tuple[Bar, ...]
    height: int
    width: int = WIDTH


def bars(identity: str, title: str, label: str, measure: str, values: Sequence[tuple[str, int | None, str]]) -> Bars:
    """Return the chart, the bars in the order given.

    Parameters
    ----------
    identity : str
        Unique on the page: the SVG's title and description are named after it.
    label, measure : str
        What is counted apart and what is counted: the heads of the table beside.
    values : sequence of (str, int or None, str)
        Of each bar its label, its number (None when it may not be shown) and what is told of it.
    """
    most = max((value for _, value, _ in values if value), default=0)
    made = tuple(
        Bar(name, told, _TOP + place * _ROW, _TOP + place * _ROW + _BAR_AT, _scaled(value or 0, most))
        for place, (name, value, told) in enumerate(values)
    )
    return Bars(identity, title, label, measure, _described(values), made, _ROW * len(made) + _TOP // 2)


def _scaled(value: int, most: int) -> float:
    return round(WIDTH * value / most, 1) if most else 0.0


def _described(values: Sequence[tuple[str, int | None, str]]) -> str:
    if not values:
        return "Nothing to show."
    largest = max(values, key=lambda each: each[1] or 0)
    return f"{len(values)} bars; the longest is {largest[0]}, {largest[2]}. The table beside has every number."
