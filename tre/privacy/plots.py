"""Accuracy against epsilon as plain numbers that a template draws as SVG: nothing is drawn by a library. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from tre.privacy.accuracy import Accuracy, Curve

_WIDTH, _HEIGHT = 360, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 16, 16, 48
_LOW, _STEP = 0.5, 0.1  # a coin has an AUROC of 0.5
_DASHES = ("6 4", "")  # the curves are told apart by more than their colour


@dataclass(frozen=True)
class Mark:
    """One point of a curve, and the line from a deviation below it to one above."""

    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True)
class Line:
    """A curve as it is drawn, with its name and the height that it would have without privacy."""

    name: str
    points: str
    dashes: str
    marks: tuple[Mark, ...]
    without: float


@dataclass(frozen=True)
class Plot:
    """Accuracy against epsilon, each doubling of epsilon as wide as the next, with words for who cannot see it."""

    title: str
    description: str
    lines: tuple[Line, ...]
    across: tuple[tuple[Decimal, float], ...]
    up: tuple[tuple[str, float], ...]
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    right: int = _WIDTH - _RIGHT
    foot: int = _HEIGHT - _BOTTOM


def plot(told: Accuracy) -> Plot:
    """Return the curves as plain numbers that a template draws."""
    first, last = (math.log2(each) for each in (told.epsilons[0], told.epsilons[-1]))

    def across(epsilon: Decimal) -> float:
        share = (math.log2(epsilon) - first) / (last - first)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    lines = tuple(
        _line(each, dashes, {epsilon: across(epsilon) for epsilon in each.at})
        for each, dashes in zip(told.curves, _DASHES, strict=True)
    )
    scale = [_LOW + _STEP * step for step in range(round((1 - _LOW) / _STEP) + 1)]
    return Plot(
        f"{told.figure} against epsilon", _described(told), lines,
        tuple((epsilon, across(epsilon)) for epsilon in told.epsilons),
        tuple((f"{each:.1f}", _height(each)) for each in scale),
    )  # fmt: skip


def _line(curve: Curve, dashes: str, across: dict[Decimal, float]) -> Line:
    marks = tuple(
        Mark(across[epsilon], *(_height(each.mean + of * each.spread) for of in (0, -1, 1)))
        for epsilon, each in curve.at.items()
    )
    points = " ".join(f"{each.x},{each.y}" for each in marks)
    return Line(f"{curve.persons:,} people", points, dashes, marks, _height(curve.without_privacy.mean))


def _height(value: float) -> float:
    share = (value - _LOW) / (1 - _LOW)
    return round(_TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - share), 1)


def _described(told: Accuracy) -> str:
    def said(curve: Curve) -> str:
        first, last = told.epsilons[0], told.epsilons[-1]
        low, high = curve.at[first].mean, curve.at[last].mean
        return (
            f"With {curve.persons:,} people {low:.2f} at epsilon {first}, {high:.2f} at {last}, "
            f"{curve.without_privacy.mean:.2f} without privacy."
        )

    return " ".join(said(each) for each in told.curves)
