"""How much privacy a training loses at least, by guesses about canaries in one run of it. Pure.

Steinke, Nasr and Jagielski, "Privacy auditing with one (1) training run", 2023 (arXiv 2305.08846), theorem 5.2 and the
program of appendix D. Each of m canaries was put in by a coin of its own; an auditor who sees the outcome guesses r of
the coins and is right v times. Under (epsilon, delta)-differential privacy that is unlikely to be many.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

_MOST, _HALVINGS = 60.0, 40


def doubt(canaries: int, guesses: int, right: int, epsilon: float, delta: float) -> float:
    """Return how likely so many right guesses are at most, if the training keeps this privacy.

    Parameters
    ----------
    canaries, guesses, right : int
        How many coins were thrown, guessed, and guessed right.
    """
    chance = 1 / (1 + math.exp(-epsilon))
    tail = float(stats.binom.sf(right - 1, guesses, chance))
    below = np.cumsum(stats.binom.pmf(np.arange(right - 1, -1, -1), guesses, chance))
    steepest = float((below / np.arange(1, right + 1)).max(initial=0.0))
    return min(1.0, tail + 2 * canaries * delta * steepest)


def least_epsilon(canaries: int, guesses: int, right: int, delta: float, confidence: float) -> float:
    """Return the epsilon that a training loses at least, with this confidence; 0 where nothing is shown.

    How many guesses are made must be settled before the outcome is seen.
    """
    if not 0 <= right <= guesses <= canaries or not 0 < confidence < 1:
        raise ValueError("these are no guesses")
    low, high = 0.0, _MOST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if doubt(canaries, guesses, right, middle, delta) < 1 - confidence:
            low = middle
        else:
            high = middle
    return low
