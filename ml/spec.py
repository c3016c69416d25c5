"""What is trained, on what, at which privacy: one value that travels with the model.

Everything that shapes the input is public: bounds, cuts and categories are written here by a person, never taken from
the data, because a bound learned from the data would itself disclose (Dwork and Roth, 2014, section 2.3). What a
training does learn of the data before its first step (how many persons there are, how often each input is set) is
paid for out of the same budget: see :mod:`ml.preparing`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

from ml.errors import LearningRefused
from ml.search import Search

VERSION = 2
_READ = (1, 2)
_MOST_QUANTILES = 64
_MOST_LAYERS = 64
MODELS = ("logistic", "linear", "mlp", "transformer", "boosting", "survival")


@dataclass(frozen=True)
class Numeric:
    """A number between two public bounds; what lies outside is clipped.

    Parameters
    ----------
    cuts : tuple of float
        Public cut points, rising. With any, the number becomes one of ``len(cuts) + 1`` bins, each from its cut on.
    quantiles : int
        Into how many bins of about as many persons it is cut, at points that a training learns and pays for
        (:mod:`ml.cuts`); the model's specification then has them as cuts, which another training learns anew.
    """

    name: str
    low: float
    high: float
    cuts: tuple[float, ...] = ()
    quantiles: int = 0

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise LearningRefused("A feature's lower bound must lie under its upper bound", where=self.name)
        if not all(before < after for before, after in pairwise(self.cuts)):
            raise LearningRefused("A feature's cuts must rise", where=self.name)
        if not 0 <= self.quantiles <= _MOST_QUANTILES or self.quantiles == 1:
            raise LearningRefused(f"A feature is cut into 2 to {_MOST_QUANTILES} quantiles", where=self.name)


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
    """A private training.

    Parameters
    ----------
    unit : str
        The column that names the privacy unit, a person.
    target : str
        The column to predict: 0 or 1; a number for ``linear``; whether the event came, for ``survival``.
    numeric, categories
        The features.
    epsilon, delta : float
        The budget: the training is (epsilon, delta)-differentially private for adding or removing one person, with all
        of their rows.
    hidden : tuple of int
        Widths of hidden layers of ``mlp`` and ``survival``.
    steps, batch : int
        Steps of DP-SGD and the expected size of a batch (each person is drawn independently: Poisson sampling). A batch
        as large as the table takes everybody at each step.
    rate, clip : float
        Learning rate, and the bound on each person's gradient (L2).
    model : str
        One of :data:`MODELS`.
    dataset : str
        The version of the data that this is meant for; empty for whichever is given.
    rows : int
        How many rows of one person count at most; their losses are averaged, and their gradient is bounded as one.
    optimiser, momentum, falling, averaged
        ``sgd`` or ``adam``; its momentum; whether the rate falls in a line to nothing; which share of the last steps
        has its weights averaged.
    scaled : bool
        Whether inputs are scaled by how often each is set, which is paid for.
    weights : tuple of float
        Public weights of the classes 0 and 1 in the loss, against imbalance.
    bounds : tuple of float
        Of ``linear``: the public bounds of the target.
    time, periods
        Of ``survival``: the column that holds the time, and the rising ends of the periods it is cut into.
    groups : tuple of Category
        Of whom the card tells figures apart, such as of each sex; columns that need be no feature.
    search : Search, optional
        Values of which some are tried and the best are kept: all within the same budget (:mod:`ml.search`).
    seed : int
        What the first weights are drawn from. Never the noise, nor who is drawn: these have a secret key.
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
    model: str = "logistic"
    dataset: str = ""
    rows: int = 1
    optimiser: str = "sgd"
    momentum: float = 0.0
    falling: bool = False
    averaged: float = 0.0
    scaled: bool = False
    weights: tuple[float, float] = (1.0, 1.0)
    bounds: tuple[float, float] = (-1.0, 1.0)
    time: str = ""
    periods: tuple[float, ...] = ()
    seed: int = 0
    groups: tuple[Category, ...] = ()
    search: Search | None = None

    def __post_init__(self) -> None:
        for holds, what in (*self._of_every_model(), *self._of_this_model()):
            if not holds:
                raise LearningRefused(f"The training's specification is wrong: {what}", where="spec")
        for setting in self.search.settings() if self.search else ():
            self.tried(setting)

    def tried(self, setting: Mapping[str, float]) -> TrainingSpec:
        """Return the specification of one trial of the search, which searches for nothing itself.

        Raises
        ------
        LearningRefused
            When no training can be meant by it.
        """
        changes: dict[str, Any] = {**setting, "search": None}
        return replace(self, **changes)

    def _of_every_model(self) -> list[tuple[bool, str]]:
        others = (self.target, self.unit, *([self.time] if self.time else []))
        return [
            (self.version in _READ, f"version must be {VERSION}"),
            (0 < self.epsilon <= 20, "epsilon must lie above 0 and up to 20"),
            (0 < self.delta < 0.001, "delta must lie above 0 and under 0.001"),
            (bool(self.numeric or self.categories), "there must be a feature"),
            (0 < self.steps <= 100_000, "steps must lie above 0 and up to 100,000"),
            (0 < self.batch <= 10_000_000, "batch must lie above 0 and up to 10,000,000"),
            (self.rate > 0 and self.clip > 0, "rate and clip must be greater than 0"),
            (all(0 < width <= 1024 for width in self.hidden), "hidden widths must lie above 0 and up to 1,024"),
            (len(self.hidden) <= _MOST_LAYERS, f"there may be {_MOST_LAYERS} hidden layers"),
            (len(set(self.features())) == len(self.features()), "features must have different names"),
            (self.target not in self.features(), "the target may not be a feature"),
            (self.unit not in self.features(), "the unit may not be a feature"),
            (len(set(others)) == len(others), "target, unit and time must be different columns"),
            (0 < self.rows <= 1000, "rows must lie above 0 and up to 1,000"),
            (self.optimiser in ("sgd", "adam"), "the optimiser must be sgd or adam"),
            (0 <= self.momentum < 1, "momentum must lie from 0 to under 1"),
            (0 <= self.averaged <= 1, "averaged must lie from 0 to 1"),
            (all(0 < each <= 1000 for each in self.weights), "class weights must lie above 0 and up to 1,000"),
            (
                len({each.name for each in self.groups}) == len(self.groups) <= 8,
                "groups must have up to 8 different names",
            ),
            (not self.groups or self.model != "linear", "a linear regression tells of no groups"),
        ]

    def _of_this_model(self) -> list[tuple[bool, str]]:
        binned = all(each.cuts or each.quantiles for each in self.numeric)
        rising = all(before < after for before, after in pairwise((0.0, *self.periods)))
        return [
            (self.model in MODELS, f"the model must be one of {', '.join(MODELS)}"),
            (not self.hidden or self.model in ("mlp", "survival"), "only mlp and survival have hidden layers"),
            (self.model != "mlp" or bool(self.hidden), "an mlp needs hidden layers"),
            (self.bounds[0] < self.bounds[1], "the lower bound of the target must lie under its upper bound"),
            ((self.model == "survival") == bool(self.time and self.periods), "survival alone needs time and periods"),
            (rising and self.time not in self.features(), "periods must rise from 0, and time is no feature"),
            (self.rows == 1 or self.model not in ("survival", "boosting"), f"{self.model} takes one row a person"),
            (not self.scaled or self.model in ("logistic", "linear", "mlp", "survival"), "this model is not scaled"),
            (self.model != "boosting" or binned, "boosting needs cuts or quantiles"),
        ]

    def features(self) -> tuple[str, ...]:
        """Return the features' names."""
        return (*(each.name for each in self.numeric), *(each.name for each in self.categories))

    def answer(self) -> str:
        """Return what the model's answer is called: a column of a served model."""
        return "value" if self.model == "linear" else "probability"

    def blocks(self) -> tuple[int, ...]:
        """Return how many inputs each feature becomes, in order: a number one, a bin or a category each of its own."""
        return (
            *(len(each.cuts) + 1 if each.cuts else 1 for each in self.numeric),
            *(len(each.values) for each in self.categories),
        )

    def width(self) -> int:
        """Return the number of inputs."""
        return sum(self.blocks())

    def to_json(self) -> dict[str, Any]:
        """Return the specification as JSON values."""
        told: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        search = told.pop("search")  # left out where there is none: a specification is then written as ever
        return {**told, "search": search} if search else told

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> TrainingSpec:
        """Return the specification that :meth:`to_json` told of, of this version or one before.

        Raises
        ------
        LearningRefused
            When it is not whole.
        """
        try:
            numeric = [{**each, "cuts": tuple(each.get("cuts", ()))} for each in told["numeric"]]
            listed = ("hidden", "weights", "bounds", "periods")
            known = {
                "model": "mlp" if told["hidden"] else "logistic",  # version 1 had no other
                **told,
                **{name: tuple(told[name]) for name in listed if name in told},
                "numeric": tuple(Numeric(**each) for each in numeric),
                "categories": tuple(Category(each["name"], tuple(each["values"])) for each in told["categories"]),
                "groups": tuple(Category(each["name"], tuple(each["values"])) for each in told.get("groups", ())),
                "search": Search.from_json(told["search"]) if told.get("search") else None,
            }
            return cls(**known)
        except (TypeError, KeyError, AttributeError, IndexError):
            raise LearningRefused("The training's specification is not whole", where="spec") from None
