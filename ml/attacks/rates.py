"""How often an attack is right, with how sure that is. Pure.

Rates at few false alarms, not averages, tell whether an attack names anybody: Carlini and others, "Membership inference
attacks from first principles", 2022, section III.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

Numbers = npt.NDArray[np.float64]
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Rate:
    """A rate with its two-sided confidence interval, each from 0 to 1."""

    value: float
    low: float
    high: float

    def told(self) -> str:
        """Return it in words for a reviewer."""
        return f"{self.value:.2%} ({self.low:.2%} to {self.high:.2%})"


def share(hits: int, of: int, confidence: float = CONFIDENCE) -> Rate:
    """Return a share and its exact interval (Clopper and Pearson 1934).

    Raises
    ------
    ValueError
        When it is a share of nothing, or of less than the hits.
    """
    if not 0 <= hits <= of or of == 0:
        raise ValueError("this is no share")
    tail = (1 - confidence) / 2
    low = float(stats.beta.ppf(tail, hits, of - hits + 1)) if hits else 0.0
    high = float(stats.beta.ppf(1 - tail, hits + 1, of - hits)) if hits < of else 1.0
    return Rate(hits / of, low, high)


def area(members: Numbers, others: Numbers, confidence: float = CONFIDENCE) -> Rate:
    """Return how often a member's score lies above another's, ties as half: the area under the curve.

    Its interval is that of Hanley and McNeil, "The meaning and use of the area under a ROC curve", 1982.

    Parameters
    ----------
    members, others : array
        Scores, shapes (members,) and (others,); neither empty.
    """
    ranks = stats.rankdata(np.concatenate([members, others]))[: len(members)]
    value = float((ranks.sum() - len(members) * (len(members) + 1) / 2) / (len(members) * len(others)))
    one, two = value / (2 - value), 2 * value**2 / (1 + value)
    variance = value * (1 - value) + (len(members) - 1) * (one - value**2) + (len(others) - 1) * (two - value**2)
    spread = math.sqrt(max(variance, 0) / (len(members) * len(others)))
    reach = float(stats.norm.ppf((1 + confidence) / 2)) * spread
    return Rate(value, max(0.0, value - reach), min(1.0, value + reach))


@dataclass(frozen=True)
class At:
    """What an attack gets at a bound on false alarms.

    Parameters
    ----------
    right : Rate
        The share of members that it names.
    wrong : Rate
        The share of others that it names: no more than the bound, but how sure that is hangs on how many they are.
    """

    right: Rate
    wrong: Rate

    def above_chance(self, times: float) -> bool:
        """Return whether it names members surely more than so many times as often as others."""
        return self.right.low > times * self.wrong.high


def rate_at(members: Numbers, others: Numbers, bound: float) -> At:
    """Return what an attack gets with a threshold that no more than a share of the others lie above.

    Parameters
    ----------
    members, others : array
        Scores, shapes (members,) and (others,); neither empty.
    bound : float
        The most false alarms, as a share of the others.
    """
    allowed = math.floor(bound * len(others) + 1e-9)
    threshold = np.sort(others)[::-1][min(allowed, len(others) - 1)]
    right, wrong = int((members > threshold).sum()), int((others > threshold).sum())
    return At(share(right, len(members)), share(wrong, len(others)))
