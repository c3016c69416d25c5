"""Privacy budgets: values with checked arithmetic, and what the audit log tells of spends. Pure; no I/O.

How spends compose: :mod:`tre.privacy.composition`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal, InvalidOperation

from tre.errors import Refused

EPSILON_STEP = Decimal("0.000001")
DELTA_STEP = Decimal("0.000000000001")
_ONCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,79}")


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

    def covers(self, other: Budget) -> bool:
        """Return whether the other amount lies within this one."""
        return other.epsilon <= self.epsilon and other.delta <= self.delta


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


def check_once(once: str) -> None:
    """Refuse a name of a spend that is no label.

    Raises
    ------
    Refused
        When it holds anything but letters, digits and a few marks, or is empty or too long.
    """
    if not _ONCE.fullmatch(once):
        raise Refused("A spend's name must be a label of up to 80 letters, digits, dots and hyphens", where="once")


def check_same(before: Budget, refunded: bool, wanted: Budget, same_mechanism: bool) -> None:
    """Refuse to take a spend for one that was made before under the same name.

    Raises
    ------
    Refused
        When the earlier one was refunded, or was for another amount: a caller who read it as theirs would use budget
        that was never taken.
    """
    if refunded or before != wanted or not same_mechanism:
        raise Refused("A spend of this name was refunded or has other amounts", where="once", todo="Use a new name")


@dataclass(frozen=True)
class Account:
    """What is kept of one spend, as the tables or the audit log tell it.

    Parameters
    ----------
    project : str
        The project's code.
    epsilon, delta : str
        The amounts, as the log writes them.
    state : str
        ``reserved``, ``committed`` or ``refunded``.
    model : str
        SHA-256 of the weights that it paid for; empty when it paid for none.
    touched : tuple of str
        The ledgers that it was taken from, as the log calls them.
    mechanism : str
        What it was spent by and the curve of that, as JSON; empty where that was not told. The curve is that of the
        accountant at the time: a later version of it may have another.
    buys : str
        What it may pay for.
    """

    project: str
    epsilon: str
    delta: str
    state: str = "reserved"
    model: str = ""
    touched: tuple[str, ...] = ()
    mechanism: str = ""
    buys: str = "model"


def spends_told(entries: Iterable[tuple[str, str, Mapping[str, object]]]) -> dict[str, Account]:
    """Return each spend, by its number as text, as the audit log's entries tell it.

    Parameters
    ----------
    entries : iterable of (event, project, data)
        The entries of spends in the log's order. One that changes a spend which no entry reserved is left out: the
        comparison with the tables tells.
    """
    told: dict[str, Account] = {}
    for event, project, data in entries:
        number = str(data.get("spend"))
        if event == "privacy.reserved":
            told[number] = _reserved(project, data)
        elif number in told and event == "privacy.spend_bound":
            told[number] = replace(told[number], model=str(data.get("model")))
        elif number in told:
            told[number] = replace(told[number], state=event.removeprefix("privacy."))
    return told


def _reserved(project: str, data: Mapping[str, object]) -> Account:
    touched, by = data.get("touched"), data.get("mechanism")
    # before there were others, a spend was taken from its project's ledger alone
    ledgers = tuple(map(str, touched)) if isinstance(touched, list) else (f"project:{project}",)
    amounts = str(data.get("epsilon")), str(data.get("delta"))
    told = json.dumps([by, data.get("curve")], sort_keys=True) if by else ""
    buys = str(data.get("buys", "model"))
    return Account(project, *amounts, touched=ledgers, mechanism=told, buys=buys)
