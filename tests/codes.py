"""The one-time codes of accounts, as their authenticator apps show them."""

from __future__ import annotations

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt

from tre.people.models import Account


def wrong(*accounts: Account, count: int = 1) -> list[str]:
    """Return codes that none of these accounts' apps shows within some minutes of now, as guesses are."""
    near = {code(each, ahead) for each in accounts for ahead in range(-8, 9)}
    return [each for each in (f"{number:06}" for number in range(len(near) + count)) if each not in near][:count]


def code(account: Account, ahead: int = 0) -> str:
    """Return the code that an account's app shows now, or some steps of 30 seconds ahead (RFC 6238)."""
    key = decrypt(Authenticator.objects.get(user=account, type="totp").data["secret"])
    return str(totp.format_hotp_value(totp.hotp_value(key, int(time.time()) // 30 + ahead)))
