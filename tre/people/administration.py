"""What an operator does to another person's account: roles, training, closing it, replacing a lost second factor.

Nobody does any of it to their own account: the policy ``never-ones-own-account`` forbids it. What takes something away
takes effect at once: it ends the person's sessions, and whoever watches over open workspaces closes theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from tre.audit.services import record
from tre.catalogue.contracts import controllers as known_controllers
from tre.errors import Missing, Refused
from tre.people import invitations
from tre.people.domain import check_roles, check_training
from tre.people.models import Account, Ownership, Role
from tre.people.services import as_now
from tre.people.signals import access_ended
from tre.policy.decision import require
from tre.policy.domain import Principal, Resource


@transaction.atomic
def set_roles(username: str, roles: Iterable[str], actor: Principal) -> frozenset[str]:
    """Give an account these roles and no others, and return what it held before.

    Raises
    ------
    Refused
        When the person may not, there is no such account, or the roles conflict.
    """
    account, wanted = _theirs(username, actor), check_roles(roles)
    before = account.role_names()
    if wanted == before:
        return before
    if "operator" in before - wanted:
        invitations.withdraw_all_of(username, actor)  # what they sent opens nothing any more
    account.roles.exclude(name__in=wanted).delete()
    Role.objects.bulk_create(Role(account=account, name=name) for name in sorted(wanted - before))
    if before - wanted:
        _end_access(account, actor)
    data = {"granted": sorted(wanted - before), "revoked": sorted(before - wanted)}
    record("people.roles_changed", actor=actor.username, subject=f"account:{username}", data=data)
    return before


@transaction.atomic
def set_controllers(username: str, controllers: Iterable[str], actor: Principal) -> None:
    """Write down whose datasets an account answers for, and no others: what it decides about as their owner.

    Raises
    ------
    Refused
        When the person may not, there is no such account, it is no information asset owner, or a controller is unknown.
    """
    account, wanted = _theirs(username, actor), frozenset(controllers)
    if unknown := sorted(wanted - frozenset(known_controllers())):
        raise Refused("No dataset has this controller", where=unknown[0], todo="Choose one of those that are shown")
    if wanted and "information_asset_owner" not in account.role_names():
        raise Refused(
            "Only an information asset owner answers for datasets", where=username, todo="Give the role first"
        )
    before = account.controller_names()
    if wanted == before:
        return
    account.ownerships.exclude(controller__in=wanted).delete()
    Ownership.objects.bulk_create(Ownership(account=account, controller=name) for name in sorted(wanted - before))
    data = {"added": sorted(wanted - before), "removed": sorted(before - wanted)}
    record("people.controllers_changed", actor=actor.username, subject=f"account:{username}", data=data)


@transaction.atomic
def set_training(username: str, accredited: date, expires: date, actor: Principal) -> None:
    """Write down when a person's training was accredited and until when it is current.

    Raises
    ------
    Refused
        When the person may not, there is no such account, or the days cannot be.
    """
    account = _theirs(username, actor)
    check_training(accredited, expires, timezone.localdate())
    account.training_accredited, account.training_expires = accredited, expires
    account.save(update_fields=["training_accredited", "training_expires"])
    data = {"accredited": accredited.isoformat(), "expires": expires.isoformat()}
    record("people.training_recorded", actor=actor.username, subject=f"account:{username}", data=data)


@transaction.atomic
def close(username: str, actor: Principal) -> None:
    """Close an account: its sessions end, and nobody signs in with it. What it did stays on record.

    Raises
    ------
    Refused
        When the person may not, or there is no such account.
    """
    account = _theirs(username, actor)
    if not account.is_active:
        return
    invitations.withdraw_all_of(username, actor)  # what they sent opens nothing any more
    account.is_active = False
    account.save(update_fields=["is_active"])
    _end_access(account, actor)
    record("people.account_closed", actor=actor.username, subject=f"account:{username}")


@transaction.atomic
def reopen(username: str, actor: Principal) -> None:
    """Open a closed account again, with what it held.

    Raises
    ------
    Refused
        When the person may not, or there is no such account.
    """
    account = _theirs(username, actor)
    if account.is_active:
        return
    account.is_active = True
    account.save(update_fields=["is_active"])
    record("people.account_reopened", actor=actor.username, subject=f"account:{username}")


@transaction.atomic
def reset_second_factor(username: str, actor: Principal) -> Account:
    """Take away every second factor of a person who has lost theirs, and the password with it.

    Whoever finds the phone may know the password. The person comes back by a link to their e-mail address, which the
    caller sends, and sets up both anew.

    Raises
    ------
    Refused
        When the person may not, there is no such account, or it is closed.
    """
    account = _theirs(username, actor)
    if not account.is_active:
        raise Refused("The account is closed", where=username, todo="Open it again first")
    Authenticator.objects.filter(user=account).delete()
    account.set_unusable_password()
    account.save(update_fields=["password"])
    _end_access(account, actor)
    record("people.second_factor_reset", actor=actor.username, subject=f"account:{username}")
    return account


def _theirs(username: str, actor: Principal) -> Account:
    """Return the account when its changer still may: both rows are held, and the changer's roles read anew.

    So an operator is always left: whoever lets another go is one, and nobody lets themselves go.
    """
    held = {each.username: each for each in _held(username, actor.username)}
    if actor.username not in held:
        raise Refused("Your account is closed", where="people")
    require(as_now(held[actor.username], actor), "change_account", Resource("Account", username))
    if username not in held:
        raise Missing("There is no such account", where="people", todo="Go back to the list")
    return held[username]


def _held(username: str, actor: str) -> QuerySet[Account]:
    wanted = Q(username=username) | Q(username=actor, is_active=True)
    return Account.objects.select_for_update().filter(wanted).order_by("pk")


def _end_access(account: Account, actor: Principal) -> None:
    for session in UserSession.objects.filter(user=account):
        session.end()
    access_ended.send(sender=Account, account=account, by=actor.username)
