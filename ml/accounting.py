"""How much privacy a training spends, by dp-accounting's privacy loss distributions.

The event is that of DP-SGD with Poisson sampling: ``steps`` compositions of a Gaussian mechanism on a random part of
the persons, for adding or removing one person (Abadi and others, 2016; Doroshenko and others, 2022).
"""

from __future__ import annotations

import dp_accounting
from dp_accounting.pld import PLDAccountant

_COARSEST, _FINEST = 1e-3, 1e-4


def event(noise: float, rate: float, steps: int) -> dp_accounting.DpEvent:
    """Return the event of a training.

    Parameters
    ----------
    noise : float
        Standard deviation of the noise as a multiple of the clipping bound.
    rate : float
        Probability with which each person is drawn into a batch.
    """
    one = dp_accounting.PoissonSampledDpEvent(rate, dp_accounting.GaussianDpEvent(noise))
    return dp_accounting.SelfComposedDpEvent(one, steps)


def epsilon(noise: float, rate: float, steps: int, delta: float, interval: float = _FINEST) -> float:
    """Return the epsilon that a training spends, rounded nowhere: an upper bound by the accountant's discretisation."""
    accountant = PLDAccountant(value_discretization_interval=interval)
    return float(accountant.compose(event(noise, rate, steps)).get_epsilon(delta))


def noise_for(target: float, rate: float, steps: int, delta: float) -> float:
    """Return the least noise, to about a thousandth, whose training spends no more than the target epsilon."""
    low, high = 0.3, 1.0
    while epsilon(high, rate, steps, delta, _COARSEST) > target:
        low, high = high, high * 2
    while high - low > 0.001 * high:
        middle = (low + high) / 2
        if epsilon(middle, rate, steps, delta, _COARSEST) > target:
            low = middle
        else:
            high = middle
    while epsilon(high, rate, steps, delta) > target:  # the coarse search may stop a hair short
        high *= 1.001
    return high
