"""Privacy budgets: values with checked arithmetic, and how spends compose. Pure; no I/O.

Composition is basic sequential composition: epsilons and deltas add (Dwork and Roth, "The Algorithmic Foundations of
Differential Privacy", theorem 3.16). It holds for mechanisms chosen adaptively and is an upper bound on what tighter
accounting would give, so a ledger kept by it never promises too much privacy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation

from tre.errors import Refused

EPSILON_STEP = Decimal("0.000001")
DELTA_STEP = Decimal("0.000000000001")


@dataclass(frozen=True)
class Budget:
    """An amount of privacy loss: epsilon and delta of (epsilon, delta)-differential privacy.

    Both are decimals, rounded up to a millionth and a millionth of a millionth, so that no sum is ever too small.

    Raises
    ------
    ValueError
        When either is negative or not finite, or delta is 1 or more.
    """

    epsilon: Decimal
    delta: Decimal

    def __post_init__(self) -> None:
        for name, value in (("epsilon", self.epsilon), ("delta", self.delta)):
            if not value.is_finite() or value < 0:
                raise ValueError(f"{name} must be zero or more")
        if self.delta >= 1:
            raise ValueError("delta must be less than 1")

    def __add__(self, other: Budget) -> Budget:
        return Budget(self.epsilon + other.epsilon, self.delta + other.delta)

    def covers(self, other: Budget) -> bool:
        """Return whether the other amount lies within this one."""
        return other.epsilon <= self.epsilon and other.delta <= self.delta

    def without(self, other: Budget) -> Budget:
        """Return what is left of this amount after the other.

        Raises
        ------
        ValueError
            When the other is more than this.
        """
        return Budget(self.epsilon - other.epsilon, self.delta - other.delta)


NOTHING = Budget(Decimal(0), Decimal(0))


def budget(epsilon: object, delta: object) -> Budget:
    """Return a budget from what a person or program gave.

    Raises
    ------
    Refused
        When either is no number, or not within bounds.
    """
    try:
        amounts = Decimal(str(epsilon)), Decimal(str(delta))
        if not all(amount.is_finite() for amount in amounts):
            raise ValueError
        return Budget(
            amounts[0].quantize(EPSILON_STEP, rounding=ROUND_CEILING),
            amounts[1].quantize(DELTA_STEP, rounding=ROUND_CEILING),
        )
    except (InvalidOperation, ValueError):
        raise Refused("Epsilon and delta must be numbers, zero or more, delta less than 1", where="budget") from None


def total(spends: Iterable[Budget]) -> Budget:
    """Return what the spends come to together."""
    whole = NOTHING
    for spend in spends:
        whole = whole + spend
    return whole


def check_fits(allowed: Budget, spent: Budget, wanted: Budget) -> None:
    """Refuse a spend that does not fit what is left.

    Raises
    ------
    Refused
        Saying what is left.
    """
    if wanted.epsilon <= 0:
        raise Refused("A spend needs an epsilon greater than zero", where="epsilon")
    if not allowed.covers(spent + wanted):
        left = allowed.epsilon - min(spent.epsilon, allowed.epsilon)
        raise Refused(
            f"The project's privacy budget does not cover epsilon {wanted.epsilon.normalize():f}",
            where=f"{left.normalize():f} is left",
            todo="Use a smaller epsilon, or ask the project's approvers for a larger budget",
        )
