"""How a doubtful pair came by its match weight, step by step, as plain numbers that a template draws as SVG.

The chart is Splink's waterfall (Fellegi and Sunter 1969): it begins with how rarely two records are one person's, and
each field adds the bits that speak for one person or takes away those that speak against.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise

WIDTH = 100.0
_LEAST = 0.5  # of the chart's width: a step of no bits is a line that can be seen


@dataclass(frozen=True)
class Step:
    """What one field adds to the weight, the weight after it (both in bits), and where its bar is drawn.

    ``left`` and ``bar`` are hundredths of the chart's width.
    """

    label: str
    bits: float
    total: float
    left: float
    bar: float


@dataclass(frozen=True)
class Waterfall:
    """The steps of a pair, and where the chart has its line of even odds (0 bits)."""

    steps: tuple[Step, ...]
    even: float

    @property
    def weight(self) -> float:
        """Return the pair's match weight in bits, after every step."""
        return self.steps[-1].total


def waterfall(weight: float, fields: Mapping[str, float], start: str) -> Waterfall:
    """Return the steps by which the fields make the weight, in their order.

    Parameters
    ----------
    weight : float
        The pair's match weight, in bits: log2 of its odds.
    fields : mapping of str to float
        What each field added to it, by the field's name on the page. What they do not explain stood before any of them
        was looked at.
    start : str
        What that first step is called on the page.
    """
    added = {start: weight - sum(fields.values()), **fields}
    totals = list(accumulate(added.values(), initial=0.0))
    low, high = min(totals), max(totals)
    scale = WIDTH / max(high - low, 1e-9)

    def place(bits: float) -> float:
        return round((bits - low) * scale, 1)

    steps = tuple(
        Step(label, bits, after, place(min(before, after)), max(round(abs(bits) * scale, 1), _LEAST))
        for (label, bits), (before, after) in zip(added.items(), pairwise(totals), strict=True)
    )
    return Waterfall(steps, place(0.0))
