"""Cut points that follow the data, where nobody can name them unseen: noisy quantiles, paid for like everything else.

Each feature's range, which is public, is laid out in even cells; how many persons lie in each is counted once, with
Gaussian noise, and the cuts are where the noisy counts add up to equal parts. What is made of noisy counts costs no
more, and the cuts stand in the model's specification as if a person had written them.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import torch

from ml.data import by_person, clipped
from ml.noise import PREPARING, Noise, noisy_sum
from ml.preparing import OF_CUTS, noise_of
from ml.spec import Numeric, TrainingSpec

_CELLS = 256
_STREAM = 2  # the third sum before the first step


def learned_cuts(spec: TrainingSpec, frame: pd.DataFrame, noise: Noise) -> tuple[TrainingSpec, tuple[float, ...]]:
    """Return the specification with every cut that it asks to be learned, and the noise that was paid with.

    Parameters
    ----------
    frame : DataFrame
        A table that was checked.

    Returns
    -------
    spec : TrainingSpec
        The same one where nothing is to be learned.
    noises : tuple of float
        One multiplier, or none.
    """
    asked = [each for each in spec.numeric if each.quantiles]
    if not asked:
        return spec, ()
    multiplier, sensitivity = noise_of(spec, OF_CUTS), math.sqrt(len(asked))
    total = np.concatenate([_cells(frame, each, spec) for each in asked])
    fresh = noise.gaussian(_STREAM, len(total), purpose=PREPARING)
    counts = noisy_sum(torch.from_numpy(total), fresh, sensitivity, multiplier).numpy().reshape(len(asked), _CELLS)
    found = {each.name: replace(each, cuts=_quantiles(each, of)) for each, of in zip(asked, counts, strict=True)}
    return replace(spec, numeric=tuple(found.get(each.name, each) for each in spec.numeric)), (multiplier,)


def _cells(frame: pd.DataFrame, number: Numeric, spec: TrainingSpec) -> np.ndarray:
    """Return how many persons lie in each cell; one with several rows is shared out over theirs."""
    rows = by_person(frame, spec)
    there = rows >= 0
    at = (clipped(frame, number) - number.low) / (number.high - number.low) * _CELLS
    cells = np.minimum(at.astype(np.int64), _CELLS - 1)[rows]
    shares = there / there.sum(axis=1, keepdims=True)
    return np.bincount(cells.reshape(-1), shares.reshape(-1), _CELLS)


def _quantiles(number: Numeric, counts: np.ndarray) -> tuple[float, ...]:
    below = np.cumsum(np.maximum(counts, 0))
    parts = np.arange(1, number.quantiles) / number.quantiles * below[-1]
    cells = np.unique(np.searchsorted(below, parts)) + 1
    width = (number.high - number.low) / _CELLS
    return tuple(float(number.low + width * cell) for cell in cells if cell < _CELLS) or (number.low + width,)
