"""One interface to every private model, like scikit-learn's, for a notebook and for a job of the platform alike.

``PrivateEstimator(spec).fit(frame)`` trains what the specification says; a specification that is loaded from JSON gives
the same. The table holds the unit's column beside the features: who a row is of is what the promise stands on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator

from ml import dp
from ml.data import Matrix
from ml.errors import LearningRefused
from ml.evaluate import chooser
from ml.spec import TrainingSpec


class PrivateEstimator(BaseEstimator):
    """A private model that is fitted once.

    Parameters
    ----------
    spec : TrainingSpec
        What is trained, and at which privacy.
    folder : Path, optional
        Where the training is kept as it goes: see :func:`ml.dp.train`.
    spend : str
        The name of the spend that pays for it.

    Attributes
    ----------
    model_ : TrainedModel
        What came of it, and what it spent.
    classes_ : array
        0 and 1, except of ``linear``.
    """

    def __init__(self, spec: TrainingSpec, folder: Path | None = None, spend: str = "") -> None:
        self.spec, self.folder, self.spend = spec, folder, spend

    def fit(
        self, X: pd.DataFrame, y: npt.ArrayLike | None = None, watch: dp.Watch | None = None,
        held_back: pd.DataFrame | None = None,
    ) -> PrivateEstimator:  # fmt: skip
        """Train on a table, which spends the specification's budget.

        Parameters
        ----------
        X : DataFrame
            A row or more of each person: unit, features, and the target unless ``y`` holds it.
        y : array, optional
            The target, shape (rows,).
        held_back : DataFrame, optional
            Persons who are not in ``X``, by whom a search chooses.

        Raises
        ------
        LearningRefused
            When the table cannot be trained on, or this was fitted before: a second training is a second spend, and
            needs an estimator of its own (``sklearn.base.clone``).
        """
        if hasattr(self, "model_"):
            raise LearningRefused("This estimator was fitted already", todo="Clone it, and pay for another training")
        frame = X if y is None else X.assign(**{self.spec.target: np.asarray(y)})
        score = chooser(self.spec, held_back) if self.spec.search and held_back is not None else None
        self.model_ = dp.train(self.spec, frame, folder=self.folder, spend=self.spend, watch=watch, score=score)
        if self.spec.model != "linear":
            self.classes_ = np.array([0, 1])
        self.n_features_in_ = len(self.spec.features())
        return self

    def predict_proba(self, X: pd.DataFrame) -> Matrix:
        """Return the probabilities of the classes 0 and 1, shape (rows, 2).

        Raises
        ------
        LearningRefused
            When nothing was fitted, a feature is missing, or the model tells a number and no class.
        """
        if self.spec.model == "linear":
            raise LearningRefused("A linear regression tells a number, no probability", todo="Use predict")
        told = self._fitted().predict(X)
        return np.stack([1 - told, told], axis=1)

    def predict(self, X: pd.DataFrame) -> npt.NDArray[Any]:
        """Return the likelier class of each row, or the number that ``linear`` expects; shape (rows,).

        Raises
        ------
        LearningRefused
            When nothing was fitted, or a feature is missing.
        """
        told = self._fitted().predict(X)
        return told if self.spec.model == "linear" else (told >= 0.5).astype(np.int64)

    def _fitted(self) -> dp.TrainedModel:
        if not hasattr(self, "model_"):
            raise LearningRefused("Nothing was fitted yet", todo="Call fit first")
        return self.model_
