"""What one attack came to: figures, what chance would give, and words that a checker reads."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ml.attacks.rules import rules

Found = Literal["leaks", "look", "nothing", "not run"]


@dataclass(frozen=True)
class Outcome:
    """What one attack came to.

    Parameters
    ----------
    attack, tried : str
        Its name, and what was tried, in a sentence.
    level : str
        ``leaks``, ``look`` or ``nothing`` by the policy; ``not run`` where it does not apply or time was out.
    words : str
        What it got, what chance would give, and what that means.
    figures : dict
        What it got, by name, without units of their own: shares and counts.
    broken : tuple of str
        The policy's rules that it broke.
    """

    attack: str
    tried: str
    level: Found
    words: str
    figures: Mapping[str, float] = field(default_factory=dict)
    broken: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        told = asdict(self)
        return {**told, "figures": {name: round(float(each), 6) for name, each in self.figures.items()},
                "broken": list(self.broken)}  # fmt: skip


def judged(attack: str, tried: str, got: str, figures: Mapping[str, float], broken: Mapping[str, bool]) -> Outcome:
    """Return an outcome at the level that the policy gives to the rules it broke.

    Parameters
    ----------
    got : str
        What it got and what chance would give.
    broken : mapping
        For each rule of the policy that it was held to, whether it broke it.
    """
    found = tuple(name for name, is_broken in broken.items() if is_broken)
    level: Found = "nothing"
    for name in found:
        level = "leaks" if "leaks" in (level, rules()[name].level) else "look"
    means = " ".join(f"{rules()[name].means} {rules()[name].fix}" for name in found)
    return Outcome(
        attack, tried, level, f"{got} {means or 'That is within what the policy lets pass.'}", figures, found
    )


def not_run(attack: str, tried: str, why: str) -> Outcome:
    """Return the outcome of an attack that was not run, and why."""
    return Outcome(attack, tried, "not run", why)


class OutOfTime(Exception):
    """Raised in whatever is under way when the time for all attacks is out."""


class Clock:
    """How long the attacks may take in all: what is still to be done asks whether there is time.

    Parameters
    ----------
    seconds : float
        From now.
    """

    def __init__(self, seconds: float) -> None:
        self._began, self._seconds = time.monotonic(), seconds

    def left(self) -> float:
        """Return how many seconds are left, not below 0."""
        return max(0.0, self._seconds - (time.monotonic() - self._began))

    def is_out(self, share: float = 1.0) -> bool:
        """Return whether a share of all the time is gone."""
        return self.left() <= self._seconds * (1 - share)
