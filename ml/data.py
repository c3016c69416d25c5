"""From a table to tensors, by the specification alone: no mean, no range, no category is learned from the data."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.errors import LearningRefused
from ml.spec import TrainingSpec

Matrix = npt.NDArray[np.float32]


def inputs(frame: pd.DataFrame, spec: TrainingSpec) -> Matrix:
    """Return the features as numbers between -1 and 1, shape (rows, ``spec.width()``).

    Missing numbers stand in the middle of their bounds; values outside are clipped.

    Raises
    ------
    LearningRefused
        When a feature is missing or a number is none.
    """
    _check_there(frame, spec.features())
    parts: list[npt.NDArray[np.float64]] = []
    for number in spec.numeric:
        values = pd.to_numeric(frame[number.name], errors="coerce").to_numpy(float, na_value=np.nan)
        middle = (number.low + number.high) / 2
        clipped = np.clip(
            np.nan_to_num(values, nan=middle, posinf=number.high, neginf=number.low), number.low, number.high
        )
        parts.append(((clipped - middle) / (number.high - middle))[:, None])
    for category in spec.categories:
        told = frame[category.name].astype("string").to_numpy(dtype=object, na_value="")
        parts.append((told[:, None] == np.array(category.values, dtype=object)[None, :]).astype(float))
    return np.concatenate(parts, axis=1).astype(np.float32)


def targets(frame: pd.DataFrame, spec: TrainingSpec) -> Matrix:
    """Return the target as 0 or 1, shape (rows,).

    Raises
    ------
    LearningRefused
        When the column is missing or holds anything else.
    """
    _check_there(frame, (spec.target,))
    values = pd.to_numeric(frame[spec.target], errors="coerce").to_numpy(float, na_value=np.nan)
    if not np.isin(values, (0.0, 1.0)).all():
        raise LearningRefused("The target must be 0 or 1 in every row", where=spec.target)
    return values.astype(np.float32)


def check_units(frame: pd.DataFrame, spec: TrainingSpec) -> None:
    """Refuse a table in which a person has more than one row.

    Opacus bounds what one row can do and leaves persons to its caller (pytorch/opacus#366): with one row for each
    person the two are the same.

    Raises
    ------
    LearningRefused
        When a unit is missing or repeated.
    """
    _check_there(frame, (spec.unit,))
    if frame[spec.unit].isna().any():
        raise LearningRefused("A row names no person", where=spec.unit, todo="Remove such rows")
    if frame[spec.unit].duplicated().any():
        raise LearningRefused(
            "A person has more than one row", where=spec.unit, todo="Make one row for each person, then train"
        )


def _check_there(frame: pd.DataFrame, names: tuple[str, ...]) -> None:
    if missing := [name for name in names if name not in frame.columns]:
        raise LearningRefused("The table lacks a column", where=missing[0], todo="Add it or correct the specification")
