"""A private search for hyper-parameters: which values may be tried, and how many trials there are. Pure.

How well each does is private data's to say, so to try several and keep the best tells more than one training does. It
is paid for whole: the number of trials is random, and of all trials the best alone is told, by a figure that is private
itself (Liu and Talwar, "Private selection from private candidates", 2019; Papernot and Steinke, "Hyperparameter tuning
with Renyi differential privacy", 2022). How many trials were made stays secret: a number that is known would have each
of them paid for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Any

from ml.errors import LearningRefused

# The shape of the number's law, as :class:`dp_accounting.dp_event.RepeatAndSelectDpEvent` has it.
_SHAPES = {"poisson": math.inf, "logarithmic": 0.0}
LAWS = tuple(_SHAPES)
MOST_SETTINGS = 64
_LEAST_TRIALS, _MOST_TRIALS = 1.5, 50.0
_VALUES = ("rate", "clip", "momentum", "averaged")


@dataclass(frozen=True)
class Search:
    """Values to choose from: each trial takes one of every list at random, whatever came of the trials before it.

    They change what noisy gradients become and not what a step costs, so that every trial has the same price.

    Parameters
    ----------
    rate, clip, momentum, averaged : tuple of float
        Values for the specification's field of that name; where there are none, the field itself holds.
    trials : float
        How many trials there are on average.
    law : str
        ``poisson`` is near its mean, and with a probability of ``exp(-trials)`` there is no trial, and the model stays
        untrained; ``logarithmic`` makes one at least and is often at one.
    """

    rate: tuple[float, ...] = ()
    clip: tuple[float, ...] = ()
    momentum: tuple[float, ...] = ()
    averaged: tuple[float, ...] = ()
    trials: float = 5.0
    law: str = "poisson"

    def __post_init__(self) -> None:
        lists = [getattr(self, name) for name in _VALUES]
        many = math.prod(len(each) or 1 for each in lists)
        for holds, what in (
            (1 < many <= MOST_SETTINGS, f"a search is among 2 to {MOST_SETTINGS} settings"),
            (all(len(set(each)) == len(each) for each in lists), "the values of a search must differ"),
            (_LEAST_TRIALS <= self.trials <= _MOST_TRIALS, f"trials must lie from {_LEAST_TRIALS} to {_MOST_TRIALS:g}"),
            (self.law in LAWS, f"the law of a search must be one of {', '.join(LAWS)}"),
        ):
            if not holds:
                raise LearningRefused(f"The training's specification is wrong: {what}", where="search")

    @property
    def shape(self) -> float:
        """The shape of the number's law."""
        return _SHAPES[self.law]

    def settings(self) -> list[dict[str, float]]:
        """Return what a trial may be made with: the specification's fields that it sets, by name."""
        named = [[(name, value) for value in getattr(self, name)] for name in _VALUES if getattr(self, name)]
        return [dict(each) for each in product(*named)]

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Search:
        """Return the search that a specification's JSON tells of.

        Raises
        ------
        LearningRefused
            When it is none that can be meant.
        """
        known: dict[str, Any] = {name: tuple(each) if isinstance(each, list) else each for name, each in told.items()}
        return cls(**known)
