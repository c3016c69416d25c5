"""Rows that a model holds: stretches of its numbers that are a person's inputs, as they are, scaled or moved."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.spatial import cKDTree

from ml.attacks.known import Bools, Known
from ml.attacks.outcome import Outcome, judged
from ml.attacks.rates import Numbers
from ml.attacks.rules import rules
from ml.attacks.subjects import Subject

NAME, TRIED = "memorised rows", "Look for people's rows among the numbers that the model is made of."
AT_ONCE = 2_000_000  # numbers of stretches that are held against the rows together, for the sake of memory
_SMALL = 1000  # numbers of an array that is looked at together with its neighbours: a row may be spread over several
_LEAST_WIDTH = 6  # of fewer numbers a scaled and moved stretch is like many a row by chance
_LEAST_KINDS = 3  # a row of fewer different numbers is a pattern that many share
_PROJECTED, _CLOSE = 4, 1e-4
_ALIKE = 1e-9  # of the largest: numbers nearer than that are one number, to a double's last digits


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
    wanted, kept = _shape(rows[telling])
    at, onto = np.flatnonzero(telling)[kept], random.normal(size=(rows.shape[1], _PROJECTED))
    either = cKDTree(np.concatenate([wanted, -wanted]) @ onto)
    for windows in _windows(_joined(list(subject.arrays.values())), rows.shape[1]):
        shaped, _ = _shape(windows)
        near = np.isfinite(either.query(shaped @ onto, distance_upper_bound=_CLOSE * 10)[0])
        for turned in (wanted, -wanted) if near.any() else ():
            found[at] |= _held(turned, shaped[near], onto)
    return found


def _held(wanted: Numbers, shaped: Numbers, onto: Numbers) -> Bools:
    """Return which rows are among stretches: those near in a few directions at random are compared in full."""
    near, which = cKDTree(shaped @ onto).query(wanted @ onto, distance_upper_bound=_CLOSE * 10)
    held = np.isfinite(near)
    hit = np.flatnonzero(held)
    held[hit] = np.abs(wanted[hit] - shaped[which[hit]]).max(1, initial=0) < _CLOSE
    return np.asarray(held)


def _joined(arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Return arrays, and all small ones as one more, in their order."""
    small = [np.ravel(each) for each in arrays if each.size < _SMALL]
    return [*arrays, np.concatenate(small)] if len(small) > 1 else arrays


def _windows(arrays: list[np.ndarray], width: int) -> Iterator[Numbers]:
    """Yield the stretches that may be rows, many at a time: of every array, along each axis, wherever they begin."""
    step = max(AT_ONCE // width, 1)
    for values in arrays:
        plain = np.nan_to_num(np.asarray(values, float))
        for flat in [plain.reshape(-1)] + ([plain.T.reshape(-1)] if plain.ndim == 2 else []):
            if len(flat) >= width:
                stretches = sliding_window_view(flat, width)
                yield from (stretches[start : start + step] for start in range(0, len(stretches), step))


def _shape(rows: Numbers) -> tuple[Numbers, Bools]:
    """Return rows without where they lie and how large they are, and which: those that are more than one number."""
    largest = np.abs(rows).max(1, keepdims=True)
    scaled = np.divide(rows, largest, out=np.zeros(rows.shape), where=largest > 0)  # squares of any size are numbers
    centred = scaled - scaled.mean(1, keepdims=True)
    sizes = np.linalg.norm(centred, axis=1, keepdims=True)
    kept = sizes[:, 0] > _ALIKE
    return np.asarray(centred[kept] / sizes[kept]), np.asarray(kept)
