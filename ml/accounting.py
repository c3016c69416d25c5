"""How much privacy a training spends, by dp-accounting's privacy loss distributions.

The event is that of DP-SGD with Poisson sampling: ``steps`` compositions of a Gaussian mechanism on a random part of
the persons, for adding or removing one person (Abadi and others, 2016; Doroshenko and others, 2022), after the Gaussian
mechanisms that prepared it.
"""

from __future__ import annotations

from collections.abc import Sequence

import dp_accounting
from dp_accounting.pld import PLDAccountant

_COARSEST, _FINEST = 1e-3, 1e-4


def event(noise: float, rate: float, steps: int, prepared: Sequence[float] = ()) -> dp_accounting.DpEvent:
    """Return the event of a training.

    Parameters
    ----------
    noise : float
        Standard deviation of the noise as a multiple of the clipping bound.
    rate : float
        Probability with which each person is drawn into a batch; at 1 nobody is left to chance.
    prepared : sequence of float
        Noise of each sum over everybody that was taken before the first step, as a multiple of its sensitivity.
    """
    over_everybody = [*prepared, *([noise] * steps if rate >= 1 else [])]
    events = [dp_accounting.GaussianDpEvent(_together(over_everybody))] if over_everybody else []
    if rate < 1:
        one = dp_accounting.PoissonSampledDpEvent(rate, dp_accounting.GaussianDpEvent(noise))
        events.append(dp_accounting.SelfComposedDpEvent(one, steps))
    return dp_accounting.ComposedDpEvent(events)


def _together(noises: Sequence[float]) -> float:
    """Return the noise of the one Gaussian mechanism that several come to (Dong and others, 2022, corollary 2)."""
    return float(sum(each**-2 for each in noises) ** -0.5)


def epsilon(
    noise: float, rate: float, steps: int, delta: float, prepared: Sequence[float] = (), interval: float = _FINEST
) -> float:
    """Return the epsilon that a training spends, rounded nowhere: an upper bound by the accountant's discretisation."""
    accountant = PLDAccountant(value_discretization_interval=interval)
    return float(accountant.compose(event(noise, rate, steps, prepared)).get_epsilon(delta))


def noise_for(target: float, rate: float, steps: int, delta: float, prepared: Sequence[float] = ()) -> float:
    """Return the least noise, to about a thousandth, whose training spends no more than the target epsilon."""
    low, high = 0.3, 1.0
    while epsilon(high, rate, steps, delta, prepared, _COARSEST) > target:
        low, high = high, high * 2
    while high - low > 0.001 * high:
        middle = (low + high) / 2
        if epsilon(middle, rate, steps, delta, prepared, _COARSEST) > target:
            low = middle
        else:
            high = middle
    while epsilon(high, rate, steps, delta, prepared) > target:  # the coarse search may stop a hair short
        high *= 1.001
    return high
