"""The gate before a strict workspace: a page that shows pixels, and one WebSocket. Nothing of the notebook server's.

The page and noVNC's modules are the platform's, read once from the platform's own folders: nothing that comes from a
sandbox is ever a page, a script or a file here. See docs/decisions/0023.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import h11

from tre.workspace import gate_rules as rules
from tre.workspace.desktop import NOVNC
from tre.workspace.forward import Connect
from tre.workspace.frames import Broken, Frames, accepted, framed
from tre.workspace.gate import CHUNK, ENOUGH, Gate, HungUp, Side, tell, until_first_ends, weight
from tre.workspace.gate_rules import Asked, Headers
from tre.workspace.rfb import FromBrowser, FromScreen, NotPassed

SOCKET = "screen"
_SCRIPT = b"text/javascript; charset=utf-8"
# noVNC draws on a canvas, and shows the pointer as a picture of its own.
_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    b"form-action 'none'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; webrtc 'block'"
)
_PERMISSIONS = (
    b"camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), serial=(), clipboard-read=(), "
    b"clipboard-write=()"
)
_OWN: Headers = [
    *(
        (name, value)
        for name, value in rules.OWN_HEADERS
        if name not in {b"Content-Security-Policy", b"Permissions-Policy"}
    ),
    (b"Content-Security-Policy", _POLICY),
    (b"Permissions-Policy", _PERMISSIONS),
    (b"Cache-Control", b"no-store"),
]
Shown = Mapping[str, tuple[bytes, bytes]]


@cache
def pages() -> Shown:
    """Return everything that is shown: the kind and the content by each address below the workspace's own."""
    own = files("tre.workspace") / "screen"
    shown = {
        "": (b"text/html; charset=utf-8", (own / "index.html").read_bytes()),
        "screen.js": (_SCRIPT, (own / "screen.js").read_bytes()),
        "screen.css": (b"text/css; charset=utf-8", (own / "screen.css").read_bytes()),
    }
    for part in ("core", "vendor"):
        for path in sorted((NOVNC / part).rglob("*.js")):
            shown[f"novnc/{path.relative_to(NOVNC)}"] = (_SCRIPT, path.read_bytes())
    return shown


@dataclass(kw_only=True)
class StrictGate(Gate):
    """The gate of one strict workspace.

    Parameters
    ----------
    screen : callable
        How to reach the screen, which speaks RFB.
    shown : mapping
        See :func:`pages`.
    """

    screen: Connect
    shown: Shown = field(default_factory=pages)

    def refused(self, asked: Asked) -> str | None:
        """Return why a request does not pass, or None when it does: there is no address but the page's own."""
        rest = rules.below(asked.path, self.sign_ins.public.base)
        if asked.upgrade:
            return None if rest == SOCKET and asked.method == "GET" else rules.NOWHERE
        return None if rest in self.shown and asked.method in {"GET", "HEAD"} else rules.NOWHERE

    async def _pass(self, browser: Side, request: h11.Request, asked: Asked, session: str) -> None:
        if asked.upgrade:
            return await self._open_screen(browser, request, session)
        kind, content = self.shown[rules.below(asked.path, self.sign_ins.public.base) or ""]
        headers = [(b"Content-Type", kind), (b"Content-Length", str(len(content)).encode()), *_OWN]
        if not await self.allowed(weight(headers) + (0 if browser.head else len(content))):
            return await tell(browser, 429, ENOUGH)
        async for _ in browser.body():  # what a page is asked for with is nothing to it
            raise HungUp
        await browser.send(h11.Response(status_code=200, headers=headers))
        if not browser.head:
            await browser.send(h11.Data(data=content))
        await browser.send(h11.EndOfMessage())
        return None

    async def _open_screen(self, browser: Side, request: h11.Request, session: str) -> None:
        told = {bytes(name): bytes(value) for name, value in request.headers}
        key = accepted(told.get(b"sec-websocket-key", b""))
        if key is None or told.get(b"sec-websocket-version") != b"13":
            return await tell(browser, 403, "This is no WebSocket's beginning.")
        try:
            reader, writer = await self.screen()
        except OSError:
            return await tell(browser, 503, "The screen does not answer. Try again in a moment.")
        try:
            headers = [(b"Upgrade", b"websocket"), (b"Connection", b"Upgrade"), (b"Sec-WebSocket-Accept", key)]
            if b"sec-websocket-protocol" in told:
                headers.append((b"Sec-WebSocket-Protocol", b"binary"))
            if await self.allowed(weight(headers)):
                await browser.send(h11.InformationalResponse(status_code=101, headers=headers))
                first, _ = browser.http.trailing_data
                await until_first_ends(
                    self._keys(browser, writer, first), self._pixels(reader, browser), self._watch(session)
                )
        finally:
            writer.transport.abort()
        return None

    async def _keys(self, browser: Side, screen: asyncio.StreamWriter, first: bytes) -> None:
        """Carry what the browser says to the screen, as far as it passes."""
        frames, passing = Frames(), FromBrowser()
        with suppress(OSError, Broken, NotPassed):
            data = first or await browser.reader.read(CHUNK)
            while data:
                came, answers = frames.feed(data)
                screen.write(passing.feed(came))
                await screen.drain()
                if answers and await self.allowed(len(answers)):
                    browser.writer.write(answers)
                data = await browser.reader.read(CHUNK)

    async def _pixels(self, screen: asyncio.StreamReader, browser: Side) -> None:
        """Carry what the screen says to the browser, as far as it passes, and count it."""
        passing = FromScreen()
        with suppress(OSError, NotPassed):
            while data := await screen.read(CHUNK):
                passed = passing.feed(data)
                for at in range(0, len(passed), CHUNK):
                    frame = framed(passed[at : at + CHUNK])
                    if not await self.allowed(len(frame)):
                        return
                    browser.writer.write(frame)
                    await browser.writer.drain()
