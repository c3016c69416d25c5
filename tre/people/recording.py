"""Writes down what a person does to their own second factors and address, where allauth leaves no other place to.

A factor's entry is written when its row is, in the same transaction: :mod:`tre.people.urls` holds one around each of
allauth's pages that change an account. What others do to a factor is written down where they do it.
"""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.signals import email_changed
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_used
from allauth.usersessions.internal.flows.sessions import end_other_sessions
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest

from tre.audit.services import record
from tre.people.models import Account
from tre.people.services import used_before, write_failed_factor


@transaction.atomic
def _record(event: str, account: Account, kind: str = "") -> None:
    data = {"kind": kind} if kind else {}
    record(f"people.{event}", actor=account.username, subject=f"account:{account.username}", data=data)


def _by_its_person(authenticator: Authenticator) -> bool:
    request = context.request
    return request is not None and request.user.is_authenticated and request.user.pk == authenticator.user_id


@receiver(post_save, sender=Authenticator)
def _made(sender: object, *, instance: Authenticator, created: bool, **more: Any) -> None:
    if created and _by_its_person(instance):
        _record("second_factor_enrolled", instance.user, str(instance.type))


@receiver(post_delete, sender=Authenticator)
def _removed(sender: object, *, instance: Authenticator, **more: Any) -> None:
    if _by_its_person(instance):
        _record("second_factor_removed", instance.user, str(instance.type))


@receiver(authenticator_added)
def _proved(sender: object, *, request: HttpRequest, user: Account, authenticator: Authenticator, **more: Any) -> None:
    """Let a session that has just set a factor up count as having used it, and the code as used.

    Sessions from before the first factor end: who opened them had the password alone.
    """
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        return
    end_other_sessions(request, user)
    used_before(user, request.POST.get("code", ""))
    record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)


@receiver(authenticator_used)
def _used(sender: object, *, user: Account, authenticator: Authenticator, reauthenticated: bool, **more: Any) -> None:
    if reauthenticated:
        _record("stepped_up", user, str(authenticator.type))


@receiver(authentication_failed)
def _failed(sender: object, *, user: Account, **more: Any) -> None:
    write_failed_factor(user)


@receiver(email_changed)
def _changed(sender: object, *, user: Account, **more: Any) -> None:
    _record("email_changed", user)
