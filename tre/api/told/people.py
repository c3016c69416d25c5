"""People as who manages them sees them: accounts, invitations and tokens. A link and a token stand in no answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from django.utils import timezone
from ninja import Schema
from pydantic import Field, StringConstraints

from tre.api.models import Token
from tre.api.told.common import Line
from tre.people.lookup import factors_of
from tre.people.models import Account, Invitation
from tre.policy.decision import decide
from tre.policy.domain import Principal, Resource

Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^\u0000]*$")]
RoleNames = Annotated[list[Line], Field(max_length=20)]


class PersonRow(Schema):
    """One account in a list."""

    username: str
    email: str
    roles: list[str]
    active: bool = Field(description="False for one that is closed.")
    training_expires: date | None
    training_current: bool
    last_login: datetime | None

    @classmethod
    def of(cls, found: Account) -> PersonRow:
        """Return an account as a list tells it."""
        return cls(
            username=found.username, email=found.email, roles=sorted(each.name for each in found.roles.all()),
            active=found.is_active, training_expires=found.training_expires,
            training_current=found.training_current(timezone.localdate()), last_login=found.last_login,
        )  # fmt: skip


class PersonTold(PersonRow):
    """One account."""

    training_accredited: date | None
    controllers: list[str] = Field(description="Whose datasets the person answers for.")
    factors: list[str] = Field(description="The kinds of their second factors.")
    may: list[str] = Field(description="What the caller may do about it: change.")

    @classmethod
    def seen(cls, found: Account, person: Principal) -> PersonTold:
        """Return an account as a person sees it."""
        may_change = decide(person, "change_account", Resource("Account", found.username)).allowed
        return cls(
            **PersonRow.of(found).model_dump(), training_accredited=found.training_accredited,
            controllers=sorted(found.controller_names()), factors=factors_of(found),
            may=["change"] if may_change else [],
        )  # fmt: skip


class LinkSent(PersonTold):
    """One account whose second factor was taken away."""

    sent: bool = Field(description="Whether the mail server took the link to begin anew. If not, do it again later.")


class InvitationTold(Schema):
    """One open invitation. Its link is sent to the address, and told nowhere else."""

    number: int
    email: str
    roles: list[str]
    invited_by: str
    expires: datetime

    @classmethod
    def of(cls, found: Invitation) -> InvitationTold:
        """Return an invitation as it is told."""
        return cls(
            number=found.pk, email=found.email, roles=list(found.roles), invited_by=found.invited_by,
            expires=found.expires_at,
        )  # fmt: skip


class InvitationMade(InvitationTold):
    """An invitation that was made now."""

    sent: bool = Field(description="Whether the mail server took its link. If not, invite again.")


class TrainingSaid(Schema):
    """On which day a person's training was accredited, and on which it expires."""

    accredited: date
    expires: date


class InvitationAsked(Schema):
    """Whom to invite, and with what."""

    email: Email
    roles: RoleNames
    training: TrainingSaid | None = None


class RolesSaid(Schema):
    """What a person does here: these roles and no others."""

    roles: RoleNames


class ControllersSaid(Schema):
    """Whose datasets a person answers for: these controllers' and no others'."""

    controllers: Annotated[list[Line], Field(max_length=200)]


class TokenRow(Schema):
    """One token of a person; never the token itself."""

    number: int
    name: str
    begins: str
    scopes: list[str]
    project: str | None
    state: str
    made: datetime
    expires: datetime
    last_used: datetime | None

    @classmethod
    def of(cls, found: Token) -> TokenRow:
        """Return a token as it is told."""
        return cls(
            number=found.pk, name=found.name, begins=found.begins, scopes=list(found.scopes),
            project=found.project.code if found.project else None, state=found.state, made=found.made,
            expires=found.expires, last_used=found.last_used,
        )  # fmt: skip
