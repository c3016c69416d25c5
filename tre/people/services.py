"""Making accounts, enrolling second factors, and registering the Hub as a client of the OpenID provider."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from allauth.account.models import EmailAddress
from allauth.core.internal.cryptokit import compare_user_code
from allauth.idp.oidc.models import Client
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from tre.audit.services import record
from tre.config.options import load
from tre.config.secrets import secret
from tre.errors import Refused
from tre.people import second_factor
from tre.people.domain import check_roles
from tre.people.models import Account, Role
from tre.policy.domain import Principal

HUB_CLIENT = "hub"
_KEPT = "_principal"  # of a request, and what it was made of


@transaction.atomic
def create_account(
    *,
    username: str,
    email: str,
    password: str,
    roles: Iterable[str],
    training_expires: date | None,
    actor: str,
    demonstration: bool = False,
) -> Account:
    """Make an account with its roles.

    Raises
    ------
    Refused
        When the user name is taken or is not a label, or the roles conflict.
    """
    held = check_roles(roles)
    account = Account(username=username, email=email, training_expires=training_expires, demonstration=demonstration)
    account.set_password(password)
    try:
        account.full_clean(exclude=["password"])
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise Refused(messages[0], where=name.replace("_", " ")) from None
    account.save()
    EmailAddress.objects.create(user=account, email=email, primary=True, verified=True)  # whoever makes it vouches
    Role.objects.bulk_create(Role(account=account, name=name) for name in sorted(held))
    record("people.account_created", actor=actor, subject=f"account:{username}", data={"roles": sorted(held)})
    return account


def refuse_demonstration_accounts() -> None:
    """Refuse a database in which accounts of the demonstration can sign in: anybody at a terminal knows how.

    Raises
    ------
    Refused
        Naming the first of them.
    """
    known = Account.objects.filter(demonstration=True, is_active=True).order_by("username").first()
    if known is not None:
        raise Refused(
            "Production refuses a database with demonstration accounts",
            where=known.username,
            todo="Use a database of its own (TRE_DATABASE_URL)",
        )


@transaction.atomic
def enrol_totp(account: Account, actor: str = "platform") -> None:
    """Give an account an authenticator-app factor (RFC 6238), replacing the one it has."""
    Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).delete()
    totp.TOTP.activate(account, totp.generate_totp_secret())
    record("people.second_factor_enrolled", actor=actor, subject=f"account:{account.username}")


def current_code(account: Account) -> str:
    """Return the account's current one-time code: for demonstration accounts, which nobody holds an app for.

    Raises
    ------
    Refused
        In production, or when the account has no authenticator app.
    """
    if not load().demonstration:
        raise Refused("One-time codes are shown for demonstration accounts only", where="TRE_MODE")
    held = Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).first()
    if held is None:
        raise Refused("The account has no authenticator app", where=account.username, todo="Sign in to set one up")
    codes = list(_codes(held).values())  # as many steps back as forward: the middle one is now
    return codes[len(codes) // 2]


def _codes(held: Authenticator) -> dict[int, str]:
    """Return the codes that an authenticator app may show now, by their counters."""
    key = decrypt(held.data["secret"])
    counters = totp.yield_hotp_counters_from_time()
    return {counter: totp.format_hotp_value(totp.hotp_value(key, counter)) for counter in counters}


@transaction.atomic
def used_before(account: Account, code: str) -> bool:
    """Note that a one-time code is being used, and return whether it was used already.

    The counter of the newest code used (RFC 4226, section 7.2) is kept with the authenticator, and only later ones are
    fresh. A code that is none of the account's now is not noted: whoever asks refuses it.
    """
    held = Authenticator.objects.select_for_update().filter(user=account, type=Authenticator.Type.TOTP).first()
    if held is None:
        return False
    counters = [counter for counter, each in _codes(held).items() if compare_user_code(actual=code, expected=each)]
    fresh = [each for each in counters if each > held.data.get("newest_used", -1)]
    if fresh:
        held.data["newest_used"] = fresh[0]
        held.save(update_fields=["data"])
    return bool(counters) and not fresh


@transaction.atomic
def write_failed_factor(account: Account) -> None:
    """Write down that a second factor was wrong, or was given to another page than the portal's."""
    record("people.second_factor_failed", actor=account.username, subject=f"account:{account.username}")


@transaction.atomic
def register_hub_client(redirect_uri: str) -> Client:
    """Make the Hub a client of the OpenID provider, or bring its registration up to date.

    Its secret is 256 random bits, which nobody guesses however fast a guess is checked: so it is hashed once. Hashed as
    a password is, it would take a second of a processor at each person's sign-in at the Hub, in a transaction that
    keeps everybody else from writing (NIST SP 800-63B, section 5.1.2.2, asks for no more of random secrets).
    """
    client = Client.objects.filter(id=HUB_CLIENT).first() or Client(id=HUB_CLIENT)
    hashed = PBKDF2PasswordHasher().encode(secret("hub-oidc"), salt=HUB_CLIENT, iterations=1)
    wanted = {"name": "Hub", "redirect_uris": redirect_uri, "scopes": "openid\nprofile", "skip_consent": True}
    wanted |= {"secret": hashed}
    stale = {name: value for name, value in wanted.items() if getattr(client, name) != value}
    if client.created_at is not None and not stale:
        return client
    for name, value in stale.items():
        setattr(client, name, value)
    client.save()
    record("people.hub_client_registered", actor="platform", subject="client:hub", data={"redirect_uri": redirect_uri})
    return client


def principal(request: HttpRequest) -> Principal:
    """Return who asks, as the policies see them, from the request's session.

    A page that changes nothing asks the database once, however often it wants to know.
    """
    account = request.user
    if not isinstance(account, Account):
        return Principal("anonymous")
    asked = (account.pk, second_factor.used(request))
    kept: tuple[tuple[int, bool], Principal] | None = getattr(request, _KEPT, None)
    if kept is not None and kept[0] == asked and request.method in ("GET", "HEAD"):
        return kept[1]
    made = principal_of(account, asked[1])
    setattr(request, _KEPT, (asked, made))
    return made


def as_now(account: Account, actor: Principal) -> Principal:
    """Return who acts by what their account, which is held, gives now: their session and their token stay theirs.

    What a token lets them do goes with them: read anew without it, they could do all that their roles allow.
    """
    return replace(principal_of(account, actor.second_factor), grant=actor.grant)


def principal_of(account: Account, used_second_factor: bool) -> Principal:
    """Return an account as the policies see it."""
    projects, past = account.project_codes_ever()
    return Principal(
        username=account.username,
        roles=account.role_names(),
        projects=frozenset(projects),
        leads=frozenset(code for code, leads in projects.items() if leads),
        controllers=account.controller_names(),
        past_projects=past,
        training_current=account.training_current(date.today()),
        second_factor=used_second_factor,
    )
