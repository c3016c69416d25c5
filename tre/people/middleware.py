"""Nobody who is signed in goes anywhere without a second factor, and nobody comes by another name of the portal."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve

from tre.people import step_up
from tre.people.second_factor import used

# What a person with only a password may reach while they have no second factor: setting one up. Who has one by now is
# sent out: a session from before could add a key of its own with the password alone.
ENROLMENT = frozenset({"mfa_activate_totp", "mfa_add_webauthn"})
# And always: proving who they are, leaving.
OPEN = frozenset(
    {
        "mfa_authenticate",
        "account_login",
        "account_logout",
        "account_reauthenticate",
        "account_email_verification_sent",
        "account_inactive",
        "health",
    }
)


class OneName:
    """Answers under the portal's own name and port alone, written as they are.

    Django lets any port and spelling of an allowed host pass; what counts attempts by host, or writes links from it,
    would be led by whoever sends the request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, or refuse it with 400."""
        if request.get_host() not in settings.ANSWERED_HOSTS:
            raise SuspiciousOperation("another name of the portal")
        return self._get_response(request)


class RequireSecondFactor:
    """Sends an authenticated session without a second factor to set one up, or to use the one it has."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, or redirect it."""
        name = self._name(request)
        if request.user.is_authenticated and not used(request) and name not in OPEN:
            from allauth.mfa.adapter import get_adapter

            if get_adapter().is_mfa_enabled(request.user):
                return redirect("account_logout")
            if name not in ENROLMENT:
                return redirect("mfa_activate_totp")
        if name not in step_up.PAGES:
            step_up.forget(request)
        return self._get_response(request)

    def _name(self, request: HttpRequest) -> str:
        try:
            return resolve(request.path_info).view_name
        except Resolver404:
            return ""
