"""A model of scikit-learn out of a skops file, built only of what the policy names, and what it answers."""

from __future__ import annotations

import warnings
from copy import copy
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.errors import LearningRefused
from ml.own.policy import Skops
from ml.own.schema import Asked, OwnSchema, texts
from ml.own.skops_schema import checked

Numbers = npt.NDArray[np.float64]
_TWISTER = (np.dtype(np.uint32), (624,))  # the state of numpy.random.MT19937, which nobody fitted
_OF_NODES = ("impurity", "weighted_n_node_samples")


class SkopsModel:
    """A model that was checked and built, and answers.

    Parameters
    ----------
    data : bytes
        The file.
    schema : OwnSchema
        What it is asked. A model that was fitted on a table of named columns is given one, in which a category is a
        text; any other a table of numbers, in which it is its value's place.

    Raises
    ------
    LearningRefused
        It is no skops file, or holds what the policy does not name; or it does not answer what the schema says.
    """

    def __init__(self, data: bytes, schema: OwnSchema, policy: Skops) -> None:
        self._arrays = checked(data, policy)
        from skops.io import loads  # scikit-learn, seconds: only what was found sound is worth them

        from ml.own.trees import check_trees, estimators

        warnings.simplefilter("ignore")  # of another version's files; nobody reads them here
        self._model = loads(data, trusted=policy.trusted())
        check_trees(self._model)
        for each in estimators(self._model):
            if "n_jobs" in vars(each):
                each.n_jobs = None  # one process, whatever its author had
        self._schema, self._named = schema, _columns(self._model, schema)
        self._place = _place(self._model, schema)

    def answer(self, asked: Asked) -> Numbers:
        """Return what the model tells of each row.

        Parameters
        ----------
        asked : array
            Of :func:`ml.own.schema.encoded`.
        """
        given = self._given(asked)
        if self._place is None:
            return np.asarray(self._model.predict(given), np.float64)
        return np.asarray(self._model.predict_proba(given), np.float64)[:, self._place]

    def again(self, asked: Asked, wanted: Numbers, seed: int) -> SkopsModel:
        """Return another classifier, trained by this one's own settings on these rows and outcomes (0 or 1)."""
        from sklearn.base import clone

        made = copy(self)
        made._model = clone(self._model)
        seeds = {name: seed for name in made._model.get_params() if name.rpartition("__")[2] == "random_state"}
        made._model.set_params(**seeds).fit(self._given(asked), wanted.astype(np.int64))
        made._place = _place(made._model, self._schema)
        return made

    def _given(self, asked: Asked) -> Asked | pd.DataFrame:
        return asked if self._named is None else self._frame(asked)[self._named]

    def _frame(self, asked: Asked) -> pd.DataFrame:
        count = len(self._schema.numeric)
        held: dict[str, Any] = {each.name: asked[:, nth] for nth, each in enumerate(self._schema.numeric)}
        held |= {each.name: texts(asked[:, count + nth], each) for nth, each in enumerate(self._schema.categories)}
        return pd.DataFrame(held)

    def arrays(self) -> dict[str, Numbers]:
        """Return the numbers that stand in the file: of a tree's nodes those that are no place, of a generator all.

        The names of those that were not fitted begin with a line.
        """
        told: dict[str, Numbers] = {}
        for name, each in self._arrays.items():
            if each.dtype.names:
                told |= {f"_{name} {of}": each[of].astype(np.float64) for of in _OF_NODES}
                told[name] = each["threshold"].astype(np.float64)
            elif each.dtype.kind in "fiu":
                drawn = (each.dtype, each.shape) == _TWISTER
                told[f"_{name}" if drawn else name] = each.astype(np.float64)
        return told


def _columns(model: Any, schema: OwnSchema) -> list[str] | None:
    """Return the columns in the order that a model was fitted on; None where they had no names."""
    try:
        named = getattr(model, "feature_names_in_", None)
    except Exception:  # a property of scikit-learn's over whatever the file held
        named = None
    if named is None:
        return None
    columns = [str(each) for each in named]
    if sorted(columns) != sorted(schema.features()):
        raise LearningRefused(
            "The model's input is not its schema's",
            where="weights",
            todo="Fit it on a table that has just the columns of the schema",
        )
    return columns


def _place(model: Any, schema: OwnSchema) -> int | None:
    """Return which column of a classifier's answer is the class 1; None of a model of values."""
    if schema.answer() == "value":
        return None
    told = [float(each) for each in np.ravel(getattr(model, "classes_", ()))]
    if not hasattr(model, "predict_proba") or sorted(told) != [0.0, 1.0]:
        raise LearningRefused(
            "The model is no classifier that tells the probability of 0 and 1",
            where="weights",
            todo="Fit one that does",
        )
    return told.index(1.0)
