"""How often chance makes two tables of other people look as if they counted the same, but for a few.

The case that is hardest to tell apart is taken: counts of other people in groups of the same size, each a Poisson
variable, so that the difference of two has the variance of their sum. How many of the cells that two tables share would
then be equal, and how many within the threshold, is a sum of independent chances. That it comes to as many as it does
is the tail of that sum: exact for few cells, by Chernoff's bound (1952) for many.
"""

from __future__ import annotations

import math

import numpy as np

_EXACT = 40  # cells up to which the tail is worked out


def chance_of_cells(a: np.ndarray, b: np.ndarray, threshold: int) -> float:
    """Return how often counts of other people are equal, and near, in as many cells as these are; at most 1.

    Parameters
    ----------
    a, b : np.ndarray
        The counts of the same labels in two tables, int64, shape (m,).
    """
    both, less = (a + b).astype(float), np.abs(a - b)
    equal = np.minimum(1 / np.sqrt(2 * np.pi * np.maximum(both, 1 / (2 * np.pi))), 1)
    close = np.array([math.erf(each) for each in (threshold - 0.5) / np.sqrt(2 * np.maximum(both, 0.5))])
    close = np.maximum(close, equal)
    alike, around = int((less == 0).sum()), int((less < threshold).sum())
    if len(a) > _EXACT:
        return min(chernoff(alike, float(equal.sum())), chernoff(around, float(close.sum())))
    # by how many are equal and how many are near
    odds = np.zeros((len(a) + 1, len(a) + 1))
    odds[0, 0] = 1
    for same, near_by in zip(equal, close, strict=True):
        moved = odds * (1 - near_by)
        moved[:, 1:] += odds[:, :-1] * (near_by - same)
        moved[1:, 1:] += odds[:-1, :-1] * same
        odds = moved
    return float(odds[alike:, around:].sum())


def chernoff(count: int, expected: float) -> float:
    """Return a bound on how often a sum of independent chances comes to so many, or more."""
    if count <= expected:
        return 1.0
    return math.exp(count - expected - count * math.log(count / max(expected, 1e-300)))


def chance_of_steps(people: list[int]) -> float:
    """Return how often counts of other people are equal on every one of some ranges."""
    return math.prod(min(1, 1 / math.sqrt(4 * math.pi * each)) for each in people if each)


def chance_of_few(most: int, threshold: int) -> float:
    """Return how often the difference of two counts of up to so many people is under the threshold, and not 0."""
    return min(1.0, (threshold - 1) / math.sqrt(4 * math.pi * max(most, 1)))
