"""Whether a session used a second factor."""

from __future__ import annotations

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest

from tre.config.options import load

_PROOFS = frozenset({"mfa", "socialaccount"})


def used(request: HttpRequest) -> bool:
    """Return whether this session's sign-in included a second factor (or settings of a demonstration need none)."""
    if not load().require_mfa:
        return True
    if not request.user.is_authenticated:
        return False
    # Another organisation's provider has said so each time, or its sign-in was refused: see tre.people.outside.
    return any(each.get("method") in _PROOFS for each in get_authentication_records(request, request.user))
