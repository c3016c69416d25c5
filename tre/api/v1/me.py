"""Who calls, and what their token lets them do."""

from __future__ import annotations

from datetime import date, datetime

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from tre.api.auth import caller_of

router = Router(tags=["Caller"])


class TokenTold(Schema):
    """The token that was shown; never the token itself."""

    name: str
    begins: str
    scopes: list[str]
    project: str | None = Field(description="The only project that it is for; none for all.")
    expires: datetime


class CallerTold(Schema):
    """Who calls."""

    username: str
    roles: list[str]
    projects: list[str]
    training_expires: date | None
    training_current: bool
    token: TokenTold


@router.get("/me", response=CallerTold)
def me(request: HttpRequest) -> CallerTold:
    """Say whose token this is, and what it lets them do."""
    caller = caller_of(request)
    account, token, person = caller.account, caller.token, caller.person
    told = TokenTold(
        name=token.name, begins=token.begins, scopes=token.scopes, expires=token.expires,
        project=token.project.code if token.project else None,
    )  # fmt: skip
    return CallerTold(
        username=account.username, roles=sorted(person.roles), projects=sorted(person.projects),
        training_expires=account.training_expires, training_current=account.training_current(timezone.localdate()),
        token=told,
    )  # fmt: skip
