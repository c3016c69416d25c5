"""How much privacy a training spends, by dp-accounting's privacy loss distributions.

The event is that of DP-SGD with Poisson sampling: ``steps`` compositions of a Gaussian mechanism on a random part of
the persons, for adding or removing one person (Abadi and others, 2016; Doroshenko and others, 2022), after the Gaussian
mechanisms that prepared it. A search repeats the steps a random number of times and keeps the best: only Renyi
divergences are known of that (Papernot and Steinke, 2022), so it is accounted for by these.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import dp_accounting
from dp_accounting.dp_event import RepeatAndSelectDpEvent
from dp_accounting.pld import PLDAccountant
from dp_accounting.rdp import RdpAccountant

from ml.search import Search

_COARSEST, _FINEST = 1e-3, 1e-4
_LEAST, _CLOSE = 0.3, 0.001
_NOTHING = 1e-9  # so much noise may spend no epsilon at all, only delta


def event(
    noise: float, rate: float, steps: int, prepared: Sequence[float] = (), search: Search | None = None
) -> dp_accounting.DpEvent:
    """Return the event of a training.

    Parameters
    ----------
    noise : float
        Standard deviation of the noise as a multiple of the clipping bound.
    rate : float
        Probability with which each person is drawn into a batch; at 1 nobody is left to chance.
    prepared : sequence of float
        Noise of each sum over everybody that was taken before the first step, as a multiple of its sensitivity.
    search : Search, optional
        By what the steps are repeated; what was prepared is prepared once.
    """
    if search is not None:
        before = [dp_accounting.GaussianDpEvent(_together(prepared))] if prepared else []
        again = RepeatAndSelectDpEvent(event(noise, rate, steps), search.trials, search.shape)
        return dp_accounting.ComposedDpEvent([*before, again])
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
    noise: float, rate: float, steps: int, delta: float, prepared: Sequence[float] = (), interval: float = _FINEST,
    search: Search | None = None,
) -> float:  # fmt: skip
    """Return the epsilon that a training spends, rounded nowhere: an upper bound by the accountant's discretisation.

    Where everybody is in every step it is exact (Balle and Wang, "Improving the Gaussian mechanism", 2018, theorem 8).
    """
    if search is not None:
        return float(RdpAccountant().compose(event(noise, rate, steps, prepared, search)).get_epsilon(delta))
    if rate >= 1:
        return float(dp_accounting.get_epsilon_gaussian(_together([*prepared, *[noise] * steps]), delta))
    accountant = PLDAccountant(value_discretization_interval=interval)
    return float(accountant.compose(event(noise, rate, steps, prepared)).get_epsilon(delta))


def noise_for(
    target: float, rate: float, steps: int, delta: float, prepared: Sequence[float] = (), search: Search | None = None
) -> float:
    """Return the least noise, to about a thousandth, whose training spends no more than the target epsilon."""

    def over(noise: float, interval: float) -> float:
        return math.log(max(epsilon(noise, rate, steps, delta, prepared, interval, search), _NOTHING) / target)

    if rate >= 1 and search is None:
        whole = float(dp_accounting.get_sigma_gaussian(target, delta))
        left = whole**-2 - sum(each**-2 for each in prepared)
        high = max(_LEAST, math.sqrt(steps / left) * (1 + _NOTHING))
    else:
        high = _between(over)
    while over(high, _FINEST) > 0:  # the search may stop a hair short
        high *= 1 + _CLOSE
    return high


def _between(over: Callable[[float, float], float]) -> float:
    """Return about the least noise at which the training is not over its target, by halving what is left in doubt."""
    low = high = 1.0
    over_low = over_high = over(1.0, _COARSEST)
    while over_high > 0:  # epsilon falls about as noise grows, or faster
        low, over_low, high = high, over_high, high * max(2.0, math.exp(over_high))
        over_high = over(high, _COARSEST)
    while over_low <= 0 and low > _LEAST:
        high, over_high, low = low, over_low, max(_LEAST, low * 0.7)
        over_low = over(low, _COARSEST)
    if over_low <= 0:
        return low
    while high - low > _CLOSE * high:
        # Between the two epsilon is nearly a power of the noise; kept off the ends, so that both close in.
        at = min(max(over_low / (over_low - over_high), 0.02), 0.98)
        middle = low * (high / low) ** at
        if (over_middle := over(middle, _COARSEST)) > 0:
            low, over_low = middle, over_middle
        else:
            high, over_high = middle, over_middle
    return high
