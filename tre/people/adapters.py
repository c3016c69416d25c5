"""Where allauth asks this product how to behave."""

from __future__ import annotations

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.http import HttpRequest

from tre.config.secrets import secret


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by an operator; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: sign-up is closed."""
        return False


class MfaAdapter(DefaultMFAAdapter):
    """Secrets of second factors are encrypted in the database (Fernet: AES-128-CBC with HMAC-SHA-256)."""

    def encrypt(self, text: str) -> str:
        """Return the text encrypted."""
        return self._fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the text in plain."""
        return self._fernet().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: object) -> bool:
        """Return False: a second factor is replaced by an operator, never removed by who is signed in."""
        return False

    def _fernet(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(bytes.fromhex(secret("second-factor"))))


class OidcAdapter(DefaultOIDCAdapter):
    """What the Hub learns about a person: the user name, and nothing more."""

    def get_claims(self, purpose: Any, user: Any, client: Any, scopes: Any, **more: Any) -> dict[str, Any]:
        """Return the claims for an ID token or the userinfo answer."""
        return {"sub": self.get_user_sub(client, user), "preferred_username": user.get_username()}
