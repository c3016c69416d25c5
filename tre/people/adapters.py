"""Where allauth asks this product how to behave."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.utils import is_mfa_enabled
from cryptography.fernet import Fernet, InvalidToken
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from tre.audit.services import record
from tre.config.options import load
from tre.config.secrets import secret
from tre.errors import Refused, TreError
from tre.people import invitations
from tre.people.models import Account
from tre.people.step_up import proved_recently

_INVITATION = "invitation"
_BEGAN_AS = "began_as"
_KEPT_UNDER = "second-factor"


class AccountAdapter(DefaultAccountAdapter):
    """Who was invited may sign up, once; what a person does to their own account is written down."""

    def begin_signup(self, request: HttpRequest, invitation: int, email: str) -> None:
        """Let this session sign up with the invitation, whose address has proved itself."""
        request.session[_INVITATION] = invitation
        self.stash_verified_email(request, email)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return whether this session came by an invitation that is open still."""
        return invitations.still_open(request.session.get(_INVITATION)) is not None

    def clean_email(self, email: str) -> str:
        """Return the address; who signs up can give none but the invitation's."""
        address = super().clean_email(email)
        invited = invitations.still_open(context.request.session.get(_INVITATION))
        if invited is not None and not context.request.user.is_authenticated and address != invited.email:
            raise ValidationError("The invitation is for another e-mail address: use the one it was sent to.")
        return address

    def save_user(self, request: HttpRequest, user: Any, form: BaseForm, commit: bool = True) -> Account:
        """Save the account of who was invited, with what the invitation gives."""
        made: Account = super().save_user(request, user, form, commit=False)
        invitations.accept(request.session.pop(_INVITATION), made)
        if made.has_usable_password():
            record_authentication(request, made, "password")  # which has just been chosen
        return made

    def pre_login(self, request: HttpRequest, user: Any, **more: Any) -> Any:
        """Remember what the account was like when the sign-in began: see :meth:`login`."""
        request.session[_BEGAN_AS] = user.get_session_auth_hash()
        return super().pre_login(request, user, **more)

    @transaction.atomic
    def login(self, request: HttpRequest, user: Any) -> None:
        """Open a session, and write that down.

        A sign-in that waits for the second factor is over when the account is closed, or its password changed, since.
        """
        now = Account.objects.select_for_update().get(pk=user.pk)
        if not now.is_active or request.session.pop(_BEGAN_AS, "") != now.get_session_auth_hash():
            request.session.flush()
            raise ImmediateHttpResponse(redirect("account_login"))
        super().login(request, user)
        _record("people.signed_in", user)

    @transaction.atomic
    def logout(self, request: HttpRequest) -> None:
        """End a session, and write that down."""
        if isinstance(request.user, Account):
            _record("people.signed_out", request.user)
        super().logout(request)

    @transaction.atomic
    def set_password(self, user: Any, password: str) -> None:
        """Change a password, and write down that it was; who signs in elsewhere gets none here."""
        if bound_elsewhere(user):
            raise Refused("You sign in by another organisation, and have no password here", where="password")
        super().set_password(user, password)
        _record("people.password_changed", user)

    @transaction.atomic
    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Write down that a password was wrong: for an account that is there, and never what was typed."""
        # allauth lets a person in whatever the case of the name that was typed.
        known = Account.objects.filter(username__iexact=credentials.get("username", "")).first()
        if known is not None:
            record("people.sign_in_failed", actor="anonymous", subject=f"account:{known.username}")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link by which a password is set anew, under the portal's own name."""
        return f"{load().portal}{urlsplit(super().get_reset_password_from_key_url(key)).path}"

    def is_safe_url(self, url: str) -> bool:
        """Return whether a person may be sent there: to a path of the portal."""
        path = str(url or "")
        return path.startswith("/") and bool(url_has_allowed_host_and_scheme(path, allowed_hosts=None))

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return how a person may prove themselves again: by a second factor, where they have one."""
        if bound_elsewhere(user):
            return [{"id": "outside", "description": load().oidc_name, "url": reverse("outside_again")}]
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [each for each in methods if each["id"] != "reauthenticate"] or methods

    def reauthenticate(self, user: Any, password: str) -> bool:
        """Return whether a password proves a person again: never where they have a second factor."""
        return not is_mfa_enabled(user) and bool(super().reauthenticate(user, password))

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """Return whether a change of the account asks again who this is: not of who has just proved it.

        Who has no second factor yet has just given the password, and sets one up at once.
        """
        request = context.request
        return not proved_recently(request, "mfa" if is_mfa_enabled(request.user) else "password")


def bound_elsewhere(account: Any) -> bool:
    """Return whether an account belongs to an identity at another organisation's provider."""
    if not load().oidc_issuer:  # then allauth's tables of it are not there
        return False
    from tre.people.outside import is_bound

    return is_bound(account)


def _record(event: str, account: Account) -> None:
    record(event, actor=account.username, subject=f"account:{account.username}")


class FactorsUnreadable(TreError):
    """What is kept of second factors cannot be read: an operator's matter, whoever met it."""


class MfaAdapter(DefaultMFAAdapter):
    """Secrets of second factors are encrypted in the database (Fernet: AES-128-CBC with HMAC-SHA-256)."""

    def encrypt(self, text: str) -> str:
        """Return the text encrypted."""
        return self._fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the text in plain.

        Raises
        ------
        FactorsUnreadable
            When it was encrypted under another secret than there is now.
        """
        try:
            return self._fernet().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            raise FactorsUnreadable(
                "No one-time code or recovery code can be checked: the secret that they are kept under was lost or "
                "replaced",
                where=f"secrets/{_KEPT_UNDER}",
                todo="An operator of the platform has to restore it from the back-up",
            ) from None

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        """Return whether the person keeps another second factor: the last one is replaced by an operator alone."""
        kept = self._strong(authenticator.user).exclude(pk=authenticator.pk)
        return bool(kept.exists())

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """Return what a new key is called until its person names it."""
        return f"Key {self._strong(user).filter(type=type).count() + 1}"

    def _strong(self, account: Any) -> Any:
        from allauth.mfa.models import Authenticator

        kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes stand for one of these
        return Authenticator.objects.filter(user=account, type__in=kinds)

    def _fernet(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(bytes.fromhex(secret(_KEPT_UNDER))))


class OidcAdapter(DefaultOIDCAdapter):
    """What the Hub learns about a person: the user name, and nothing more."""

    def get_claims(self, purpose: Any, user: Any, client: Any, scopes: Any, **more: Any) -> dict[str, Any]:
        """Return the claims for an ID token or the userinfo answer."""
        return {"sub": self.get_user_sub(client, user), "preferred_username": user.get_username()}

    def populate_id_token(self, id_token: dict[str, Any], client: Any, scopes: Any, **more: Any) -> None:
        """Say that a second factor was used (RFC 8176), for nobody comes to the provider without, and when."""
        if load().require_mfa:
            id_token["amr"] = ["pwd", "mfa"]
        account = Account.objects.filter(username=id_token.get("preferred_username")).first()
        if account is not None and account.last_login is not None:
            id_token["auth_time"] = int(account.last_login.timestamp())
