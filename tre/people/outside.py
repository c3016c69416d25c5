"""Signing in by another organisation's OpenID provider, such as Entra ID, NHS CIS2 or Keycloak, by settings alone.

The provider must say, each time, that a second factor was used: by ``amr`` (RFC 8176) or by ``acr`` (OpenID Connect
Core 1.0, section 2). An account is bound to an identity there when it is made, from an invitation, and has no password
here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from tre.audit.services import record
from tre.config.options import load
from tre.people import step_up
from tre.people.domain import STEP_UP_SECONDS, second_factor_claimed
from tre.people.models import Account

PROVIDER = "outside"  # its name in addresses; there is one
_REFUSED = {
    "factor": "{name} did not say that you used a second factor. Ask them, or use another way to sign in there.",
    "stranger": "No account here belongs to this identity. Open the link of your invitation first, then sign in again.",
    "connect": "An account is bound to an identity when it is made, and not later.",
}


class OutsideAdapter(DefaultSocialAccountAdapter):
    """Whom another organisation's provider signs in, and with what proof."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuse a sign-in without a second factor, of nobody here, or to bind an identity to an account later."""
        claims: Mapping[str, Any] = sociallogin.account.extra_data.get("id_token", {})
        options = load()
        if not second_factor_claimed(claims, options.oidc_amr, options.oidc_acr):
            _refuse(request, "factor", sociallogin)
        if sociallogin.state.get("process") == "connect":
            _refuse(request, "connect", sociallogin)
        if not sociallogin.is_existing and not self.is_open_for_signup(request, sociallogin):
            _refuse(request, "stranger", sociallogin)
        sociallogin.email_addresses = []  # the invitation's is the one that counts
        signed_in = claims.get("auth_time")
        if isinstance(signed_in, int) and time.time() - signed_in < STEP_UP_SECONDS and sociallogin.is_existing:
            record_authentication(request, sociallogin.user, step_up.FRESH)

    def get_signup_form_initial_data(self, sociallogin: SocialLogin) -> dict[str, Any]:
        """Begin the form with nothing of the other provider's: names here are chosen here."""
        return {"email": self.request.session.get("account_verified_email", ""), "username": ""}

    def on_authentication_error(self, request: HttpRequest, provider: Any, *args: Any, **more: Any) -> None:
        """Say in a sentence that the other provider refused, or does not answer."""
        text = f"{load().oidc_name} did not sign you in. Try again in a moment."
        raise ImmediateHttpResponse(_page(request, text))


def _page(request: HttpRequest, text: str) -> HttpResponse:
    return render(request, "web/error.html", {"heading": "You are not signed in", "text": text}, status=403)


@transaction.atomic
def _note(why: str, sociallogin: SocialLogin) -> None:
    known = sociallogin.user.username if sociallogin.is_existing else "nobody"
    record("people.outside_refused", actor="anonymous", subject=f"account:{known}", data={"why": why})


def _refuse(request: HttpRequest, why: str, sociallogin: SocialLogin) -> None:
    _note(why, sociallogin)
    raise ImmediateHttpResponse(_page(request, _REFUSED[why].format(name=load().oidc_name)))


def is_bound(account: Account) -> bool:
    """Return whether an account belongs to an identity at another organisation's provider."""
    return bool(SocialAccount.objects.filter(user=account).exists())


@require_safe
def again(request: HttpRequest) -> HttpResponse:
    """Ask a person whose account is bound elsewhere to sign in there once more, before they do what they asked for."""
    act = step_up.pending(request)
    step_up.forget(request)  # a new sign-in is a new session, and what was typed does not go along
    provider = get_adapter().get_provider(request, PROVIDER)
    told = {"act": act, "name": load().oidc_name, "login": provider.get_login_url(request)}
    return render(request, "people/again.html", told) if request.user.is_authenticated else redirect("account_login")
