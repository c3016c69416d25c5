"""The forms that ask for a second factor: codes that are good once, and keys that answer the portal alone."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.webauthn import forms as webauthn
from django.core.exceptions import ValidationError
from django.forms import Form, HiddenInput, JSONField

from tre.config.options import load
from tre.people import step_up
from tre.people.models import Account
from tre.people.services import used_before, write_failed_factor

_MOST_CREDENTIAL = 64 * 1024  # characters; a real one has a few thousand


class _GoodOnce(forms.BaseAuthenticateForm):
    """Refuses a one-time code that was used.

    allauth marks a code as used for one period of 30 s, but accepts it for as many periods as the tolerance allows:
    three. "The verifier MUST NOT accept the second attempt of the OTP" (RFC 6238, section 5.2).
    """

    def clean_code(self) -> str:
        """Return the code when it is right and was never used."""
        if used_before(self.user, self.cleaned_data["code"]):
            check_rate_limit(self.user)  # it counts as a failed attempt, as any other wrong code does
            raise get_adapter().validation_error("incorrect_code")
        return str(super().clean_code())


class AuthenticateForm(_GoodOnce, forms.AuthenticateForm):
    """Asks for a code to sign in."""


class _ForWhatWasShown(Form):
    """Refuses a factor that was given to a page which showed something else than what waits now."""

    def clean(self) -> dict[str, Any]:
        """Return what was sent when the page showed what is about to be done."""
        act = step_up.pending(context.request)
        if act is not None and self.data.get("act") != act.digest:
            raise ValidationError("What waits to be done is not what this page showed. Look again before you confirm.")
        cleaned: dict[str, Any] = super().clean() or {}
        return cleaned


class ReauthenticateForm(_ForWhatWasShown, _GoodOnce, forms.ReauthenticateForm):
    """Asks a person who is signed in for a code again."""


class _Credential(JSONField):
    """What a browser sends of a key: JSON of bounded size and depth."""

    def to_python(self, value: Any) -> Any:
        """Return the JSON's value."""
        try:
            return super().to_python(value if len(str(value)) <= _MOST_CREDENTIAL else "")
        except RecursionError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return nothing: what a key said is not shown again."""
        return None


class _AnswersThePortal(Form):
    """Refuses what a security key said to another page than the portal's.

    A browser lets a page ask for the keys of any name that its own ends in, and fido2 takes the answer: a notebook's
    page below the portal's name could have a reviewer touch their key for it. "Verify that the value of C.origin is an
    origin expected by the Relying Party" (WebAuthn Level 3, section 7.2, step 10); there is one.
    """

    user: Account

    def clean(self) -> dict[str, Any]:
        """Return what was sent when the portal's own page asked for it."""
        told = _client_data(self.data.get("credential", ""))
        if told.get("origin") != load().portal or told.get("crossOrigin", False) is not False:
            write_failed_factor(self.user)
            raise get_adapter().validation_error("incorrect_code")
        cleaned: dict[str, Any] = super().clean() or {}
        return cleaned


def _client_data(credential: str) -> dict[str, Any]:
    try:
        text = json.loads(credential)["response"]["clientDataJSON"]
        told = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


class AddKeyForm(_AnswersThePortal, webauthn.AddWebAuthnForm):
    """Adds a passkey or security key."""

    credential = _Credential(widget=HiddenInput)


class AuthenticateKeyForm(_AnswersThePortal, webauthn.AuthenticateWebAuthnForm):
    """Asks for a key to sign in."""

    credential = _Credential(widget=HiddenInput)


class ReauthenticateKeyForm(_ForWhatWasShown, _AnswersThePortal, webauthn.ReauthenticateWebAuthnForm):
    """Asks a person who is signed in for a key again."""

    credential = _Credential(widget=HiddenInput)
