"""Whether a ledger covers a spend, said in a sentence. Pure."""

from __future__ import annotations

from decimal import Decimal

from tre.errors import Refused
from tre.privacy.composition import TAIL, Loss, epsilon_of, fits
from tre.privacy.domain import Budget


def check_covers(whose: str, allowed: Budget, lost: Loss, wanted: Budget, loss: Loss) -> None:
    """Refuse a spend that a ledger does not cover.

    Parameters
    ----------
    whose : str
        The ledger, as the audit log calls it.
    wanted : Budget
        What the spend comes to by itself.

    Raises
    ------
    Refused
        Saying what is left.
    """
    if wanted.epsilon <= 0:
        raise Refused("A spend needs an epsilon greater than zero", where="epsilon")
    if fits(allowed, lost + loss):
        return
    raise Refused(
        f"The privacy budget of {whose.replace(':', ' ')} does not cover epsilon {wanted.epsilon.normalize():f}",
        where=f"epsilon {left(allowed, lost).normalize():f} and delta {float(left_delta(allowed, lost)):.2g} are left",
        todo="No budget is enlarged: use a smaller epsilon or delta, or suppressed tables, which spend none",
    )


def left(allowed: Budget, lost: Loss) -> Decimal:
    """Return the epsilon that is left."""
    epsilon = epsilon_of(lost, allowed.delta)
    return Decimal(0) if epsilon is None else max(allowed.epsilon - epsilon, Decimal(0))


def left_delta(allowed: Budget, lost: Loss) -> Decimal:
    """Return the delta that is left for spends that are known by epsilon and delta alone."""
    return max(allowed.delta * (1 - TAIL) - lost.delta, Decimal(0))
