"""Live checks of accounts: who they are, their second factors, their training, and whether the log tells the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from tre.airlock.deciding import REVIEWERS
from tre.audit.models import Entry
from tre.config.options import SIGN_IN_SECONDS
from tre.evidence.domain import Found, judged, met, not_met, not_shown
from tre.evidence.installation import ASKER, Installation
from tre.people.adapters import AccountAdapter, bound_elsewhere
from tre.people.domain import CONFLICTS
from tre.people.models import Account
from tre.people.services import principal_of
from tre.policy.decision import decide
from tre.policy.domain import Principal, Resource
from tre.projects.models import Membership

_SHORTEST_PASSWORD = 12
_SECOND_FACTOR = "tre.people.middleware.RequireSecondFactor"
_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def active() -> list[Account]:
    """Return the accounts that can sign in."""
    return list(Account.objects.filter(is_active=True).order_by("username"))


def holding(role: str) -> list[Account]:
    """Return the accounts that can sign in and hold a role."""
    return [each for each in active() if each.roles.filter(name=role).exists()]


def identified(here: Installation) -> Found:
    """Try to sign up without an invitation, and look how every account came and whether its address is verified."""
    people = active()
    verified = set(EmailAddress.objects.filter(verified=True).values_list("user_id", flat=True))
    told = set(Entry.objects.filter(event="people.account_created").values_list("subject", flat=True))
    shown = sum(each.demonstration for each in people)
    unverified = sum(each.pk not in verified for each in people)
    unknown = sum(f"account:{each.username}" not in told for each in people)
    faults = [
        (_open_to_strangers(), "whoever comes can sign up"),
        (shown, f"{shown} accounts are the demonstration's, whose passwords are shown"),
        (unverified, f"{unverified} accounts have no verified e-mail address"),
        (unknown, f"the audit log tells of no making of {unknown} accounts"),
    ]
    return judged(
        [what for holds, what in faults if holds],
        f"Nobody signs up without an invitation. Each of {len(people)} accounts has a verified e-mail address, and the "
        "audit log tells how it came. Who checked a person's identity before inviting them is the operator's to show",
    )


def _open_to_strangers() -> bool:
    request = HttpRequest()
    request.session = {}  # type: ignore[assignment]  # all that the question reads of it
    return AccountAdapter(request).is_open_for_signup(request)


def unique(here: Installation) -> Found:
    """Look for names and addresses of two accounts, and hold every account's roles to what the audit log tells."""
    people = list(Account.objects.order_by("username"))
    twice = _repeated(each.username.casefold() for each in people)
    shared = _repeated(each.email.casefold() for each in people if each.email)
    told = _roles_told()
    otherwise = sum(told.get(each.username, frozenset()) != each.role_names() for each in people)
    conflicting = sum(any(pair <= each.role_names() for pair in CONFLICTS) for each in people)
    faults = [
        (twice, f"{twice} names belong to two accounts"),
        (shared, f"{shared} e-mail addresses belong to two accounts"),
        (otherwise, f"{otherwise} accounts have other roles than the audit log tells"),
        (conflicting, f"{conflicting} accounts hold roles that nobody may hold together"),
    ]
    return judged(
        [what for holds, what in faults if holds],
        f"Each of {len(people)} accounts has a name and an address of its own, and the roles that the audit log tells. "
        "That no two people share one is the operator's rule",
    )


def _repeated(names: Iterable[str]) -> int:
    return sum(number > 1 for number in Counter(names).values())


def _roles_told() -> dict[str, frozenset[str]]:
    """Return each account's roles as the audit log tells them: those it began with, and every change since."""
    roles: dict[str, frozenset[str]] = {}
    for entry in Entry.objects.filter(event__in=("people.account_created", "people.roles_changed")).order_by("number"):
        name = entry.subject.removeprefix("account:")
        if entry.event == "people.account_created":
            roles[name] = frozenset(entry.data.get("roles", ()))
        else:
            granted, revoked = (frozenset(entry.data.get(each, ())) for each in ("granted", "revoked"))
            roles[name] = (roles.get(name, frozenset()) - revoked) | granted
    return roles


def second_factor(here: Installation) -> Found:
    """Look whether sign-in demands a second factor, and which accounts have none yet."""
    if not here.options.require_mfa or _SECOND_FACTOR not in settings.MIDDLEWARE:
        return not_met("The portal does not demand a second factor")
    people = active()
    enrolled = set(Authenticator.objects.filter(type__in=_FACTORS).values_list("user_id", flat=True))
    lacks = sum(each.pk not in enrolled and not bound_elsewhere(each) for each in people)
    return judged(
        [f"{lacks} of {len(people)} accounts have no second factor: they reach nothing until they set one up"]
        if lacks
        else [],
        f"Each of {len(people)} accounts has a second factor or signs in by a provider that must prove one, and no "
        "page answers a session without it",
    )


def authentication(here: Installation) -> Found:
    """Look at the rules of passwords, the attempts that are let through, and how long a sign-in lasts."""
    validators: list[Any] = list(settings.AUTH_PASSWORD_VALIDATORS)
    least = max((each.get("OPTIONS", {}).get("min_length", 0) for each in validators), default=0)
    faults = [
        (least < _SHORTEST_PASSWORD, f"passwords may have {least} characters"),
        (not settings.SESSION_COOKIE_HTTPONLY, "a page's script can read the session"),
        (settings.SESSION_COOKIE_AGE > SIGN_IN_SECONDS, "a sign-in lasts longer than a working day"),
        ("login_failed" not in settings.ACCOUNT_RATE_LIMITS, "wrong passwords may be tried without end"),
    ]
    return judged(
        [what for holds, what in faults if holds],
        f"Passwords have {least} characters or more; wrong ones are limited to "
        f"{settings.ACCOUNT_RATE_LIMITS.get('login_failed', '')}; a sign-in ends after "
        f"{settings.SESSION_COOKIE_AGE // 3600} hours or with the browser",
    )


def federated(here: Installation) -> Found:
    """Look whether people may sign in by another organisation's provider."""
    if not here.options.oidc_issuer:
        return not_shown("No other organisation's provider is set up (TRE_OIDC_ISSUER)")
    return met("People sign in by their organisation's OpenID provider too, which must prove a second factor")


def training(here: Installation) -> Found:
    """Ask the policies, for every member of a project whose training is not current, whether they may work in it."""
    today = timezone.localdate()
    members = Membership.objects.filter(account__is_active=True).select_related("account", "project")
    lapsed = [each for each in members if not each.account.training_current(today)]
    let_in = [each for each in lapsed if _may_work(each)]
    untrained = Principal(ASKER, frozenset({"researcher"}), frozenset({"aproject"}), False, True)
    if decide(
        untrained, "open_workspace", Resource("Project", "aproject", {"code": "aproject", "status": "approved"})
    ).allowed:
        return not_met("A researcher without current training may open a workspace")
    otherwise = sum(_told_otherwise(each, today) for each in active())
    without = sum(each.training_expires is None for each in active())
    faults = [
        (let_in, f"{len(let_in)} members without current training may open a workspace"),
        (otherwise, f"{otherwise} accounts have other training than the audit log tells"),
    ]
    return judged(
        [what for holds, what in faults if holds],
        f"Of {members.count()} memberships {len(lapsed)} are of people without current training, and the policies let "
        f"none of them work; {without} of {len(active())} accounts have no training on record. What stands in the "
        "records is what the audit log tells",
    )


def _may_work(member: Membership) -> bool:
    person = replace(principal_of(member.account, used_second_factor=True), username=ASKER)
    return decide(person, "open_workspace", member.project.resource()).allowed


def _told_otherwise(account: Account, today: date) -> bool:
    """Return whether training was changed past the log: it is current, and the log's newest entry says otherwise."""
    entries = Entry.objects.filter(event="people.training_recorded", subject=f"account:{account.username}")
    newest = entries.order_by("-number").first()
    if newest is None or account.training_expires is None:
        return False
    return bool(newest.data.get("expires") != account.training_expires.isoformat())


def checkers(here: Installation) -> Found:
    """Count the output checkers who can check outputs today, by their role and their training."""
    today = timezone.localdate()
    able = [each for each in holding("output_checker") if each.training_current(today)]
    return judged(
        [f"{len(able)} people can check outputs today, and {REVIEWERS} must"] if len(able) < REVIEWERS else [],
        f"{len(able)} output checkers have current training, and every file needs {REVIEWERS} of them",
    )


def operators(here: Installation) -> Found:
    """Count who can support projects as an operator."""
    able = holding("operator")
    return judged([] if able else ["nobody holds the operator's role"], f"{len(able)} people are operators")
