"""The forms that ask for a second factor, with codes that are good once."""

from __future__ import annotations

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms
from allauth.mfa.base.internal.flows import check_rate_limit

from tre.people.services import used_before


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


class ReauthenticateForm(_GoodOnce, forms.ReauthenticateForm):
    """Asks a person who is signed in for a code again."""
