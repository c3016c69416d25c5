"""The addresses of people, and allauth's own where a change of an account needs a transaction around it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from allauth.account import views as account
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import include, path

from tre.config.options import load
from tre.people import views
from tre.people.provider import authorize, closed


def _but_the_last(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Return the view so that it removes no last second factor: allauth asks its adapter for an app's alone."""

    @wraps(view)
    def kept(request: HttpRequest, pk: int) -> HttpResponseBase:
        asked = Authenticator.objects.filter(pk=pk, user_id=request.user.pk).first()
        if asked is not None and not get_adapter().can_delete_authenticator(asked):
            messages.error(request, "This is your last second factor: add another before you remove it.")
            return redirect("mfa_list_webauthn")
        return view(request, pk=pk)

    return kept


# What allauth writes and what is written down of it stand or fall together. These come before allauth's own.
_whole = transaction.atomic
allauth_urls = [
    path("signup/", _whole(account.signup), name="account_signup"),
    path("email/", _whole(account.email), name="account_email"),
    path("password/set/", closed, name="account_set_password"),  # who has none sets one by a link, or has none to set
    path("confirm-email/", _whole(account.email_verification_sent), name="account_email_verification_sent"),
    path("2fa/totp/activate/", _whole(totp.activate_totp), name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", _whole(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/generate/", _whole(recovery.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("2fa/webauthn/add/", _whole(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path(
        "2fa/webauthn/keys/<int:pk>/remove/",
        _whole(_but_the_last(webauthn.remove_webauthn)),
        name="mfa_remove_webauthn",
    ),
    path("", include("allauth.urls")),
]

if load().oidc_issuer:
    from allauth.socialaccount import views as social
    from allauth.socialaccount.providers.openid_connect import views as openid_connect

    from tre.people import outside

    # Of its addresses those that sign somebody in; an account is bound when it is made, and not on a page of its own.
    allauth_urls = [
        path("3rdparty/signup/", _whole(social.signup), name="socialaccount_signup"),
        path("3rdparty/", closed, name="socialaccount_connections"),
        path("again/", outside.again, name="outside_again"),
        path("oidc/<str:provider_id>/login/callback/", _whole(openid_connect.callback), name="openid_connect_callback"),
        *allauth_urls,
    ]

urlpatterns = [
    path("accounts/", include(allauth_urls)),
    path("account/", views.own, name="own_account"),
    path("people/", views.people, name="people"),
    path("people/invite", views.invite, name="invite"),
    path("people/invitations/<int:invitation>/withdraw", views.withdraw_invitation, name="invitation_withdraw"),
    path("people/<slug:username>/", views.person, name="person"),
    path("people/<slug:username>/roles", views.set_roles, name="person_roles"),
    path("people/<slug:username>/controllers", views.set_controllers, name="person_controllers"),
    path("people/<slug:username>/training", views.set_training, name="person_training"),
    path("people/<slug:username>/close", views.close, name="person_close"),
    path("people/<slug:username>/reopen", views.reopen, name="person_reopen"),
    path("people/<slug:username>/second-factor", views.reset_second_factor, name="person_second_factor"),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    # These come before allauth's own: no device signs in here, and the Hub asks for codes by GET.
    path("identity/o/authorize", authorize, name="hub_sign_in"),
    path("identity/o/device", closed),
    path("identity/o/api/device/code", closed),
]
