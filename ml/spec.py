"""What is trained, on what, at which privacy: one value that travels with the model.

Everything that shapes the input is public: bounds and categories are written here by a person, never taken from the
data, because a bound learned from the data would itself disclose (Dwork and Roth, 2014, section 2.3).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ml.errors import LearningRefused

VERSION = 1


@dataclass(frozen=True)
class Numeric:
    """A number between two public bounds; what lies outside is clipped."""

    name: str
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise LearningRefused("A feature's lower bound must lie under its upper bound", where=self.name)


@dataclass(frozen=True)
class Category:
    """One of a public list of values; any other counts as none of them."""

    name: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.values or len(set(self.values)) != len(self.values):
            raise LearningRefused("A category needs distinct values", where=self.name)


@dataclass(frozen=True)
class TrainingSpec:
    """A private training of a classifier of two classes.

    Parameters
    ----------
    unit : str
        The column that names the privacy unit, a person; each may have one row.
    target : str
        The column to predict: 0 or 1.
    numeric, categories
        The features.
    epsilon, delta : float
        The budget: the training is (epsilon, delta)-differentially private for adding or removing one person.
    hidden : tuple of int
        Widths of hidden layers; none makes a logistic regression.
    steps, batch : int
        Steps of DP-SGD and the expected size of a batch (each person is drawn independently: Poisson sampling).
    rate, clip : float
        Learning rate, and the bound on each person's gradient (L2).
    """

    unit: str
    target: str
    numeric: tuple[Numeric, ...]
    categories: tuple[Category, ...]
    epsilon: float
    delta: float
    hidden: tuple[int, ...] = ()
    steps: int = 300
    batch: int = 512
    rate: float = 0.5
    clip: float = 1.0
    version: int = VERSION

    def __post_init__(self) -> None:
        checks = [
            (self.version == VERSION, f"version must be {VERSION}"),
            (0 < self.epsilon <= 20, "epsilon must lie above 0 and up to 20"),
            (0 < self.delta < 0.001, "delta must lie above 0 and under 0.001"),
            (bool(self.numeric or self.categories), "there must be a feature"),
            (0 < self.steps <= 100_000, "steps must lie above 0 and up to 100,000"),
            (0 < self.batch <= 100_000, "batch must lie above 0 and up to 100,000"),
            (self.rate > 0 and self.clip > 0, "rate and clip must be greater than 0"),
            (all(0 < width <= 1024 for width in self.hidden), "hidden widths must lie above 0 and up to 1,024"),
            (len(set(self.features())) == len(self.features()), "features must have different names"),
            (self.target not in self.features(), "the target may not be a feature"),
            (self.unit not in self.features(), "the unit may not be a feature"),
        ]
        for holds, what in checks:
            if not holds:
                raise LearningRefused(f"The training's specification is wrong: {what}", where="spec")

    def features(self) -> tuple[str, ...]:
        """Return the features' names."""
        return (*(each.name for each in self.numeric), *(each.name for each in self.categories))

    def width(self) -> int:
        """Return the number of inputs: one for each number, one for each value of each category."""
        return len(self.numeric) + sum(len(each.values) for each in self.categories)

    def to_json(self) -> dict[str, Any]:
        """Return the specification as JSON values."""
        told: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return told

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> TrainingSpec:
        """Return the specification that :meth:`to_json` told of.

        Raises
        ------
        LearningRefused
            When it is not whole.
        """
        try:
            return cls(
                **{
                    **told,
                    "numeric": tuple(Numeric(**each) for each in told["numeric"]),
                    "categories": tuple(Category(each["name"], tuple(each["values"])) for each in told["categories"]),
                    "hidden": tuple(told["hidden"]),
                }
            )
        except (TypeError, KeyError):
            raise LearningRefused("The training's specification is not whole", where="spec") from None
