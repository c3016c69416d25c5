"""From a table to tensors, by the specification alone: no mean, no range, no category is learned from the data."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.errors import LearningRefused
from ml.schema import Schema
from ml.spec import Category, Numeric, TrainingSpec

Matrix = npt.NDArray[np.float32]
NOT_AT_RISK = -1.0


def inputs(frame: pd.DataFrame, spec: TrainingSpec) -> Matrix:
    """Return the features as numbers between -1 and 1, shape (rows, ``spec.width()``).

    Missing numbers stand in the middle of their bounds; values outside are clipped. A number with cuts and a category
    are 1 in the place of their bin or value and 0 in the others.

    Raises
    ------
    LearningRefused
        When a feature is missing or a number is none.
    """
    _check_there(frame, spec.features())
    parts = [_set(binned(frame, each, each.cuts), len(each.cuts) + 1) if each.cuts else _number(frame, each)[:, None]
             for each in spec.numeric]  # fmt: skip
    parts += [_set(coded(frame, each) - 1, len(each.values)) for each in spec.categories]
    return np.concatenate(parts, axis=1).astype(np.float32)


def tokens(frame: pd.DataFrame, spec: TrainingSpec) -> Matrix:
    """Return the features one to a column, shape (rows, features): first numbers without cuts, then codes.

    A number lies between -1 and 1. A code is a whole number: of a bin from 0, of a category's value from 1, and 0 where
    it is none of them.

    Raises
    ------
    LearningRefused
        When a feature is missing.
    """
    _check_there(frame, spec.features())
    parts = [_number(frame, each) for each in spec.numeric if not each.cuts]
    parts += [binned(frame, each, each.cuts).astype(float) for each in spec.numeric if each.cuts]
    parts += [coded(frame, each).astype(float) for each in spec.categories]
    return np.stack(parts, axis=1).astype(np.float32)


def clipped(frame: pd.DataFrame, number: Numeric) -> npt.NDArray[np.float64]:
    """Return a number of each row within its bounds, shape (rows,); a missing one stands in their middle."""
    values = pd.to_numeric(frame[number.name], errors="coerce").to_numpy(float, na_value=np.nan)
    middle = (number.low + number.high) / 2
    filled = np.nan_to_num(values, nan=middle, posinf=number.high, neginf=number.low)
    return np.asarray(np.clip(filled, number.low, number.high))


def _number(frame: pd.DataFrame, number: Numeric) -> npt.NDArray[np.float64]:
    middle = (number.low + number.high) / 2
    return (clipped(frame, number) - middle) / (number.high - middle)


def binned(frame: pd.DataFrame, number: Numeric, cuts: tuple[float, ...]) -> npt.NDArray[np.int64]:
    """Return the bin of a number in each row, each from its cut on, shape (rows,)."""
    return np.searchsorted(cuts, clipped(frame, number), side="right")


def coded(frame: pd.DataFrame, category: Category) -> npt.NDArray[np.int64]:
    """Return which of a category's values stands in each row, from 1; 0 where it is none of them, shape (rows,)."""
    told = frame[category.name].astype("string").to_numpy(dtype=object, na_value="")
    return pd.Index(category.values, dtype=object).get_indexer(pd.Index(told, dtype=object)) + 1


def _set(places: npt.NDArray[np.int64], width: int) -> npt.NDArray[np.float64]:
    return (places[:, None] == np.arange(width)).astype(float)


def targets(frame: pd.DataFrame, spec: Schema) -> Matrix:
    """Return what is to be predicted.

    Returns
    -------
    Matrix
        0 or 1, shape (rows,). For a ``value`` a number cut to its bounds and scaled to between -1 and 1. For
        ``survival`` shape (rows, periods): 1 in the period of the event, 0 in those survived, ``NOT_AT_RISK`` after.

    Raises
    ------
    LearningRefused
        When a column is missing or holds anything else.
    """
    _check_there(frame, (spec.target, *([spec.time] if spec.time else [])))
    values = pd.to_numeric(frame[spec.target], errors="coerce").to_numpy(float, na_value=np.nan)
    if spec.answer() == "value":
        if not np.isfinite(values).all():
            raise LearningRefused("The target must be a number in every row", where=spec.target)
        low, high = spec.bounds
        return (2 * (np.clip(values, low, high) - low) / (high - low) - 1).astype(np.float32)
    if not np.isin(values, (0.0, 1.0)).all():
        raise LearningRefused("The target must be 0 or 1 in every row", where=spec.target)
    return values.astype(np.float32) if not spec.time else _hazards(frame, spec, values)


def _hazards(frame: pd.DataFrame, spec: Schema, came: npt.NDArray[np.float64]) -> Matrix:
    """Return each person-period's outcome; a person whose time is cut off within a period did not survive it for sure.

    Singer and Willett, "It's about time: using discrete-time survival analysis", 1993.
    """
    times = pd.to_numeric(frame[spec.time], errors="coerce").to_numpy(float, na_value=np.nan)
    if not (np.isfinite(times) & (times >= 0)).all():
        raise LearningRefused("The time must be a number, zero or more, in every row", where=spec.time)
    ends = np.array(spec.periods)
    told = np.where(times[:, None] >= ends, 0.0, NOT_AT_RISK)
    period = np.searchsorted(ends, times, side="right")
    seen = np.flatnonzero((came == 1) & (period < len(ends)))
    told[seen, period[seen]] = 1.0
    return told.astype(np.float32)


def by_person(frame: pd.DataFrame, spec: Schema) -> npt.NDArray[np.int64]:
    """Return the rows of each person, shape (persons, most rows of any), -1 where there is none.

    Of a person with more than ``spec.rows`` the first count: which rows these are is nobody else's doing.

    Raises
    ------
    LearningRefused
        When a row names no person, or a person has two rows where one is allowed.
    """
    check_units(frame, spec)
    persons, _ = pd.factorize(frame[spec.unit])
    order = np.argsort(persons, kind="stable")
    starts = np.flatnonzero(np.diff(persons[order], prepend=-1))
    nth = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    kept = nth < spec.rows
    rows = np.full((len(starts), int(nth[kept].max(initial=0)) + 1), -1, np.int64)
    rows[persons[order][kept], nth[kept]] = order[kept]
    return rows


def check_units(frame: pd.DataFrame, spec: Schema) -> None:
    """Refuse a table whose rows do not all name a person, or in which one has two rows where one is allowed.

    Raises
    ------
    LearningRefused
        When a unit is missing, or repeated under a specification of one row.
    """
    _check_there(frame, (spec.unit,))
    if frame[spec.unit].isna().any():
        raise LearningRefused("A row names no person", where=spec.unit, todo="Remove such rows")
    if spec.rows == 1 and frame[spec.unit].duplicated().any():
        raise LearningRefused(
            "A person has more than one row",
            where=spec.unit,
            todo="Make one row for each person, or say in the specification how many rows of one person count",
        )


def check_version(spec: TrainingSpec, version: str) -> None:
    """Refuse data of another version than the specification is meant for.

    Raises
    ------
    LearningRefused
        When it names one, and it is not this.
    """
    if spec.dataset and spec.dataset != version:
        raise LearningRefused(
            f"The specification is meant for the data {spec.dataset}",
            where=version,
            todo="Name this version in the specification, or train on the one it names",
        )


def _check_there(frame: pd.DataFrame, names: tuple[str, ...]) -> None:
    if missing := [name for name in names if name not in frame.columns]:
        raise LearningRefused("The table lacks a column", where=missing[0], todo="Add it or correct the specification")
