"""Step-up: what cannot be taken back asks for the second factor again, unless it was used moments ago.

A session that somebody else rides, or a screen that was left, decides nothing (NIST SP 800-63B-4, section 5.2,
"Reauthentication"). What was typed waits in the session and is done once the factor is given.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest, HttpResponseBase

from tre.config.options import load
from tre.people.domain import STEP_UP_SECONDS

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def proved_recently(request: HttpRequest, method: str = "mfa") -> bool:
    """Return whether this session proved its person by this method within the last five minutes."""
    since = time.time() - STEP_UP_SECONDS
    records = get_authentication_records(request, request.user)
    return any(each.get("method") == method and each.get("at", 0) > since for each in records)


def step_up(view: View) -> View:
    """Return the view so that a session which did not lately use its second factor is asked for it first."""

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
        if load().require_mfa and request.user.is_authenticated and not proved_recently(request):
            raise ReauthenticationRequired  # allauth's middleware keeps the request and asks
        return view(request, *args, **named)

    return cast(View, asked)
