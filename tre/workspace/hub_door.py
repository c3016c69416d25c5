"""What a notebook server may ask of the Hub: three of the questions that jupyterhub's single-user server puts.

Read from jupyterhub 6.1.1 (``singleuser/extension.py``, ``services/auth.py``): is the Hub there, whose token is this,
and "somebody worked here". Who a person is, the gate has found out before anything reaches the server
(:mod:`tre.workspace.gate`); the token that it sends is answered for here, and no token of the Hub's ever comes inside.
What is passed on is put together anew from values that were checked, for whatever passes as it came could be kept by
the Hub and read from outside.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import compare_digest
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

MOST_BYTES = 4096
_AUTHORIZATION = re.compile(r"(?:token|bearer) ([A-Za-z0-9._~+/=-]{1,200})", re.IGNORECASE)
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


def routes(client: httpx.AsyncClient, server: Server, opened: str) -> list[Route]:
    """Return the door's addresses that lead to the Hub.

    Parameters
    ----------
    opened : str
        The token by which the gate lets the server's person in.
    """
    door = _HubDoor(client, server, opened)
    return [
        Route("/hub/api", door.version, methods=["GET"]),
        Route("/hub/api/", door.version, methods=["GET"]),
        Route("/hub/api/user", door.whose, methods=["GET"]),
        Route(f"/hub/api/users/{server.username}/activity", door.activity, methods=["POST"]),
    ]


class _HubDoor:
    def __init__(self, client: httpx.AsyncClient, server: Server, opened: str) -> None:
        self._client, self._server, self._opened = client, server, opened

    async def version(self, request: Request) -> Response:
        return _told(await self._ask("GET", "/", {}))

    async def whose(self, request: Request) -> Response:
        """Answer that the gate's token is this server's own person's: of any other nothing is told."""
        token = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if token is None or not compare_digest(token[1], self._opened):
            return _told(_NOTHING)
        person = {"kind": "user", "name": self._server.username, "admin": False, "groups": []}
        return _told((200, {**person, "scopes": sorted(self._server.access())}))

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
    """Return the whole body, or None when it says no length or is longer than any of these questions.

    It is counted as it comes: in chunks it is as long as it likes, whatever length it says (RFC 9112, section 6.3).
    """
    length = request.headers.get("content-length", "")
    if "transfer-encoding" in request.headers or not length.isdigit() or int(length) > MOST_BYTES:
        return None
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return body


def _told(answer: Answer) -> Response:
    status, told = answer
    return Response(status_code=status) if told is None else JSONResponse(told, status_code=status)
