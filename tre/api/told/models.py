"""Released models, as a deployer sees them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field

from tre.airlock.deployer import Released
from tre.airlock.naming import MOST_TEXT
from tre.airlock.registered.models import Alias, RegisteredModel, Told, today
from tre.airlock.registered.services import CHAMPION
from tre.policy.decision import decide
from tre.policy.domain import PLATFORM, Principal


class ModelTold(Schema):
    """One released model, and how it is fetched: `tre fetch-model NAME@ALIAS --release RELEASE`."""

    number: int | None = Field(description="What its own address names it by, once it is registered.")
    name: str
    alias: str
    version: str
    epsilon: float | None = Field(description="Null where the model makes no claim of privacy.")
    project: str
    release: str
    at: datetime
    state: str = Field(description="in service, in service until a day, retired, or recalled.")

    @classmethod
    def of(cls, found: Released) -> ModelTold:
        """Return a model of a release as it is told."""
        model, release = found.told, found.release
        return cls(
            number=found.kept.pk if found.kept else None, name=model["name"], alias=model["alias"],
            version=str(model["version"]), epsilon=model.get("epsilon"), project=release.request.project.code,
            release=release.identity, at=release.at, state=found.state,
        )  # fmt: skip


class WebhookTold(Schema):
    """One thing that the deployer's webhook is told."""

    kind: str
    at: datetime
    attempts: int
    answer: str = Field(description="What came of the last attempt.")
    taken: datetime | None


class RegisteredTold(Schema):
    """One registered version, and whether it may be served."""

    number: int
    name: str
    version: int
    release: str
    project: str
    state: str
    recalled: bool
    retires: date | None = Field(description="The day (UTC) from which it may not be served.")
    why: str
    named: bool = Field(description="Whether the alias names it.")
    may: list[str] = Field(description="What the caller may do: retire, alias.")
    webhook: list[WebhookTold] = Field(description="The last twenty things told, to who manages the registry.")

    @classmethod
    def seen(cls, found: RegisteredModel, person: Principal) -> RegisteredTold:
        """Return a version as a person sees it."""
        named = Alias.objects.filter(name=found.name, alias=CHAMPION, version=found.version).exists()
        manages = decide(person, "manage_registry", PLATFORM).allowed
        may = {"retire": not found.recalled, "alias": not named and found.may_be_served(today())}
        told = Told.objects.all()[:20] if manages else ()
        return cls(
            number=found.pk, name=found.name, version=found.version, release=found.release.identity,
            project=found.release.request.project.code, state=found.state, recalled=found.recalled,
            retires=found.retires, why=found.why, named=named,
            may=[act for act, offer in may.items() if offer and manages],
            webhook=[WebhookTold(kind=each.kind, at=each.at, attempts=each.attempts, answer=each.answer,
                                 taken=each.taken) for each in told],
        )  # fmt: skip


class RetirementSaid(Schema):
    """From which day a version may be served no more, and why."""

    on: date
    why: Annotated[str, Field(min_length=1, max_length=MOST_TEXT)]
