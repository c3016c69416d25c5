"""What accuracy an epsilon buys, on public data: curves that were measured once.

The curves are of Adult, which is public: they tell of nobody here and cost nothing. ``python -m tests.bench.accuracy``
measured them and writes them anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

CURVES = Path(__file__).with_name("accuracy.json")


@dataclass(frozen=True)
class Figure:
    """A figure over seeds: its mean, and the deviation between seeds."""

    mean: float
    spread: float


@dataclass(frozen=True)
class Curve:
    """The figures of a training on so many persons: at each epsilon, and without privacy."""

    persons: int
    at: dict[Decimal, Figure]
    without_privacy: Figure


@dataclass(frozen=True)
class Accuracy:
    """Curves of one model on one public data set."""

    data: str
    source: str
    model: str
    figure: str
    made_by: str
    delta: Decimal
    seeds: int
    curves: tuple[Curve, ...]

    @property
    def epsilons(self) -> tuple[Decimal, ...]:
        """The epsilons that were measured, rising."""
        return tuple(self.curves[0].at)


@lru_cache(maxsize=1)
def accuracy() -> Accuracy:
    """Return what was measured."""
    told = json.loads(CURVES.read_text(encoding="utf-8"), parse_float=str)
    curves = tuple(
        Curve(each["persons"], {Decimal(at["epsilon"]).normalize(): _figure(at) for at in each["points"]},
              _figure(each["without_privacy"]))
        for each in told["curves"]
    )  # fmt: skip
    kept = {name: told[name] for name in ("data", "source", "model", "figure", "made_by")}
    return Accuracy(**kept, delta=Decimal(told["delta"]), seeds=len(told["seeds"]), curves=curves)


def _figure(told: dict[str, str]) -> Figure:
    return Figure(float(told["mean"]), float(told["spread"]))
