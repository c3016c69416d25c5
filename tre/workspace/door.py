"""The platform's door out of a notebook: three questions to the Hub, the workspace's interface, and no other address.

It runs outside the sandbox and adds the workspace's tokens there, so that the researcher never holds them. Nothing is
passed through that could widen it: no other path, no redirect, no upgrade, no cookie. See :mod:`tre.workspace.hub_door`
for what reaches the Hub.
"""

from __future__ import annotations

import posixpath
from collections.abc import AsyncIterator, Mapping
from urllib.parse import unquote

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tre.workspace.hub_door import Server, routes

MOST_BYTES = 300 * 1024 * 1024  # the airlock's own limit for a request, and its form's overhead
_TRE = "/tre/api/"
_PASSED = frozenset({"accept", "content-type", "content-length"})
_RETURNED = frozenset({"content-type"})


def door(server: Server, portal: str, token: str, opened: str) -> Starlette:
    """Return the door's application.

    Parameters
    ----------
    server : Server
        The notebook server, as the Hub knows it.
    portal : str
        The portal's address.
    token : str
        The workspace's token at the portal.
    opened : str
        The token by which the gate lets the server's person in.
    """
    client = httpx.AsyncClient(timeout=httpx.Timeout(120, connect=5), follow_redirects=False, trust_env=False)

    async def to_portal(request: Request) -> Response:
        return await _pass(client, request, f"{portal}/api/workspace", {"authorization": f"Bearer {token}"})

    portal_route = Route(_TRE + "{rest:path}", to_portal, methods=["GET", "POST"])
    made = Starlette(routes=[*routes(client, server, opened), portal_route])
    made.router.redirect_slashes = False  # an address is right or leads nowhere
    return made


async def _pass(client: httpx.AsyncClient, request: Request, base: str, more: Mapping[str, str]) -> Response:
    raw = request.scope["raw_path"].decode("ascii", "replace")
    path = raw.partition("?")[0]
    if _leads_elsewhere(path):
        return JSONResponse({"error": "This door does not lead there."}, status_code=404)
    length = request.headers.get("content-length", "0" if request.method in {"GET", "HEAD"} else "")
    if not length.isdigit() or int(length) > MOST_BYTES:
        return JSONResponse({"error": f"Send up to {MOST_BYTES} bytes, and say how many."}, status_code=413)
    target = base + path.removeprefix(_TRE.rstrip("/"))
    if request.url.query:
        target += "?" + request.url.query
    headers = {name: value for name, value in request.headers.items() if name in _PASSED} | dict(more)
    asked = client.build_request(
        request.method, target, headers=headers, content=_body(request, int(length)) if int(length) else None
    )
    try:
        answer = await client.send(asked, stream=True)
    except httpx.TransportError:
        return JSONResponse({"error": "The platform does not answer. Try again in a moment."}, status_code=503)
    returned = {name: value for name, value in answer.headers.items() if name in _RETURNED}
    return StreamingResponse(_answer(answer), status_code=answer.status_code, headers=returned)


def _leads_elsewhere(path: str) -> bool:
    """Return whether a path, once decoded and its dots resolved as a server might, leaves the door's own prefix."""
    plain = path
    for _ in range(3):  # servers differ in how often they decode
        plain = unquote(plain)
    return "\\" in plain or "%" in plain or not f"{posixpath.normpath(plain)}/".startswith(_TRE)


async def _body(request: Request, length: int) -> AsyncIterator[bytes]:
    left = length
    async for chunk in request.stream():
        left -= len(chunk)
        if left < 0:
            return
        yield chunk


async def _answer(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_bytes():
            yield chunk
    finally:
        await answer.aclose()
