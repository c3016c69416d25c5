"""The gate before a notebook server, with ann signed in: for a browser of a test that looks at what is behind it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx
from playwright.sync_api import BrowserContext

from tests.security.test_gate import BASE, HOST, HUB, ORIGIN, PAGE, SERVER, Hub
from tre.workspace.forward import to_socket
from tre.workspace.gate import Gate
from tre.workspace.gate_sign_in import Public, SignIns

_STARTS_WITHIN_SECONDS = 90.0


@dataclass(frozen=True)
class Gated:
    """A gate's address for programs, the origin of ann's pages there, and the cookies that open it."""

    address: str
    origin: str
    cookies: dict[str, str]

    def page(self, name: str) -> str:
        """Return the address of a page below the server's own."""
        return f"{self.origin}{BASE}{name}"

    def let_in(self, window: BrowserContext) -> None:
        """Give a browser's window ann's cookies."""
        where = self.page("")
        window.add_cookies([{"name": name, "value": value, "url": where} for name, value in self.cookies.items()])

    def await_answer(self) -> None:
        """Wait until the server behind it answers."""
        deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
        with httpx.Client(base_url=self.address, headers=HOST, cookies=self.cookies, trust_env=False) as ann:
            while time.monotonic() < deadline:
                with suppress(httpx.TransportError):
                    if ann.get(f"{BASE}api").is_success:
                        return
                time.sleep(0.25)
        raise AssertionError("the server behind the gate did not start")


@contextmanager
def gate(socket: str) -> Iterator[Gated]:
    """Open the gate before the server at a Unix socket, in a thread of its own: Playwright has this one's loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    opened = _gate(socket)
    try:
        yield asyncio.run_coroutine_threadsafe(opened.__aenter__(), loop).result(30)
    finally:
        asyncio.run_coroutine_threadsafe(opened.__aexit__(None, None, None), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


@asynccontextmanager
async def _gate(socket: str) -> AsyncIterator[Gated]:
    async def allowed(count: int) -> bool:
        return True

    listener = await asyncio.start_server(lambda reader, writer: made.serve(reader, writer), "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    origin = f"{ORIGIN.rpartition(':')[0]}:{port}"
    client = httpx.AsyncClient(transport=httpx.MockTransport(Hub().answer))
    made = Gate(SignIns(SERVER, Public(HUB, origin, BASE, 3600), client), to_socket(socket), "token", allowed)
    address = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(base_url=address, trust_env=False) as ann:
            begun = await ann.get(BASE, headers=PAGE)
            state = parse_qs(urlsplit(begun.headers["Location"]).query)["state"][0]
            cookies = "; ".join(f"{name}={value}" for name, value in begun.cookies.items())
            asked = {"code": "good", "state": state}
            done = await ann.get(f"{BASE}oauth_callback", params=asked, headers={**HOST, "Cookie": cookies})
        yield Gated(address, origin, {name: value for name, value in done.cookies.items() if value})
    finally:
        made.close()
        listener.close()
