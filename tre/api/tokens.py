"""What happens to tokens: made and revoked, each with its audit entry in the same transaction; and whose one is."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from tre.api.domain import SHOWN, hash_token, is_whole, new_token
from tre.api.models import Token
from tre.api.policy import api_policy
from tre.audit.services import record
from tre.errors import Missing, Refused
from tre.people.models import Account
from tre.people.services import principal_of
from tre.policy.decision import require
from tre.policy.domain import Grant, Principal, Resource
from tre.projects.models import Project

_NOTED_EVERY = timedelta(minutes=1)  # when a token was last used: not each call has to write


@dataclass(frozen=True)
class Caller:
    """Who calls, by which token."""

    account: Account
    token: Token
    person: Principal


@transaction.atomic
def make(actor: Principal, name: str, scopes: Iterable[str], hours: int, project: str = "") -> tuple[Token, str]:
    """Make a token of one's own, and return it with what is shown once.

    Parameters
    ----------
    scopes : iterable of str
        Names of scopes of the policy.
    hours : int
        For how long it lives: one of those that the policy offers.
    project : str
        The code of the only project it is for; empty for all that the person may work with.

    Raises
    ------
    Refused
        When it lacks a name or a scope, the policy offers no such scope or life or not this life for one of them, the
        person is in no such project, or they hold as many tokens as the policy allows.
    """
    policy, wanted = api_policy(), sorted(set(scopes))
    account = Account.objects.select_for_update().get(username=actor.username)
    if not name.strip():
        raise Refused("The token lacks a name", todo="Say what it is for")
    if not wanted or not policy.scopes.keys() >= set(wanted):
        raise Refused("The token lacks a scope", where="scopes", todo="Choose what it may do")
    if hours not in policy.lives:
        raise Refused("A token does not live so long", where="end", todo="Choose one of those that are offered")
    if timedelta(hours=hours) > (most := policy.longest_of(wanted)):
        shortest = min(wanted, key=lambda each: policy.scopes[each].longest)
        many = most // timedelta(hours=1)
        raise Refused(f"A token with {shortest} lives {many} hours at most", where="end", todo="Choose a shorter time")
    only = Project.objects.filter(members=account, code=project).first() if project else None
    if project and only is None:
        raise Refused("You are in no such project", where="project", todo="Choose one of yours")
    if in_use(account).count() >= policy.most_each:
        raise Refused(f"You hold {policy.most_each} tokens", todo="Revoke one that you no longer need")
    token, ends = new_token(), timezone.now() + timedelta(hours=hours)
    made = Token.objects.create(
        account=account, name=name.strip(), scopes=wanted, project=only, token_hash=hash_token(token),
        begins=token[:SHOWN], expires=ends,
    )  # fmt: skip
    data = {"scopes": wanted, "project": project, "expires": ends.isoformat(timespec="seconds")}
    record("api.token_made", actor=actor.username, subject=f"token:{made.pk}", data=data)
    return made, token


@transaction.atomic
def revoke_own(number: int, actor: Principal) -> None:
    """Revoke a token of one's own; one that has ended already stays as it is.

    Raises
    ------
    Refused
        When the person has no such token.
    """
    _end(_token(number, actor.username), actor.username)


@transaction.atomic
def revoke_of(username: str, number: int, actor: Principal) -> None:
    """Revoke another person's token.

    Raises
    ------
    Refused
        When the person may not, or the other has no such token.
    """
    require(actor, "change_account", Resource("Account", username))
    _end(_token(number, username), actor.username)


def _token(number: int, username: str) -> Token:
    found = Token.objects.select_for_update().filter(pk=number, account__username=username).first()
    if found is None:
        raise Missing("There is no such token", where=f"token {number}", todo="Go back to the list")
    return found


@transaction.atomic
def revoke_all_of(account: Account, by: str) -> None:
    """Revoke every token of a person that is in use: their access has ended, or is less than it was."""
    for each in in_use(account).select_for_update():
        _end(each, by)


def _end(token: Token, by: str) -> None:
    if token.revoked is None:
        token.revoked, token.revoked_by = timezone.now(), by
        token.save(update_fields=["revoked", "revoked_by"])
        data = {"account": token.account.username}
        record("api.token_revoked", actor=by, subject=f"token:{token.pk}", data=data)


def in_use(account: Account) -> QuerySet[Token]:
    """Return a person's tokens that are neither revoked nor at their end."""
    return Token.objects.filter(account=account, revoked=None, expires__gt=timezone.now())


def caller(token: str) -> Caller | None:
    """Return whose token this is and what they may do with it now, or None when it opens nothing.

    The person's roles, projects and training are read anew; the policies are asked with them at each act. That the
    token was made in a session with a second factor stands for one now, but for what asks for a code besides.
    """
    if not is_whole(token):
        return None
    wanted, now, longest = hash_token(token), timezone.now(), api_policy().longest
    found = Token.objects.select_related("account", "project").filter(
        token_hash=wanted, revoked=None, expires__gt=now, made__gt=now - longest, account__is_active=True
    ).first()  # fmt: skip
    if found is None or not hmac.compare_digest(found.token_hash, wanted):
        return None
    stale = Q(last_used=None) | Q(last_used__lt=now - _NOTED_EVERY)
    if found.last_used is None or found.last_used < now - _NOTED_EVERY:
        Token.objects.filter(stale, pk=found.pk).update(last_used=now)
    grant = Grant(api_policy().acts_of(found.scopes, now - found.made), found.project.code if found.project else "")
    person = replace(principal_of(found.account, used_second_factor=True), grant=grant)
    return Caller(found.account, found, person)
