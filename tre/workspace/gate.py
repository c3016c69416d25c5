"""The gate before a notebook server: HTTP and WebSockets between the Hub's proxy and the sandbox, under rules of ours.

The researcher owns the server and everything that it answers; the gate is the platform's, and stands outside. Nobody
passes who is not the server's person (:mod:`tre.workspace.gate_sign_in`), nothing passes but what JupyterLab needs
(:mod:`tre.workspace.gate_rules`), and what goes to the browser is counted. Requests and answers are parsed and put
together anew by h11 on both sides, so that no two readers can understand one differently; of a WebSocket only the
handshake is read.
"""

from __future__ import annotations

import asyncio
import html
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import h11

from tre.workspace import gate_rules as rules
from tre.workspace.forward import Connect
from tre.workspace.gate_rules import Asked, Headers
from tre.workspace.gate_sign_in import RECHECK_SECONDS, HubSilent, SignIns

CHUNK = 64 * 1024
_MOST_HEAD = 64 * 1024
_MOST_WRITTEN = 16 * 1024 * 1024  # a notebook as it is saved; it is held whole to be looked at
_MOST_HELD = 4  # bodies at once
_MOST_CONNECTIONS = 256  # a JupyterLab has some twenty
_MOST_HINTS = 8  # answers before the answer (RFC 9110, section 15.2)
_IDLE_SECONDS = 120.0
_ANSWER_SECONDS = 900.0  # the contents and kernels interfaces answer at once; a slow disk and a busy kernel do not
_READY = ("api", "api/")
_READY_SECONDS = 5.0
T = TypeVar("T")
Event = h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]


class HungUp(Exception):
    """The other side is gone, or does not speak HTTP: there is nobody to answer."""


class Side:
    """One side's connection, read and written as HTTP."""

    def __init__(self, role: type, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.http = h11.Connection(role, max_incomplete_event_size=_MOST_HEAD)
        self.reader, self.writer = reader, writer
        self.head = False  # whether the request that is being answered wants the head alone
        self.program = False  # whether it is JupyterLab's own, and no page or picture

    async def event(self, within: float) -> Event:
        """Return the next event; raise when the other side ends or is silent for so many seconds."""
        while True:
            try:
                event = self.http.next_event()
            except h11.RemoteProtocolError:
                raise HungUp from None
            if event is not h11.NEED_DATA:
                return event
            try:
                async with asyncio.timeout(within):
                    data = await self.reader.read(CHUNK)
            except (TimeoutError, OSError):
                raise HungUp from None
            self.http.receive_data(data)

    async def send(self, event: h11.Event) -> int:
        """Write an event and return its bytes."""
        try:
            data = self.http.send(event) or b""
            self.writer.write(data)
            async with asyncio.timeout(_IDLE_SECONDS):
                await self.writer.drain()
        except (h11.LocalProtocolError, OSError, TimeoutError):
            raise HungUp from None
        return len(data)

    async def unless_gone(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what some work comes to; raise, and leave the work, as soon as this side has hung up.

        What this side sends meanwhile is kept, up to a bound. Whoever ends their half of the connection has hung up:
        no browser and no proxy does so who still waits for an answer.
        """
        tasks = doing, gone = asyncio.ensure_future(work), asyncio.ensure_future(self._gone())
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if gone.done() and not doing.done():
                raise HungUp
            return doing.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _gone(self) -> None:
        ahead = 0
        while ahead < _MOST_HEAD:
            try:
                data = await self.reader.read(CHUNK)
            except OSError:
                return
            self.http.receive_data(data)
            if not data:
                return
            ahead += len(data)
        await asyncio.Event().wait()  # more is not taken in, so that its end is not seen: only while this work lasts

    async def body(self) -> AsyncIterator[bytes]:
        """Yield a message's body to its end."""
        while True:
            event = await self.event(_ANSWER_SECONDS)
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return
            else:
                raise HungUp


@dataclass
class Gate:
    """The gate of one server.

    Parameters
    ----------
    sign_ins : SignIns
        Who may pass.
    connect : callable
        How to reach the server.
    token : str
        What opens the server: it is told who the person is by the door that stands beside this gate.
    allowed : callable
        Given the bytes that went to the browser since it was asked last, returns whether more may.
    """

    sign_ins: SignIns
    connect: Connect
    token: str
    allowed: Callable[[int], Awaitable[bool]]
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _closed: bool = False
    _answered: bool = False
    _asking: asyncio.Future[bool] | None = None
    _holding: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MOST_HELD))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection of the Hub's proxy until it ends; of too many at once the last ones are hung up on."""
        if self._closed or len(self._open) >= _MOST_CONNECTIONS:
            return writer.close()
        browser = Side(h11.SERVER, reader, writer)
        self._open.add(writer)
        try:
            while True:
                event = await browser.event(_IDLE_SECONDS)
                if not isinstance(event, h11.Request):
                    break
                try:
                    await self._answer(browser, event)
                except HubSilent:
                    await tell(browser, 503, _NO_WORD, [(b"Retry-After", b"5")])
                if browser.http.our_state is not h11.DONE or browser.http.their_state is not h11.DONE:
                    break
                browser.http.start_next_cycle()
        except (HungUp, h11.ProtocolError, OSError):
            pass  # there is nobody to answer, or nothing that can be said in HTTP
        finally:
            self._open.discard(writer)
            writer.close()
        return None

    def close(self) -> None:
        """Hang up on everybody, in the middle of whatever is sent, and on whoever comes from now on."""
        self._closed = True
        for writer in self._open:
            writer.transport.abort()  # what waits to be sent is not sent

    def refused(self, asked: Asked) -> str | None:
        """Return why a request of the signed-in person does not pass, or None when it does."""
        return rules.refused(asked, self.sign_ins.public.base)

    async def _answer(self, browser: Side, request: h11.Request) -> None:
        headers = {bytes(name): bytes(value) for name, value in request.headers}
        browser.head = bytes(request.method) == b"HEAD"
        path, _, query = bytes(request.target).decode("latin-1").partition("?")
        upgrade = headers.get(b"upgrade", b"").lower() == b"websocket"
        asked = Asked(bytes(request.method).decode("ascii"), path, query, upgrade)
        public, cookies = self.sign_ins.public, headers.get(b"cookie", b"").decode("latin-1")
        rest = rules.below(path, public.base)
        browser.program = rest is not None and rest.startswith(("api/", "lab/api/"))
        if path == urlsplit(self.sign_ins.server.callback).path:
            return await self._signed_in(browser, query, cookies)
        if b"service-worker" in headers:  # its answers would carry no policy of ours, and it would outlive the sign-in
            return await tell(browser, 403, "A workspace's pages have no service worker.")
        session = await self.sign_ins.passes(cookies)
        if session is None:
            if rest in _READY and asked.method == "GET":
                return await self._ready(browser)
            return await self._sign_in(browser, asked, headers, rest)
        why = self.refused(asked)
        if why is not None:
            return await tell(browser, 404 if why == rules.NOWHERE else 403, why)
        if not rules.from_its_own_page(asked.method, headers, public.origin, upgrade=upgrade):
            return await tell(browser, 403, "This must come from a page of the workspace itself.")
        if not await self.allowed(0):
            return await tell(browser, 429, ENOUGH)
        return await self._pass(browser, request, asked, session)

    async def _signed_in(self, browser: Side, query: str, cookies: str) -> None:
        done = await self.sign_ins.finish(parse_qs(query), cookies)
        if done is None:
            return await tell(browser, 403, "This sign-in is not good any more. Open the workspace from its project.")
        path, made = done
        given = [(b"Set-Cookie", cookie.encode("latin-1")) for cookie in made]
        return await tell(browser, 302, "", [(b"Location", path.encode("latin-1")), *given])

    async def _sign_in(self, browser: Side, asked: Asked, headers: dict[bytes, bytes], rest: str | None) -> None:
        """Send a person to sign in; a program, or a page's own request, is told that it must."""
        page = asked.method == "GET" and not asked.upgrade and b"text/html" in headers.get(b"accept", b"")
        if rest is None or not page:
            return await tell(browser, 403, "Sign in first: open the workspace from its project.")
        wanted = asked.path + (f"?{asked.query}" if asked.query else "")
        where, made = self.sign_ins.begin(wanted, headers.get(b"cookie", b"").decode("latin-1"))
        given = [(b"Set-Cookie", cookie.encode("latin-1")) for cookie in made]
        return await tell(browser, 302, "", [(b"Location", where.encode("latin-1")), *given])

    async def _ready(self, browser: Side) -> None:
        """Answer the Hub whether the server inside answers: in words of ours, for anybody may ask.

        A server that is starting is waited for: the Hub would ask again after ever longer pauses. Once it has answered
        it is not asked again, and until then by one question for all who ask: when it answers tells nobody anything.
        """
        if not self._answered:
            if self._asking is None or self._asking.done():
                self._asking = asyncio.ensure_future(self._starts())
            self._answered = await asyncio.shield(self._asking)
        if not self._answered:
            return await tell(browser, 503, "The notebook server is starting.")
        return await tell(browser, 200, "The notebook server answers.", [(b"X-JupyterHub-Version", _hub_version())])

    async def _starts(self) -> bool:
        deadline = time.monotonic() + _READY_SECONDS
        while not (ready := await self._answers()) and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        return ready

    async def _answers(self) -> bool:
        try:
            inside = await self._inside()
        except OSError:
            return False
        try:
            path = f"{self.sign_ins.public.base}api"
            await inside.send(h11.Request(method="GET", target=path, headers=[("Host", "localhost")]))
            await inside.send(h11.EndOfMessage())
            return isinstance(await inside.event(10.0), h11.Response)
        except HungUp:
            return False
        finally:
            inside.writer.close()

    async def _inside(self) -> Side:
        return Side(h11.CLIENT, *await self.connect())

    async def _pass(self, browser: Side, request: h11.Request, asked: Asked, session: str) -> None:
        if not rules.writes(asked, self.sign_ins.public.base):
            return await self._on(browser, request, asked, session, None)
        async with self._holding:
            body = await _whole(browser)
            why = rules.UPLOAD if body is None else await asyncio.to_thread(rules.refused_body, body)
        if why is not None:
            return await tell(browser, 403, why)
        return await self._on(browser, request, asked, session, body)

    async def _on(self, browser: Side, request: h11.Request, asked: Asked, session: str, body: bytes | None) -> None:
        """Pass a request on, with a body that was looked at or else as it comes, and its answer back."""
        try:
            inside = await self._inside()
        except OSError:
            return await tell(browser, 503, "The notebook server does not answer. Try again in a moment.")
        try:
            sent = rules.onwards(request.headers, self.token, upgrade=asked.upgrade)
            where = rules.target(asked, self.sign_ins.public.base)
            await browser.unless_gone(inside.send(h11.Request(method=request.method, target=where, headers=sent)))
            if body is None:
                async for chunk in browser.body():
                    await browser.unless_gone(inside.send(h11.Data(data=chunk)))
            elif body:
                await browser.unless_gone(inside.send(h11.Data(data=body)))
            await inside.send(h11.EndOfMessage())
            if await browser.unless_gone(self._return(browser, inside, asked)):
                await self._carry(browser, inside, session)
        finally:
            inside.writer.transport.abort()
        return None

    async def _return(self, browser: Side, inside: Side, asked: Asked) -> bool:
        """Pass an answer back, and return whether a WebSocket was opened by it."""
        event = await inside.event(_ANSWER_SECONDS)
        for _ in range(_MOST_HINTS):
            if not isinstance(event, h11.InformationalResponse) or event.status_code == 101:
                break
            event = await inside.event(_ANSWER_SECONDS)
        public = self.sign_ins.public
        rest = rules.below(asked.path, public.base) or ""
        if isinstance(event, h11.InformationalResponse):
            if event.status_code != 101:
                raise HungUp
            headers = rules.back(event.headers, public.origin, public.base, rest, upgrade=True)
            if not asked.upgrade or headers is None:
                raise HungUp
            if not await self.allowed(weight(headers)):
                raise HungUp
            await browser.send(h11.InformationalResponse(status_code=101, headers=headers))
            return True
        if not isinstance(event, h11.Response):
            raise HungUp
        told = rules.back(event.headers, public.origin, public.base, rest, upgrade=False)
        why = rules.refused_answer(event.status_code, event.headers, rest)
        if told is None or why is not None:
            await tell(browser, 403, why or "The notebook server wanted to send you to another site.")
            return False
        if not await self.allowed(weight(told)):
            await tell(browser, 429, ENOUGH)
            return False
        await browser.send(h11.Response(status_code=event.status_code, headers=told))
        async for chunk in inside.body():
            if not await self.allowed(len(chunk)):
                raise HungUp  # in the middle of an answer there is no other way to end it
            await browser.send(h11.Data(data=chunk))
        await browser.send(h11.EndOfMessage())
        return False

    async def _carry(self, browser: Side, inside: Side, session: str) -> None:
        """Carry a WebSocket's bytes both ways until either side ends, or its person may no longer pass."""
        first_in, _ = browser.http.trailing_data
        first_out, _ = inside.http.trailing_data

        await until_first_ends(
            self._pump(browser.reader, inside.writer, first_in, counted=False),
            self._pump(inside.reader, browser.writer, first_out, counted=True),
            self._watch(session),
        )

    async def _watch(self, session: str) -> None:
        """Last for as long as the person of a WebSocket may pass."""
        with suppress(HubSilent):  # it ends: the page opens another one as soon as the Hub lets it
            while await self.sign_ins.stands(session) and await self.allowed(0):
                await asyncio.sleep(RECHECK_SECONDS)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: bytes, *, counted: bool
    ) -> None:
        try:
            chunk = first or await reader.read(CHUNK)
            while chunk:
                if counted and not await self.allowed(len(chunk)):
                    return
                writer.write(chunk)
                await writer.drain()
                chunk = await reader.read(CHUNK)
        except OSError:
            return


async def until_first_ends(*works: Coroutine[Any, Any, None]) -> None:
    """Do several things at once until one of them ends, and leave the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def weight(headers: Headers) -> int:
    """Return how many bytes headers are to the browser."""
    return sum(len(name) + len(value) + 4 for name, value in headers)


_NO_WORD = (
    "The Hub does not answer, so nobody is let in now. Who is signed in stays so, and kernels run on: try again soon."
)
ENOUGH = "So much has been sent from this workspace to a browser today that it is stopped. Ask an operator."


async def _whole(browser: Side) -> bytes | None:
    """Return a request's whole body, or None when it is larger than a notebook gets."""
    parts: list[bytes] = []
    size = 0
    async for chunk in browser.body():
        size += len(chunk)
        if size <= _MOST_WRITTEN:
            parts.append(chunk)
    return b"".join(parts) if size <= _MOST_WRITTEN else None


_PAGE = """<!DOCTYPE html>
<html lang="en-GB">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Workspace</title>
    <style>body {{ font-family: sans-serif; margin: 2rem auto; max-width: 40rem; padding: 0 1rem; }}</style>
  </head>
  <body><main><h1>Workspace</h1><p>{why}</p></main></body>
</html>
"""


async def tell(browser: Side, status: int, why: str, more: Headers | None = None) -> None:
    """Answer in words of the gate's own, and close: what is left of the request is not read.

    JupyterLab's own questions are answered as its server would, so that its window shows the words.
    """
    kind, text = b"text/html; charset=utf-8", b""
    if browser.program:
        kind, text = b"application/json", json.dumps({"message": why}).encode()
    elif why:
        text = _PAGE.format(why=html.escape(why)).encode()
    headers = [
        (b"Content-Type", kind),
        (b"Content-Length", str(len(text)).encode()),
        (b"Cache-Control", b"no-store"),
        (b"Connection", b"close"),
        *rules.OWN_HEADERS,
        *(more or []),
    ]
    if browser.http.our_state is not h11.SEND_RESPONSE:
        raise HungUp
    await browser.send(h11.Response(status_code=status, headers=headers))
    if text and not browser.head:
        await browser.send(h11.Data(data=text))
    await browser.send(h11.EndOfMessage())


def _hub_version() -> bytes:
    from importlib.metadata import version

    return version("jupyterhub").encode()
