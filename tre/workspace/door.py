"""The platform's door out of a notebook: the Hub's own interface and the workspace's, and no other address.

It runs outside the sandbox and adds the workspace's token there, so that the researcher never holds it. Nothing is
passed through that could widen it: no other path, no redirect, no upgrade, no cookie.
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

MOST_BYTES = 300 * 1024 * 1024  # the airlock's own limit for a request, and its form's overhead
_HUB, _TRE = "/hub/api/", "/tre/api/"
_PASSED = frozenset({"accept", "content-type", "content-length"})
_RETURNED = frozenset({"content-type"})


def door(hub: str, portal: str, token: str) -> Starlette:
    """Return the door's application.

    Parameters
    ----------
    hub, portal : str
        Addresses of the Hub (without ``/hub/api``) and of the portal.
    token : str
        The workspace's token at the portal.
    """
    client = httpx.AsyncClient(timeout=httpx.Timeout(120, connect=5), follow_redirects=False, trust_env=False)

    async def to_hub(request: Request) -> Response:
        # The notebook server's own token says who it is; the Hub gives that token its own server's scopes alone.
        return await _pass(client, request, hub, _HUB, {"authorization": request.headers.get("authorization", "")})

    async def to_portal(request: Request) -> Response:
        changed = f"{portal}/api/workspace"
        return await _pass(client, request, changed, _TRE, {"authorization": f"Bearer {token}"}, cut=True)

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
    return Starlette(
        routes=[
            Route(_HUB + "{rest:path}", to_hub, methods=methods),
            Route(_TRE + "{rest:path}", to_portal, methods=["GET", "POST"]),
        ]
    )


async def _pass(
    client: httpx.AsyncClient, request: Request, base: str, prefix: str, more: Mapping[str, str], cut: bool = False
) -> Response:
    raw = request.scope["raw_path"].decode("ascii", "replace")
    path = raw.partition("?")[0]
    if _leads_elsewhere(path, prefix):
        return JSONResponse({"error": "This door does not lead there."}, status_code=404)
    length = request.headers.get("content-length", "0" if request.method in {"GET", "HEAD", "DELETE"} else "")
    if not length.isdigit() or int(length) > MOST_BYTES:
        return JSONResponse({"error": f"Send up to {MOST_BYTES} bytes, and say how many."}, status_code=413)
    target = base + (path.removeprefix(prefix.rstrip("/")) if cut else path)
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


def _leads_elsewhere(path: str, prefix: str) -> bool:
    """Return whether a path, once decoded and its dots resolved as a server might, leaves the door's own prefix."""
    plain = path
    for _ in range(3):  # servers differ in how often they decode
        plain = unquote(plain)
    return "\\" in plain or "%" in plain or not f"{posixpath.normpath(plain)}/".startswith(prefix)


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
