"""Who calls, what their token lets them do, and what the policies say."""

from __future__ import annotations

from datetime import date, datetime

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from tre.api import tokens
from tre.api.auth import caller_of, person_of
from tre.policy.decision import acts, decide
from tre.policy.domain import PLATFORM, Principal, Resource
from tre.projects.models import Project
from tre.web.policies import Act, told_acts

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


@router.delete("/me/token", response={204: None})
def end(request: HttpRequest) -> None:
    """Revoke the token that is shown: it opens nothing any more."""
    tokens.revoke_own(caller_of(request).token.pk, person_of(request))


class RuleTold(Schema):
    """One policy in words."""

    policy: str
    sentence: str


class ActTold(Schema):
    """One act, with the policies that permit and that forbid it."""

    act: str
    words: str
    permits: list[RuleTold]
    forbids: list[RuleTold]

    @classmethod
    def of(cls, found: Act) -> ActTold:
        """Return an act as it is told."""
        permits, forbids = (
            [RuleTold(policy=each.identity, sentence=each.sentence) for each in told]
            for told in (found.permits, found.forbids)
        )
        return cls(act=found.name, words=found.words, permits=permits, forbids=forbids)


class MayTold(Schema):
    """What the caller may do now about one thing, by this token."""

    about: str = Field(description="platform, or the code of a project.")
    may: list[str]


class PoliciesTold(Schema):
    """Every act with its policies in words, and what the caller may do now."""

    acts: list[ActTold]
    answers: list[MayTold]


@router.get("/policies", response=PoliciesTold)
def policies(request: HttpRequest) -> PoliciesTold:
    """Tell every policy in words, and what the caller may do now by this token."""
    person = person_of(request)
    only = person.grant.project if person.grant else ""
    codes = {only} if only else person.projects
    projects = Project.objects.filter(code__in=codes & person.projects)
    about = [("platform", PLATFORM), *((each.code, each.resource()) for each in projects)]
    return PoliciesTold(
        acts=[ActTold.of(each) for each in told_acts()],
        answers=[MayTold(about=name, may=_may(person, resource)) for name, resource in about],
    )


def _may(person: Principal, resource: Resource) -> list[str]:
    asked = (act for act, kinds in acts().items() if resource.kind in kinds)
    return [act for act in asked if decide(person, act, resource).allowed]
