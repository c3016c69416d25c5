"""Invitations: the only way to an account. Who holds the link proves the address that it was sent to.

The link holds 256 random bits, of which the database keeps a hash alone; it opens the form to sign up once, until it
expires or is withdrawn. See OWASP's "Forgot Password Cheat Sheet" on URL tokens, which the same rules fit.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import date, timedelta

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tre.audit.services import record
from tre.config.options import load
from tre.errors import Refused
from tre.people.domain import INVITATION_DAYS, check_roles, check_training
from tre.people.models import Account, Invitation, Role
from tre.people.services import as_now
from tre.policy.decision import require
from tre.policy.domain import PLATFORM, Principal


@transaction.atomic
def invite(
    email: str, roles: Iterable[str], training: tuple[date, date] | None, actor: Principal
) -> tuple[Invitation, str]:
    """Invite a person, and return the invitation and its link, which is told nowhere else.

    An open invitation of the same address is withdrawn: only the newest link works.

    Parameters
    ----------
    training : tuple of date, optional
        The days on which the person's training was accredited and expires.

    Raises
    ------
    Refused
        When the person may not, the address is none or is an account's already, or the roles conflict.
    """
    # Held, so that an invitation is withdrawn by whoever lets its sender go, or is never made: see administration.
    sender = Account.objects.select_for_update().filter(username=actor.username, is_active=True).first()
    if sender is None:
        raise Refused("Your account is closed", where="people")
    require(as_now(sender, actor), "manage_people", PLATFORM)
    return _invite(email, roles, training, actor.username)


@transaction.atomic
def invite_from_console(email: str, roles: Iterable[str]) -> tuple[Invitation, str]:
    """Invite a person from the machine's own terminal, as :func:`invite`: so the first operator comes in."""
    return _invite(email, roles, None, "console")


def _invite(email: str, roles: Iterable[str], training: tuple[date, date] | None, actor: str) -> tuple[Invitation, str]:
    held, address = check_roles(roles), email.strip().lower()
    if not held:
        raise Refused("An invitation gives at least one role", where="roles", todo="Choose what the person will do")
    try:
        validate_email(address)
    except ValidationError:
        raise Refused("This is no e-mail address", where="e-mail", todo="Correct it") from None
    if EmailAddress.objects.filter(email__iexact=address).exists():
        raise Refused("An account has this e-mail address already", where="e-mail", todo="Look for it on the list")
    if training is not None:
        check_training(*training, timezone.localdate())
    for older in _open().select_for_update().filter(email=address):
        _withdraw(older, actor)
    token = secrets.token_urlsafe(32)
    accredited, expires = training or (None, None)
    made = Invitation.objects.create(
        email=address, roles=sorted(held), training_accredited=accredited, training_expires=expires,
        token_hash=_hash(token), invited_by=actor, expires_at=timezone.now() + timedelta(days=INVITATION_DAYS),
    )  # fmt: skip
    record("people.invited", actor=actor, subject=f"invitation:{made.pk}", data={"roles": made.roles})
    return made, f"{load().portal}/invitation/{token}/"


@transaction.atomic
def withdraw(invitation: int, actor: Principal) -> None:
    """Withdraw an open invitation.

    Raises
    ------
    Refused
        When the person may not, or it is not open.
    """
    require(actor, "manage_people", PLATFORM)
    held = _open().select_for_update().filter(pk=invitation).first()
    if held is None:
        raise Refused("The invitation is not open any more", where=f"invitation {invitation}")
    _withdraw(held, actor.username)


def withdraw_all_of(inviter: str, actor: Principal) -> None:
    """Withdraw the open invitations that somebody sent, in the caller's transaction: who sent them is let go."""
    for held in _open().select_for_update().filter(invited_by=inviter):
        _withdraw(held, actor.username)


def _withdraw(held: Invitation, actor: str) -> None:
    held.withdrawn = True
    held.save(update_fields=["withdrawn"])
    record("people.invitation_withdrawn", actor=actor, subject=f"invitation:{held.pk}")


def find(token: str) -> Invitation | None:
    """Return the open invitation that a link names, or None."""
    return _open().filter(token_hash=_hash(token)).first()


def still_open(invitation: object) -> Invitation | None:
    """Return the invitation of this number while it is open, or None."""
    return _open().filter(pk=invitation).first() if isinstance(invitation, int) else None


@transaction.atomic
def accept(invitation: int, account: Account) -> None:
    """Save a new account as its invitation's, with the roles and the training that the invitation gives.

    Parameters
    ----------
    account : Account
        With its name and password, not saved yet.

    Raises
    ------
    Refused
        When the invitation is not open any more: it was withdrawn, or another browser was quicker.
    """
    held = _open().select_for_update().filter(pk=invitation).first()
    if held is None:
        raise Refused("The invitation is not open any more", where="sign up", todo="Ask for a new one")
    account.email = held.email
    account.training_accredited, account.training_expires = held.training_accredited, held.training_expires
    account.save()
    Role.objects.bulk_create(Role(account=account, name=name) for name in held.roles)
    held.account = account
    held.save(update_fields=["account"])
    record(
        "people.account_created", actor=account.username, subject=f"account:{account.username}",
        data={"roles": held.roles, "invitation": held.pk},
    )  # fmt: skip


def _open() -> QuerySet[Invitation]:
    return Invitation.objects.filter(account=None, withdrawn=False, expires_at__gt=timezone.now())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
