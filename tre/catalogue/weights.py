"""What linkage learnt, and whom providers share, as pages and the API may tell it. No person's value is in it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tre.catalogue import suppression

_WIDEST = 20.0  # bits: beyond it a bar is as long as a bar gets
LABELS = {
    "number": "NHS number as sent", "forename": "Forename", "surname": "Surname", "birth_date": "Date of birth",
    "postcode": "Postcode", "sex": "Sex",
}  # fmt: skip


@dataclass(frozen=True)
class Weight:
    """One level of a comparison and its match weight in bits: log2 of how much likelier it is in one person's records.

    ``bar`` is the weight's length in hundredths of the widest bar; ``left`` is where it begins.
    """

    level: str
    bits: float

    @property
    def bar(self) -> float:
        """Return the bar's length, 0 to 50: half the chart is for agreement, half for disagreement."""
        return min(abs(self.bits), _WIDEST) / _WIDEST * 50

    @property
    def left(self) -> float:
        """Return where the bar begins, 0 to 50."""
        return 50.0 if self.bits >= 0 else 50.0 - self.bar


def weights(model: dict[str, Any]) -> Iterator[tuple[str, list[Weight]]]:
    """Yield each comparison of a trained model with its levels' weights (Fellegi and Sunter 1969: log2 of m over u)."""
    for comparison in model.get("comparisons", []):
        levels = [
            Weight(str(level["label_for_charts"]), math.log2(level["m_probability"] / level["u_probability"]))
            for level in comparison["comparison_levels"]
            if level.get("m_probability") and level.get("u_probability")
        ]
        yield LABELS.get(comparison["output_column_name"], comparison["output_column_name"]), levels


def rounded(bits: float) -> float:
    """Return bits as they are told: the last digits of a name's weight would tell how rare it is, and so which."""
    return round(bits, 1)


def told_probability(probability: float) -> float:
    """Return a pair's probability as it is told: that of its odds in bits, rounded as these are.

    Three digits of a probability are a hundredth of a bit, and all but the name's weight is known of a pair.
    """
    if not 0 < probability < 1:
        return probability
    odds = 2 ** rounded(math.log2(probability / (1 - probability)))
    return odds / (1 + odds)


def overlap(shared: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    """Return a row for each provider: how many persons it shares with each, in the same order, as a page may tell it.

    With itself a provider shares everybody whom it knows.
    """
    persons = {frozenset((each["one"], each["other"])): int(each["persons"]) for each in shared}
    providers = sorted({provider for pair in persons for provider in pair})
    return [
        (one, [suppression.told(persons.get(frozenset((one, other)), 0)) for other in providers]) for one in providers
    ]
