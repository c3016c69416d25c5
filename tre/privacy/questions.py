"""What a private question costs: its mechanism, its noise and its price. It is asked as an attested run.

See :mod:`tre.runs.attested.kinds.private`, which reserves the budget, answers and settles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from tre.errors import Refused
from tre.privacy.composition import Mechanism, epsilon_at
from tre.privacy.domain import Budget, budget
from tre.privacy.prices import Price, prices
from tre.projects.models import Project

_MORE = 1.0005  # by what noise grows until its epsilon, as the ledger reckons it, is no more than what is offered
_WITHIN = 1.96  # standard deviations, of 95 % of normal noise


@dataclass(frozen=True)
class Quote:
    """What a question would cost each ledger, its noise, and how far a count of persons would be off (95 %)."""

    noise: float
    off: float
    prices: list[Price]


def quote(project: Project, epsilon: object, delta: object, cells: int = 1) -> Quote:
    """Return what a question of this epsilon would cost and be worth; nothing is taken.

    Parameters
    ----------
    cells : int
        In how many cells one person counts at most.

    Raises
    ------
    Refused
        The amounts are none, or so large or small that no noise is theirs.
    """
    by = gaussian(epsilon, delta)
    off = _WITHIN * by.noise * math.sqrt(max(cells, 1))
    return Quote(by.noise, off, prices(project, epsilon=epsilon, delta=delta, by=by))


def gaussian(epsilon: object, delta: object) -> Mechanism:
    """Return the Gaussian mechanism with the least noise, about, that loses no more than these amounts.

    Raises
    ------
    Refused
        The amounts are none, or so large or small that no noise is theirs.
    """
    wanted = budget(epsilon, delta)
    if not (Decimal("0.001") <= wanted.epsilon <= 20 and 0 < wanted.delta < Decimal("0.001")):
        raise Refused("A question has an epsilon from 0.001 to 20 and a delta under 0.001", where="epsilon, delta")
    return _gaussian(wanted)


@lru_cache(maxsize=256)
def _gaussian(wanted: Budget) -> Mechanism:
    import dp_accounting

    noise = max(float(dp_accounting.get_sigma_gaussian(float(wanted.epsilon), float(wanted.delta))), 0.3)
    while epsilon_at(Mechanism("gaussian", noise), wanted.delta) > wanted.epsilon:
        noise *= _MORE
    return Mechanism("gaussian", math.ceil(noise * 1e4) / 1e4)
