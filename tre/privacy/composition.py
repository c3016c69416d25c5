"""How privacy losses of different kinds add up, exactly and whatever the order: curves of Renyi divergence. Pure.

A loss is a curve: for each order in :data:`ORDERS`, the Renyi divergence of a mechanism's outputs with and without any
one person (Mironov 2017, "Renyi Differential Privacy"), and for the order infinity its pure epsilon. The curves of
mechanisms add (proposition 1), also where each was chosen by what the earlier ones told, as long as the sum is held to
a bound before each of them (Feldman and Zrnic 2021, "Individual Privacy Accounting via a Renyi Filter", theorem 4.3).
They are kept as whole billionths, rounded up: sums are exact, and giving one back leaves just what was there before.

What a total comes to is the least epsilon that any order proves. That this choice is made at the end costs a share of
delta for each order: if the sum at an order stays below ``epsilon - log(1/d)/(order - 1)``, the loss exceeds epsilon
with a probability of at most ``d`` (Markov's inequality, as in Mironov's proposition 3); the shares of the orders, one
``d`` each, add up to :data:`TAIL` of delta (union bound). At the order infinity nothing can exceed the sum. The rest of
delta is for spends that are known by their epsilon and delta alone: with a probability of at most that delta they do
whatever they like, and else are as the pure epsilon says (Kasiviswanathan and Smith 2014, lemma 3.3).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache
from typing import Any, Literal, get_args

from tre.errors import Refused
from tre.privacy.domain import EPSILON_STEP, Budget

Kind = Literal["gaussian", "laplace", "sampled_gaussian"]
ORDERS: tuple[int, ...] = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 128)
TAIL = Decimal("0.1")  # of a ledger's delta, for the choice of an order
_UNIT = 10**9
_ENDLESS = 10**18  # billionths: no order above it proves anything
_REMEMBERED = 1024  # the same few mechanisms are priced, reserved and paid for
_LEAST_NOISE, _MOST_NOISE, _MOST_STEPS = 0.3, 10_000.0, 10_000_000


@dataclass(frozen=True)
class Mechanism:
    """A mechanism by what its loss depends on.

    Parameters
    ----------
    kind : str
        ``gaussian`` and ``laplace``: noise on something that one person changes by at most the sensitivity.
        ``sampled_gaussian``: the same on a part of the persons, each drawn alone (DP-SGD with Poisson sampling).
    noise : float
        Standard deviation of the Gaussian, or scale of the Laplace distribution, as a multiple of the sensitivity.
    rate : float
        Probability with which a person is drawn; 1 where nobody is left out.
    steps : int
        How many times it is done.
    """

    kind: Kind
    noise: float
    rate: float = 1.0
    steps: int = 1

    def covers(self, other: Mechanism) -> bool:
        """Return whether whatever the other loses, this loses as well: it has no less noise, no rarer, not oftener."""
        return (
            self.kind == other.kind
            and other.noise >= self.noise
            and other.rate <= self.rate
            and other.steps <= self.steps
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {"kind": self.kind, "noise": self.noise, "rate": self.rate, "steps": self.steps}


def mechanism(told: object) -> Mechanism:
    """Return a mechanism from what a program told.

    Raises
    ------
    Refused
        Saying which of its numbers is not within bounds.
    """
    if not isinstance(told, Mapping) or told.get("kind") not in get_args(Kind):
        raise Refused(f"A mechanism is one of {', '.join(get_args(Kind))}", where="mechanism")
    if unknown := set(map(str, told)) - {"kind", "noise", "rate", "steps"}:
        raise Refused("A mechanism has a kind, noise, a rate and steps", where=f"mechanism, {len(unknown)} more")
    noise, rate, steps = told.get("noise"), told.get("rate", 1.0), told.get("steps", 1)
    if not _within(noise, _LEAST_NOISE, _MOST_NOISE):
        raise Refused(f"Noise is a number from {_LEAST_NOISE:g} to {_MOST_NOISE:g}", where="mechanism")
    if not _within(rate, 1e-9, 1) or (told["kind"] != "sampled_gaussian" and rate != 1):
        raise Refused("A rate is a number above 0 up to 1, and below 1 for what is sampled alone", where="mechanism")
    if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= _MOST_STEPS:
        raise Refused(f"Steps are a whole number from 1 to {_MOST_STEPS:,}", where="mechanism")
    return Mechanism(told["kind"], float(noise), float(rate), steps)  # type: ignore[arg-type]  # they were looked at


def _within(value: object, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


@dataclass(frozen=True)
class Loss:
    """A privacy loss.

    Parameters
    ----------
    curve : tuple of int
        Billionths, shape (len(ORDERS) + 1,): the Renyi divergence at each order, and last the pure epsilon.
    delta : Decimal
        Of what is known by its epsilon and delta alone.
    """

    curve: tuple[int, ...]
    delta: Decimal

    def __post_init__(self) -> None:
        if len(self.curve) != len(ORDERS) + 1 or min(self.curve) < 0 or self.delta < 0:
            raise ValueError("this is no privacy loss")

    def __add__(self, other: Loss) -> Loss:
        return Loss(tuple(map(sum, zip(self.curve, other.curve, strict=True))), self.delta + other.delta)

    def without(self, other: Loss) -> Loss:
        """Return what is left of a sum when one part of it is taken out again.

        Raises
        ------
        ValueError
            It was no part of it.
        """
        left = tuple(mine - theirs for mine, theirs in zip(self.curve, other.curve, strict=True))
        return Loss(left, self.delta - other.delta)


NO_LOSS = Loss((0,) * (len(ORDERS) + 1), Decimal(0))


def whole(losses: Iterable[Loss]) -> Loss:
    """Return what losses come to together."""
    return sum(losses, NO_LOSS)


def stated(amount: Budget) -> Loss:
    """Return the loss of what is known by its epsilon and delta alone.

    Pure epsilon-differential privacy bounds the divergence of order a by ``min(epsilon, a * epsilon**2 / 2)`` (Bun and
    Steinke 2016, "Concentrated Differential Privacy", proposition 3.3).
    """
    epsilon = amount.epsilon
    curve = [_units(min(epsilon, order * epsilon * epsilon / 2)) for order in ORDERS]
    return Loss((*curve, _units(epsilon)), amount.delta)


@lru_cache(maxsize=_REMEMBERED)
def loss_of(found: Mechanism) -> Loss:
    """Return the loss of a mechanism, by dp-accounting's Renyi accountant."""
    from dp_accounting.rdp import RdpAccountant

    accountant = RdpAccountant(list(ORDERS)).compose(_event(found))
    curve = [_units(Decimal(repr(float(each)))) if math.isfinite(each) else _ENDLESS for each in accountant.rdp]
    pure = _units(Decimal(repr(found.steps / found.noise))) if found.kind == "laplace" else _ENDLESS
    return Loss((*curve, pure), Decimal(0))


@lru_cache(maxsize=_REMEMBERED)
def epsilon_at(found: Mechanism, delta: Decimal) -> Decimal:
    """Return the epsilon of a mechanism by itself at a delta, by dp-accounting's privacy loss distributions.

    Raises
    ------
    Refused
        It is beyond any budget; the exact accountant's memory would grow with it.
    """
    from dp_accounting.pld import PLDAccountant
    from dp_accounting.rdp import RdpAccountant

    most = 100.0
    if not 0 < delta < 1 or RdpAccountant().compose(_event(found)).get_epsilon(float(delta)) > most:
        raise Refused("The mechanism loses more than any budget holds", where="mechanism", todo="Add noise")
    exact = PLDAccountant(value_discretization_interval=1e-4).compose(_event(found)).get_epsilon(float(delta))
    return Decimal(repr(float(exact))).quantize(EPSILON_STEP, rounding=ROUND_CEILING)


def _event(found: Mechanism) -> Any:
    import dp_accounting

    if found.kind == "laplace":
        one = dp_accounting.LaplaceDpEvent(found.noise)
    else:
        one = dp_accounting.GaussianDpEvent(found.noise)
        if found.kind == "sampled_gaussian":
            one = dp_accounting.PoissonSampledDpEvent(found.rate, one)
    return dp_accounting.SelfComposedDpEvent(one, found.steps)


def epsilon_of(loss: Loss, delta: Decimal) -> Decimal | None:
    """Return the least epsilon that a loss is proved to stay within at a delta, rounded up; None where it is endless.

    Parameters
    ----------
    delta : Decimal
        Of the ledger, all of it: :data:`TAIL` of it is for the choice of an order.
    """
    tail = math.log(len(ORDERS) / float(delta * TAIL)) if delta else math.inf
    proved = [loss.curve[-1]]
    for order, value in zip(ORDERS, loss.curve[:-1], strict=True):
        if loss.curve != NO_LOSS.curve and math.isfinite(tail):
            proved.append(value + math.ceil(tail / (order - 1) * _UNIT))
    least = min(proved)
    if least >= _ENDLESS:
        return None
    return (Decimal(least) / _UNIT).quantize(EPSILON_STEP, rounding=ROUND_CEILING)


def fits(allowed: Budget, loss: Loss) -> bool:
    """Return whether a loss stays within a ledger's epsilon and delta."""
    epsilon = epsilon_of(loss, allowed.delta)
    return epsilon is not None and epsilon <= allowed.epsilon and loss.delta <= allowed.delta * (1 - TAIL)


def _units(value: Decimal) -> int:
    return min(int((value * _UNIT).to_integral_value(rounding=ROUND_CEILING)), _ENDLESS)
