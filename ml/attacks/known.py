"""What the platform knows and an attacker would like to: the table, and which of its persons were trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.data import Matrix, by_person, targets
from ml.errors import LearningRefused
from ml.networks import features
from ml.own.schema import OwnSchema, encoded
from ml.schema import Schema
from ml.spec import TrainingSpec
from ml.train import held_out

Bools = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]
LEAST = 100  # persons of either kind: of fewer no rate could be told


@dataclass(frozen=True)
class Known:
    """A table by its persons.

    Parameters
    ----------
    spec : Schema
        What the model was trained by, or what its author says that it is asked.
    frame : DataFrame
        The table itself.
    features, wanted : array
        Shapes (rows, inputs) and (rows,) or (rows, periods): see :mod:`ml.data`.
    rows : array
        Each person's rows, shape (persons, most), -1 where there is none.
    member : array
        Whether each person was trained on, shape (persons,).
    """

    spec: Schema
    frame: pd.DataFrame
    features: Matrix
    wanted: Matrix
    rows: Places
    member: Bools

    def first_rows(self, persons: Places) -> pd.DataFrame:
        """Return the first row of each of these persons."""
        return self.frame.iloc[self.rows[persons, 0]]

    def encode(self, frame: pd.DataFrame) -> Matrix:
        """Return what the model is given of a table, shape (rows, inputs)."""
        return given(self.spec, frame)


def given(spec: Schema, frame: pd.DataFrame) -> Matrix:
    """Return what a model is given of a table, shape (rows, inputs).

    Raises
    ------
    LearningRefused
        When a feature is missing, or it is no description of a model.
    """
    if isinstance(spec, TrainingSpec):
        return features(frame, spec)
    if isinstance(spec, OwnSchema):
        return encoded(frame, spec).astype(np.float32)
    raise LearningRefused("This is no description of a model", where="table")


def known(spec: Schema, frame: pd.DataFrame) -> Known:
    """Return a table as the training saw it: a fifth of the persons was held back (:func:`ml.train.held_out`).

    Of a researcher's own model nobody was, where its author says so.

    Raises
    ------
    LearningRefused
        When the table does not fit the specification, or of either kind of persons there are too few.
    """
    rows = by_person(frame, spec)
    all_of_them = isinstance(spec, OwnSchema) and not spec.held_back
    member = np.ones(len(rows), bool) if all_of_them else ~held_out(spec, frame).to_numpy()[rows[:, 0]]
    if member.sum() < LEAST or (not all_of_them and (~member).sum() < LEAST):
        raise LearningRefused(
            f"To be attacked, a model needs {LEAST} persons trained on and {LEAST} held back", where="table"
        )
    return Known(spec, frame, given(spec, frame), targets(frame, spec), rows, member)
