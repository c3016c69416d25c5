"""Linkage: how well it went, and doubtful pairs. What is told of a pair is how far its fields agree, never a value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tre.catalogue.models import DoubtfulPair, WarehouseBuild
from tre.catalogue.weights import LABELS, overlap, rounded, weights


class LevelTold(Schema):
    """One way in which two records can agree in a field, and its match weight in bits."""

    level: str
    bits: float


class ComparisonTold(Schema):
    """One field that is compared."""

    field: str
    levels: list[LevelTold]


class SharedTold(Schema):
    """How many persons one provider shares with each, as a page tells it."""

    provider: str
    persons: dict[str, str]


class LinkageTold(Schema):
    """The newest linkage."""

    built: datetime | None
    waiting: int = Field(description="Pairs that wait for a decision.")
    decided: int
    comparisons: list[ComparisonTold]
    shared: list[SharedTold]

    @classmethod
    def of(cls, build: WarehouseBuild | None) -> LinkageTold:
        """Return the linkage of a build as it is told."""
        rows = overlap(build.shared) if build else []
        providers = [provider for provider, _ in rows]
        waiting = DoubtfulPair.objects.filter(state=DoubtfulPair.State.OPEN)
        return cls(
            built=build.at if build else None, waiting=waiting.count(),
            decided=DoubtfulPair.objects.exclude(state=DoubtfulPair.State.OPEN).count(),
            comparisons=[
                ComparisonTold(field=field, levels=[LevelTold(level=each.level, bits=each.bits) for each in levels])
                for field, levels in weights((build.model if build else None) or {})
            ],
            shared=[
                SharedTold(provider=provider, persons=dict(zip(providers, persons, strict=True)))
                for provider, persons in rows
            ],
        )  # fmt: skip


class PairRow(Schema):
    """One doubtful pair in the queue."""

    pair: UUID
    probability: float
    numbers: str = Field(description="Whether the verified NHS numbers are the same, other, or not both known.")
    agreement: dict[str, str] = Field(description="How far each field agrees, by field.")
    state: str
    decided_by: str
    decided: datetime | None

    @classmethod
    def of(cls, found: DoubtfulPair) -> PairRow:
        """Return a pair as the queue tells it."""
        return cls(
            pair=found.pair, probability=round(found.told_probability, 3), numbers=found.numbers,
            agreement={LABELS[name]: str(level) for name, level in found.agreement.items()}, state=found.state,
            decided_by=found.decided_by, decided=found.decided,
        )  # fmt: skip


class PairTold(PairRow):
    """One doubtful pair, with what each field adds to its weight."""

    weight: float | None = Field(description="In bits: log2 of the odds; none where landing did not keep it.")
    bits: dict[str, float | None] = Field(description="What each field adds to the weight, by field.")

    @classmethod
    def whole(cls, found: DoubtfulPair, shown: Mapping[str, Any]) -> PairTold:
        """Return a pair as it is told, without what landing shows of its values."""
        fields: Mapping[str, Mapping[str, Any]] = shown.get("fields", {})
        return cls(
            **PairRow.of(found).model_dump(), weight=_told(shown.get("weight")),
            bits={LABELS[name]: _told(fields.get(name, {}).get("bits")) for name in found.agreement},
        )  # fmt: skip


def _told(bits: float | None) -> float | None:
    return None if bits is None else rounded(float(bits))


class PairDecided(Schema):
    """Whether the two records are one person's."""

    choice: Literal["joined", "parted"]
