"""What a notebook server may ask of the Hub: the four questions that jupyterhub's single-user server puts, no others.

Read from jupyterhub 6.1.1 (``singleuser/extension.py``, ``services/auth.py``): is the Hub there, whose token is this,
what token does this sign-in code give, and "somebody worked here". Every question is put together anew from values that
were checked, for whatever passes as it came could be kept by the Hub and read from outside. The server's own token
stays out here; what a server gets in its place opens nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

MOST_BYTES = 4096
_AUTHORIZATION = re.compile(r"(?:token|bearer) ([A-Za-z0-9._~+/=-]{1,200})", re.IGNORECASE)
_CODE = re.compile(r"[A-Za-z0-9._~-]{1,128}")  # RFC 6749, appendix A.11, and RFC 7636, section 4.1
_WHOSE = ("kind", "name", "admin", "groups", "session_id", "token_id")
_OLDEST = timedelta(days=7)
Answer = tuple[int, Any]
_NOTHING: Answer = (403, {"message": "This door does not pass that on."})


@dataclass(frozen=True)
class Server:
    """One notebook server, as the Hub knows it.

    Parameters
    ----------
    hub : str
        The Hub's address, without ``/hub/api``.
    token : str
        The server's own token, which is also its secret as an OAuth client.
    username, name : str
        Whose server it is, and the server's name.
    client, callback : str
        Its name as an OAuth client, and where the Hub sends a browser back to.
    """

    hub: str
    token: str
    username: str
    name: str
    client: str
    callback: str

    def access(self) -> frozenset[str]:
        """Return the scopes that let a person use this server; no other scope is told inside."""
        return frozenset({f"access:servers!server={self.username}/{self.name}", f"access:servers!user={self.username}"})


def routes(client: httpx.AsyncClient, server: Server) -> list[Route]:
    """Return the door's addresses that lead to the Hub."""
    door = _HubDoor(client, server)
    return [
        Route("/hub/api", door.version, methods=["GET"]),
        Route("/hub/api/", door.version, methods=["GET"]),
        Route("/hub/api/user", door.whose, methods=["GET"]),
        Route("/hub/api/oauth2/token", door.token_for_code, methods=["POST"]),
        Route(f"/hub/api/users/{server.username}/activity", door.activity, methods=["POST"]),
    ]


class _HubDoor:
    def __init__(self, client: httpx.AsyncClient, server: Server) -> None:
        self._client, self._server = client, server

    async def version(self, request: Request) -> Response:
        return _told(await self._ask("GET", "/", {}))

    async def whose(self, request: Request) -> Response:
        """Answer whose token it is, when it is a token of this server's own person: of others nothing is told."""
        token = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if token is None:
            return _told(_NOTHING)
        status, told = await self._ask("GET", "/user", {"authorization": f"token {token[1]}"})
        if status == 200:
            if not isinstance(told, dict) or told.get("name") != self._server.username:
                return _told(_NOTHING)
            scopes = sorted(self._server.access() & set(told.get("scopes", ())))
            told = {**{name: told[name] for name in _WHOSE if name in told}, "scopes": scopes}
        return _told((status, told))

    async def token_for_code(self, request: Request) -> Response:
        """Exchange a sign-in code of this server alone; its secret is added here (RFC 6749, section 4.1.3)."""
        body = await _body(request)
        form = checked_form(body, self._server) if body is not None else None
        if form is None:
            return _told(_NOTHING)
        return _told(await self._ask("POST", "/oauth2/token", self._own(), data=form))

    async def activity(self, request: Request) -> Response:
        """Pass on when somebody last worked here."""
        body = await _body(request)
        last = checked_activity(body, datetime.now(UTC)) if body is not None else None
        if last is None:
            return _told(_NOTHING)
        told = {"servers": {self._server.name: {"last_activity": last}}, "last_activity": last}
        return _told(await self._ask("POST", f"/users/{self._server.username}/activity", self._own(), json=told))

    def _own(self) -> dict[str, str]:
        return {"authorization": f"token {self._server.token}"}

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], **more: Any) -> Answer:
        address = f"{self._server.hub}/hub/api{path}"
        try:
            answer = await self._client.request(method, address, headers=dict(headers), **more)
            return answer.status_code, answer.json() if answer.content else None
        except httpx.TransportError:
            return 503, {"message": "The Hub does not answer. Try again in a moment."}
        except ValueError:
            return 502, {"message": "The Hub's answer cannot be read."}


def checked_form(body: bytes, server: Server) -> dict[str, str] | None:
    """Return the form that asks the Hub for a token, or None when the one that came is not this server's.

    Of what came, only the code and its verifier pass; the rest is known here.
    """
    try:
        came = parse_qs(body.decode("ascii"), strict_parsing=True)
    except ValueError:
        return None
    known = {"client_id": server.client, "grant_type": "authorization_code", "redirect_uri": server.callback}
    wanted = {name: value for name in ("code", "code_verifier") if len(value := came.get(name, [])) == 1}
    passed = {name: values[0] for name, values in wanted.items() if _CODE.fullmatch(values[0])}
    if "code" not in passed or any(came.get(name) != [value] for name, value in known.items()):
        return None
    return {**known, **passed, "client_secret": server.token}


def checked_activity(body: bytes, now: datetime) -> str | None:
    """Return the time of the last activity that a body tells of, or None when it tells of none.

    It is cut to the minute and kept within a week, so that as good as nothing can be written in it.
    """
    try:
        told = json.loads(body)
        last = datetime.fromisoformat(told["last_activity"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    last = min(last if last.tzinfo else last.replace(tzinfo=UTC), now)
    return max(last, now - _OLDEST).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:00Z")


async def _body(request: Request) -> bytes | None:
    """Return the whole body, or None when it says no length or is longer than any of these questions."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > MOST_BYTES:
        return None
    return await request.body()


def _told(answer: Answer) -> Response:
    status, told = answer
    return Response(status_code=status) if told is None else JSONResponse(told, status_code=status)
