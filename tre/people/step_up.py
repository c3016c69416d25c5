"""Step-up: what cannot be taken back asks for the second factor again, unless it was used moments ago.

A session that somebody rides, or a screen that was left, decides nothing by itself once five minutes are over (NIST SP
800-63B-4, section 5.2, "Reauthentication"). What was asked for waits in the session, is shown on the page that asks
for the factor, and is done when the factor is given to that very page; any other page forgets it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.urls import Resolver404, resolve

from tre.config.options import load
from tre.people.domain import STEP_UP_SECONDS

FRESH = "outside_fresh"  # a sign-in at another organisation's provider that it says is minutes old
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
        proved = proved_recently(request) or proved_recently(request, FRESH)
        if load().require_mfa and request.user.is_authenticated and not proved:
            raise ReauthenticationRequired  # allauth's middleware keeps the request and asks
        return view(request, *args, **named)

    return cast(View, asked)


PAGES = frozenset({"account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "outside_again"})
_UNSHOWN = frozenset({"csrfmiddlewaretoken", "sha256"})


@dataclass(frozen=True)
class Act:
    """What waits to be done: in words, with what was typed, and a digest of all of it."""

    what: str
    told: tuple[tuple[str, str], ...]
    digest: str


def pending(request: HttpRequest) -> Act | None:
    """Return what waits in the session for the second factor, or None."""
    kept = request.session.get(STATE_SESSION_KEY, {}).get("request")
    if kept is None:
        return None
    asked = json.loads(kept)
    try:
        view = resolve(asked["path"]).func
    except Resolver404:
        return None
    typed = QueryDict(asked["POST"])
    told = tuple((name, ", ".join(typed.getlist(name))) for name in typed if name.split("-")[-1] not in _UNSHOWN)
    what = (view.__doc__ or asked["path"]).strip().split("\n")[0].rstrip(".")
    subject = asked["path"].rstrip("/")
    return Act(f"{what} ({subject})", told, hashlib.sha256(kept.encode()).hexdigest())


def forget(request: HttpRequest) -> None:
    """Forget what waits: the person has gone on to another page."""
    if STATE_SESSION_KEY in request.session:
        del request.session[STATE_SESSION_KEY]
