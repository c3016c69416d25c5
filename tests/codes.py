"""The one-time codes of accounts, as their authenticator apps show them."""

from __future__ import annotations

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt

from tre.people.models import Account


def code(account: Account, ahead: int = 0) -> str:
    """Return the code that an account's app shows now, or some steps of 30 seconds ahead (RFC 6238)."""
    key = decrypt(Authenticator.objects.get(user=account, type="totp").data["secret"])
    return str(totp.format_hotp_value(totp.hotp_value(key, int(time.time()) // 30 + ahead)))
