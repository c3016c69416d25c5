"""Nobody who is signed in goes anywhere without a second factor."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve

from tre.people.second_factor import used

# What a person with only a password may reach: setting up the second factor, proving who they are, leaving.
# Enrolment is safe here because allauth asks a person who has a factor for it before the session is theirs.
OPEN = frozenset(
    {
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_authenticate",
        "account_login",
        "account_logout",
        "account_reauthenticate",
        "account_email_verification_sent",
        "account_inactive",
        "health",
    }
)


class RequireSecondFactor:
    """Sends an authenticated session without a second factor to set one up, or to use the one it has."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, or redirect it."""
        if request.user.is_authenticated and not used(request) and self._name(request) not in OPEN:
            from allauth.mfa.adapter import get_adapter

            enrolled = get_adapter().is_mfa_enabled(request.user)
            return redirect("account_logout" if enrolled else "mfa_activate_totp")
        return self._get_response(request)

    def _name(self, request: HttpRequest) -> str:
        try:
            return resolve(request.path_info).view_name
        except Resolver404:
            return ""
