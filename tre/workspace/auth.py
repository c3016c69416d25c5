"""How the platform's own interfaces know who calls: a workspace by its token, the Hub by its secret."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from tre.config.secrets import secret
from tre.errors import Refused
from tre.workspace.models import WorkspaceSession

View = Callable[..., HttpResponseBase]


def hash_token(token: str) -> str:
    """Return what is kept of a workspace's token: its SHA-256 (the token has 256 random bits, so no salt is needed)."""
    return hashlib.sha256(token.encode()).hexdigest()


def workspace_session(request: HttpRequest) -> WorkspaceSession:
    """Return the open workspace that calls. Whether the person may still work in it is asked each time.

    Raises
    ------
    Refused
        When the token is no open workspace's, or the person may no longer work in it.
    """
    session = (
        WorkspaceSession.objects.select_related("account", "project")
        .filter(token_hash=hash_token(_bearer(request)), closed=None)
        .first()
    )
    if session is None:
        raise Refused("This workspace is not open", todo="Open it again from the project's page")
    if not session.allowed():
        raise Refused("You may no longer work in this workspace", todo="Ask who leads the project")
    return session


def for_workspace(view: View) -> View:
    """Let a view be called by workspaces alone: no cookie counts, so there is no forged form to fear."""

    @wraps(view)
    def answer(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
        workspace_session(request)
        return view(request, *arguments, **named)

    return csrf_exempt(login_not_required(answer))


def for_gate(view: Callable[[HttpRequest, WorkspaceSession], JsonResponse]) -> View:
    """Let a view be called by a workspace's gate alone, and go on being called when the workspace is closed: it counts.

    It lies outside of what the door leads to, so nothing inside a sandbox can call it.
    """

    @wraps(view)
    def answer(request: HttpRequest) -> JsonResponse:
        session = WorkspaceSession.objects.filter(token_hash=hash_token(_bearer(request))).first()
        if session is None:
            raise Refused("Only a workspace's gate may ask this")
        return view(request, session)

    return csrf_exempt(login_not_required(answer))


def for_hub(view: View) -> View:
    """Let a view be called by the Hub alone."""

    @wraps(view)
    def answer(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
        if not hmac.compare_digest(_bearer(request).encode(), secret("hub-service").encode()):
            raise Refused("Only the Hub may ask this")
        return view(request, *arguments, **named)

    return csrf_exempt(login_not_required(answer))


def json_of(request: HttpRequest) -> dict[str, object]:
    """Return the JSON object of a request.

    Raises
    ------
    Refused
        When it is none, or nested deeper than can be read.
    """
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused("The request must be a JSON object", where="body")
    return found


def _bearer(request: HttpRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else ""
