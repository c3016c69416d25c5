"""What a model of a researcher's own is asked and what it answers: said by its author, public, and signed with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.data import coded
from ml.errors import LearningRefused
from ml.spec import Category, Numeric

MOST_FEATURES, MOST_VALUES, MOST_LETTERS = 1000, 10_000, 200
ANSWERS = ("probability", "value")
Asked = npt.NDArray[np.float64]


@dataclass(frozen=True)
class OwnSchema:
    """The columns of a model that was trained by its author's own code.

    Parameters
    ----------
    unit : str
        The column that names a person, of whom the table may have several rows.
    target : str
        The column that is predicted: 0 or 1 for a probability, a number for a value.
    numeric, categories
        The features, with bounds and values that are public: :func:`tre.features` names those of the data contract.
        They bound what drift counts; a model is given numbers as they are.
    predicts : str
        ``probability`` (that the target is 1) or ``value``.
    bounds : tuple of float
        Of a value: the public bounds of the target.
    held_back : bool
        Whether :func:`ml.train.held_out` named a fifth of the persons who were not trained on. Attacks need them.
    """

    unit: str
    target: str
    numeric: tuple[Numeric, ...] = ()
    categories: tuple[Category, ...] = ()
    predicts: str = "probability"
    bounds: tuple[float, float] = (-1.0, 1.0)
    held_back: bool = False
    # as a training that predicts no time, and of a person counts every row
    rows: ClassVar[int] = 1000
    time: ClassVar[str] = ""
    periods: ClassVar[tuple[float, ...]] = ()

    def __post_init__(self) -> None:
        for holds, what in self._rules():
            if not holds:
                raise LearningRefused(f"The model's schema is wrong: {what}", where="schema")

    def _rules(self) -> list[tuple[bool, str]]:
        names = self.features()
        texts = (self.unit, self.target, *names, *chain.from_iterable(each.values for each in self.categories))
        cut = any(each.cuts or each.quantiles for each in self.numeric)
        return [
            (0 < len(names) <= MOST_FEATURES, f"there must be 1 to {MOST_FEATURES} features"),
            (len(texts) <= MOST_VALUES, f"there may be {MOST_VALUES} values in all"),
            (all(isinstance(each, str) and len(each) <= MOST_LETTERS for each in texts), "a name is too long"),
            (len({self.unit, self.target, *names}) == len(names) + 2, "columns must have different names"),
            (not cut, "a number has neither cuts nor quantiles: the model is given it as it is"),
            (self.predicts in ANSWERS, f"it predicts a {' or a '.join(ANSWERS)}"),
            (len(self.bounds) == 2 and self.bounds[0] < self.bounds[1], "the lower bound must lie under the upper one"),
            (isinstance(self.held_back, bool), "held_back must be true or false"),
        ]

    def features(self) -> tuple[str, ...]:
        """Return the features' names: numbers, then categories."""
        return (*(each.name for each in self.numeric), *(each.name for each in self.categories))

    def answer(self) -> str:
        """Return what the answer is called."""
        return self.predicts

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        told: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        for each in told["numeric"]:
            del each["cuts"], each["quantiles"]
        return told

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> OwnSchema:
        """Return the schema that :meth:`to_json` told of.

        Raises
        ------
        LearningRefused
            When it is not whole.
        """
        try:
            known = {
                **told,
                "numeric": tuple(Numeric(**each) for each in told["numeric"]),
                "categories": tuple(Category(each["name"], tuple(each["values"])) for each in told["categories"]),
                "bounds": tuple(float(each) for each in told["bounds"]),
            }
            return cls(**known)
        except (TypeError, KeyError, ValueError, AttributeError, IndexError):
            raise LearningRefused("The model's schema is not whole", where="schema") from None


def encoded(frame: pd.DataFrame, schema: OwnSchema) -> Asked:
    """Return the features of a table, shape (rows, features).

    A number is as it is, not a number where it is missing; a category is its value's place from 0, and -1 where it is
    none of the schema's.

    Raises
    ------
    LearningRefused
        When a feature is missing.
    """
    if missing := [name for name in schema.features() if name not in frame.columns]:
        raise LearningRefused("The table lacks a column", where=missing[0])
    parts = [pd.to_numeric(frame[each.name], errors="coerce").to_numpy(float, na_value=np.nan)
             for each in schema.numeric]  # fmt: skip
    parts += [coded(frame, each).astype(float) - 1 for each in schema.categories]
    return np.stack(parts, axis=1)


def middle(schema: OwnSchema) -> Asked:
    """Return two rows that any model of the schema answers: each number between its bounds, each category's first."""
    row = [(each.low + each.high) / 2 for each in schema.numeric] + [0.0] * len(schema.categories)
    return np.array([row, row])


def texts(codes: Asked, category: Category) -> npt.NDArray[np.object_]:
    """Return the values of one column of :func:`encoded`, shape (rows,); an empty text where it is none of them."""
    return np.array([*category.values, ""], object)[codes.astype(np.int64)]
