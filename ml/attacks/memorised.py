"""Rows that a model holds: stretches of its numbers that are a person's inputs, as they are, scaled or moved."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.spatial import cKDTree

from ml.attacks.known import Bools, Known
from ml.attacks.outcome import Outcome, judged
from ml.attacks.rates import Numbers
from ml.attacks.rules import rules
from ml.attacks.subjects import Subject

NAME, TRIED = "memorised rows", "Look for people's rows among the numbers that the model is made of."
MOST_WINDOWS = 200_000  # of one array; of a larger one only those that begin where a row would
_LEAST_WIDTH = 6  # of fewer numbers a scaled and moved stretch is like many a row by chance
_LEAST_KINDS = 3  # a row of fewer different numbers is a pattern that many share
_PROJECTED, _CLOSE = 4, 1e-4


def attack(subject: Subject, known: Known, random: np.random.Generator) -> Outcome:
    """Count the persons whose row lies among the model's numbers."""
    rows = known.rows[:, 0]
    held = carried(subject, np.nan_to_num(known.features[rows].astype(float)), random)
    of_members, of_others = int((held & known.member).sum()), int((held & ~known.member).sum())
    got = (
        f"It holds the row of {of_members:,} persons it was trained on and of {of_others:,} others; a fitted model "
        "holds none."
    )
    figures = {"members_held": float(of_members), "others_held": float(of_others)}
    return judged(NAME, TRIED, got, figures, {"memorised_rows": of_members > rules()["memorised_rows"].bound})


def carried(subject: Subject, rows: Numbers, random: np.random.Generator) -> Bools:
    """Return of which rows a copy stands in the model's numbers, shape (rows,).

    Parameters
    ----------
    rows : array
        Shape (rows, inputs).
    """
    found = np.zeros(len(rows), bool)
    telling = (np.diff(np.sort(rows, axis=1), axis=1) > 0).sum(1) + 1 >= _LEAST_KINDS
    if rows.shape[1] < _LEAST_WIDTH or not telling.any():
        return found
    at = np.flatnonzero(telling)
    wanted = _shape(rows[at])
    onto = random.normal(size=(rows.shape[1], _PROJECTED))
    for values in subject.arrays.values():
        for windows in _windows(values, rows.shape[1]):
            shaped = _shape(windows)
            for turned in (wanted, -wanted) if len(shaped) else ():
                found[at] |= _held(turned, shaped, onto)
    return found


def _held(wanted: Numbers, shaped: Numbers, onto: Numbers) -> Bools:
    """Return which rows are among stretches: those near in a few directions at random are compared in full."""
    near, which = cKDTree(shaped @ onto).query(wanted @ onto, distance_upper_bound=_CLOSE * 10)
    held = np.isfinite(near)
    hit = np.flatnonzero(held)
    held[hit] = np.abs(wanted[hit] - shaped[which[hit]]).max(1, initial=0) < _CLOSE
    return np.asarray(held)


def _windows(values: np.ndarray, width: int) -> list[Numbers]:
    """Return the stretches of an array that may be rows: along each axis, one after the other or each further on."""
    plain = np.nan_to_num(np.asarray(values, float))
    told = []
    for flat in [plain.reshape(-1)] + ([plain.T.reshape(-1)] if plain.ndim == 2 else []):
        if len(flat) >= width:
            stretches = sliding_window_view(flat, width)
            told.append(stretches if len(stretches) <= MOST_WINDOWS else stretches[::width][:MOST_WINDOWS])
    return told


def _shape(rows: Numbers) -> Numbers:
    """Return rows without where they lie and how large they are: of those that are more than one number."""
    centred = rows - rows.mean(1, keepdims=True)
    sizes = np.linalg.norm(centred, axis=1, keepdims=True)
    kept = sizes[:, 0] > 1e-9
    return np.asarray(centred[kept] / sizes[kept])
