"""What the platform knows and an attacker would like to: the table, and which of its persons were trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.data import Matrix, by_person, targets
from ml.errors import LearningRefused
from ml.networks import features
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
    spec : TrainingSpec
        What the model was trained by.
    frame : DataFrame
        The table itself.
    features, wanted : array
        Shapes (rows, inputs) and (rows,) or (rows, periods): see :mod:`ml.data`.
    rows : array
        Each person's rows, shape (persons, most), -1 where there is none.
    member : array
        Whether each person was trained on, shape (persons,).
    """

    spec: TrainingSpec
    frame: pd.DataFrame
    features: Matrix
    wanted: Matrix
    rows: Places
    member: Bools

    def first_rows(self, persons: Places) -> pd.DataFrame:
        """Return the first row of each of these persons."""
        return self.frame.iloc[self.rows[persons, 0]]


def known(spec: TrainingSpec, frame: pd.DataFrame) -> Known:
    """Return a table as the training saw it: a fifth of the persons was held back (:func:`ml.train.held_out`).

    Raises
    ------
    LearningRefused
        When the table does not fit the specification, or of either kind of persons there are too few.
    """
    rows = by_person(frame, spec)
    member = ~held_out(spec, frame).to_numpy()[rows[:, 0]]
    if min(member.sum(), (~member).sum()) < LEAST:
        raise LearningRefused(
            f"To be attacked, a model needs {LEAST} persons trained on and {LEAST} held back", where="table"
        )
    return Known(spec, frame, features(frame, spec), targets(frame, spec), rows, member)
