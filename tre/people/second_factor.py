"""Whether a session used a second factor."""

from __future__ import annotations

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest

from tre.config.options import load


def used(request: HttpRequest) -> bool:
    """Return whether this session's sign-in included a second factor (or settings of a demonstration need none)."""
    if not load().require_mfa:
        return True
    if not request.user.is_authenticated:
        return False
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))
