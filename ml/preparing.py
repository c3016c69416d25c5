"""What a training learns of its table before the first step, each a noisy sum over persons that is paid for.

How many persons there are sets the sampling rate; how often each input is set sets its scale. Neither may be read off
the table: under adding or removing a person both are private.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from ml import accounting
from ml.data import Matrix
from ml.noise import PREPARING, Noise, noisy_sum
from ml.spec import TrainingSpec

# Parts of the budget, in zero-concentrated terms (Bun and Steinke, 2016): a Gaussian mechanism that spends a part s has
# the noise of one that spends all, divided by the root of s.
OF_CUTS, _OF_COUNT, _OF_SCALES, _OF_JUDGING = 0.05, 0.01, 0.05, 0.03
_RAREST = 0.002  # no input is taken for rarer than this: a factor would be noise


@dataclass(frozen=True)
class Prepared:
    """What was learned before the first step.

    Parameters
    ----------
    persons : int
        How many there are, about.
    noises : tuple of float
        The noise of each sum, as multiples of its sensitivity: what the accounting needs. The last is set aside for
        judging the model on those it was trained on: see :mod:`ml.evaluate`.
    factors : array, optional
        For each input the factor that it is scaled by.
    """

    persons: int
    noises: tuple[float, ...]
    factors: Matrix | None = None


def sums(spec: TrainingSpec) -> int:
    """Return how many noisy sums a training of this specification takes beside its steps."""
    return 2 + spec.scaled + any(each.quantiles for each in spec.numeric)


def noise_of(spec: TrainingSpec, share: float) -> float:
    """Return the noise of a sum that spends a share of the budget, to the digits that a package tells."""
    whole = accounting.noise_for(spec.epsilon, 1.0, 1, spec.delta)
    return math.ceil(whole / math.sqrt(share) * 10**4) / 10**4


def planned(spec: TrainingSpec) -> tuple[float, ...]:
    """Return the noise of each sum that a training of this specification will take beside its steps."""
    of_cuts = (OF_CUTS,) if any(each.quantiles for each in spec.numeric) else ()
    of_scales = (_OF_SCALES,) if spec.scaled else ()
    return tuple(noise_of(spec, share) for share in (*of_cuts, _OF_COUNT, *of_scales, _OF_JUDGING))


def prepare(spec: TrainingSpec, features: Matrix, rows: np.ndarray, noise: Noise) -> Prepared:
    """Learn the number of persons and, where the specification asks, the scales of inputs.

    Parameters
    ----------
    features : Matrix
        Shape (rows, inputs), each between -1 and 1.
    rows : array
        Each person's rows, shape (persons, most), -1 where there is none.
    """
    of_count, of_judging = noise_of(spec, _OF_COUNT), noise_of(spec, _OF_JUDGING)
    count = float(_noisy(np.array([float(len(rows))]), 1.0, of_count, noise, 0)[0])
    persons = max(1, round(count))
    if not spec.scaled:
        return Prepared(persons, (of_count, of_judging))
    of_scales, sensitivity = noise_of(spec, _OF_SCALES), math.sqrt(len(spec.features()))
    told = _noisy(second_moments(features, rows).sum(0), sensitivity, of_scales, noise, 1)
    least = max(_RAREST, of_scales * sensitivity / persons)
    shares = np.clip(told / persons, 0, 1)
    factors = 1 / np.sqrt(shares + least)
    # So that a person's squared norm is about the number of features, as it is without factors.
    factors *= math.sqrt(len(spec.features()) / max(float((shares * factors**2).sum()), least))
    return Prepared(persons, (of_count, of_scales, of_judging), factors.astype(np.float32))


def second_moments(features: Matrix, rows: np.ndarray) -> np.ndarray:
    """Return each person's mean square of every input, shape (persons, inputs).

    A feature's inputs have squares that sum to 1 at most, so a person's norm is at most the root of the number of
    features.
    """
    there = rows >= 0
    total = np.zeros((len(rows), features.shape[1]))
    for nth in range(rows.shape[1]):
        held = there[:, nth]
        total[held] += np.square(features[rows[held, nth]], dtype=float)
    return np.asarray(total / there.sum(1)[:, None])


def _noisy(total: np.ndarray, sensitivity: float, multiplier: float, noise: Noise, nth: int) -> np.ndarray:
    fresh = noise.gaussian(nth, len(total), purpose=PREPARING)
    return noisy_sum(torch.from_numpy(total), fresh, sensitivity, multiplier).numpy()
