"""Carries a private search out: how many trials there are, with what each is made, and which is the best.

The number of trials has just the law that the price is reckoned for (Papernot and Steinke 2022, theorems 2 and 6). It
hangs on chance alone, never on data, and is told nobody.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import count
from typing import TypeVar

from ml.noise import SEARCHING, Noise
from ml.search import Search

Made = TypeVar("Made")
Attempt = Callable[[int, dict[str, float], Noise], tuple[float, Made]]
_HALVINGS = 200
_NEVER = 2.0**-60  # what is left of the law there, no number of 53 bits reaches


def best(search: Search, noise: Noise, attempt: Attempt[Made]) -> Made | None:
    """Make the trials and return the best, or nothing where the law drew none.

    Parameters
    ----------
    noise : Noise
        Of the whole search: each trial has its own part of it.
    attempt : callable
        Given the trial's place from 1, its setting and its noise, returns a figure that is private itself, the higher
        the better, and what was made.
    """
    settings, found, highest = search.settings(), None, -math.inf
    for trial in range(1, drawn(search, noise) + 1):
        chance = noise.uniform(trial, SEARCHING)
        figure, made = attempt(trial, settings[int(chance * len(settings))], noise.of_trial(trial))
        # Of two alike the first stays: trials are alike and independent, so that is chance as well.
        if found is None or figure > highest:
            found, highest = made, figure
    return found


def drawn(search: Search, noise: Noise) -> int:
    """Return how many trials there are: the law's inverse at a uniform number."""
    left = noise.uniform(0, SEARCHING)
    for number, probability in probabilities(search):  # it has no end
        left -= probability
        if left < 0 or (probability < _NEVER and number > search.trials):
            break
    return number


def probabilities(search: Search) -> Iterator[tuple[int, float]]:
    """Yield each number of trials and its probability, in order."""
    if search.law == "poisson":
        for number in count():
            yield number, math.exp(number * math.log(search.trials) - search.trials - math.lgamma(number + 1))
    gamma = stopping(search.trials)
    for number in count(1):
        yield number, (1 - gamma) ** number / (number * -math.log(gamma))


def stopping(mean: float) -> float:
    """Return the parameter of the logarithmic law with this mean, ``(1 / g - 1) / log(1 / g)`` (definition 1)."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 / middle - 1) / -math.log(middle) > mean else (low, middle)
    return (low + high) / 2
