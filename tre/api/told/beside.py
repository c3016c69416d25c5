"""What stands beside a request's files for who reviews it: models with their attacks, and other requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import Field

from tre.airlock.model_review import ShownModel
from tre.airlock.models import RequestFile
from tre.airlock.released_before import Before
from tre.airlock.seeing import Earlier


class BeforeTold(Schema):
    """A release on some of the same data: its request, its project, and the datasets that both use."""

    request: int
    release: str
    project: str
    at: datetime
    datasets: list[str]

    @classmethod
    def each(cls, before: Before) -> list[BeforeTold]:
        """Return releases as they are told."""
        return [
            cls(
                request=each.request_id, release=each.identity, project=each.request.project.code, at=each.at,
                datasets=list(datasets),
            )
            for each, datasets in before.releases
        ]  # fmt: skip


class EarlierTold(Schema):
    """What became of the same bytes in another request, and what was voted on them there."""

    file: int
    request: int
    state: str
    votes: list[str]
    comments: list[str]

    @classmethod
    def each(cls, found: Mapping[int, Sequence[Earlier]]) -> list[EarlierTold]:
        """Return earlier decisions, by file, as they are told."""
        return [
            cls(
                file=file, request=one.request.pk, state=one.request.state, votes=[vote.choice for vote in one.votes],
                comments=[vote.comment for vote in one.votes if vote.comment],
            )
            for file, several in found.items()
            for one in several
        ]  # fmt: skip


class ReviewedModelTold(Schema):
    """A model among a request's files: its card, price and data, and the report of the platform's attacks on it."""

    folder: str
    epsilon: str
    delta: str
    paid: str = Field(description="What the ledger says of it, in a sentence.")
    data: str
    signature: str
    card: dict[str, str]
    features: list[str]
    figures: dict[str, str]
    groups: dict[str, str] = Field(description="Calibration and figures of groups of people, as the card tells them.")
    limits: list[str]
    attack: dict[str, Any] | None = Field(description="The report; none before it is there.")
    why: str = Field(description="Why its card cannot be read, where it cannot.")

    @classmethod
    def each(cls, models: Sequence[ShownModel]) -> list[ReviewedModelTold]:
        """Return models as they are told."""
        return [
            cls(
                folder=each.folder, epsilon=each.epsilon, delta=each.delta, paid=each.paid.words, data=each.data,
                signature=each.signature, card=dict(each.card), features=list(each.features),
                figures=dict(each.figures), groups=dict(each.groups), limits=list(each.limits),
                attack=dict(each.attack) if each.attack else None, why=each.why,
            )
            for each in models
        ]  # fmt: skip


class AttestedTold(Schema):
    """A file that an attested run made."""

    file: int
    run: int
    kind: str

    @classmethod
    def each(cls, files: Sequence[RequestFile], made: Mapping[str, Any]) -> list[AttestedTold]:
        """Return those of some files that a run made, by what is known of their SHA-256."""
        return [
            cls(file=file.pk, run=made[file.sha256].run.pk, kind=made[file.sha256].run.kind)
            for file in files
            if file.sha256 in made
        ]
