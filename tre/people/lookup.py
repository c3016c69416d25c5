"""Looking people up, as who manages them may: every account, one of them, and the invitations that are open."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db.models import Q, QuerySet

from tre.errors import Missing
from tre.people.models import Account, Invitation
from tre.policy.decision import require
from tre.policy.domain import PLATFORM, Principal

FACTORS = {
    Authenticator.Type.TOTP.value: "Authenticator app",
    Authenticator.Type.WEBAUTHN.value: "Passkey or security key",
    Authenticator.Type.RECOVERY_CODES.value: "Recovery codes",
}
_MOST_ASKED = 100  # characters of what is looked for


def people(actor: Principal, asked: str = "") -> QuerySet[Account]:
    """Return every account with its roles, or those whose user name or e-mail address holds what is asked.

    Raises
    ------
    NotAllowed
        When the person may not.
    """
    require(actor, "manage_people", PLATFORM)
    found = Account.objects.prefetch_related("roles").order_by("username")
    wanted = asked.strip()[:_MOST_ASKED]
    return found.filter(Q(username__icontains=wanted) | Q(email__icontains=wanted)) if wanted else found


def account_of(username: str, actor: Principal) -> Account:
    """Return one account.

    Raises
    ------
    NotAllowed
        When the person may not.
    Missing
        When there is none of this name.
    """
    found = people(actor).filter(username=username).first()
    if found is None:
        raise Missing("There is no such account", where="people", todo="Go back to the list")
    return found


def open_invitations(actor: Principal) -> list[Invitation]:
    """Return the invitations that are open, newest first.

    Raises
    ------
    NotAllowed
        When the person may not.
    """
    require(actor, "manage_people", PLATFORM)
    return [each for each in Invitation.objects.filter(account=None, withdrawn=False) if each.state == "open"]


def factors_of(account: Account) -> list[str]:
    """Return the kinds of an account's second factors in words, in the order in which they were set up."""
    kinds = Authenticator.objects.filter(user=account).order_by("pk").values_list("type", flat=True)
    return [FACTORS[kind] for kind in kinds]
