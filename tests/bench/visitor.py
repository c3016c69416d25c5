"""One person of a crowd, as their browser would act: signing in, opening a workspace, working in it by the real proxy.

A browser says that it wants a page; the gate sends only who says so to sign in. A page that waits for a server listens
to what the Hub tells of it, and loads itself again when it is there.
"""

from __future__ import annotations

import html
import json
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import httpx
import websocket

from tests.e2e.room import Kernel
from tre.config.options import load

_READY_SECONDS = 600.0
_PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
_NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


class Failed(AssertionError):
    """A request was answered by a failure, or by something else than a browser would go on with."""


class ToThisMachine(httpx.HTTPTransport):
    """Sends every request to the loopback under the name that was asked for: resolvers do not know ``*.localhost``."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the answer."""
        here = httpx.Request(
            request.method,
            request.url.copy_with(host="127.0.0.1"),
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )
        return super().handle_request(here)


@dataclass
class Visitor:
    """One person with a browser's cookies, and what failed of what they asked.

    Parameters
    ----------
    username, password, project : str
    code : callable
        Returns the one-time code of the moment.
    """

    username: str
    password: str
    project: str
    code: Callable[[], str]
    failed: list[str] = field(default_factory=list)
    asked: int = 0
    _session: str = field(default_factory=lambda: uuid.uuid4().hex)
    _kernel: Kernel | None = None

    def __post_init__(self) -> None:
        self._client = httpx.Client(
            transport=ToThisMachine(),
            follow_redirects=True,
            timeout=120,
            event_hooks={"response": [self._count]},
            trust_env=False,
        )

    def _count(self, answer: httpx.Response) -> None:
        self.asked += 1
        if answer.status_code >= 400:
            told = f"{self.username}: {answer.status_code} {answer.request.method} {answer.request.url.path}"
            self.failed.append(told)
            raise Failed(told)

    def tries(self, act: Callable[[], float]) -> float | None:
        """Return the seconds that something took, or None when it failed, which is kept."""
        before = len(self.failed)
        try:
            return act()
        except (httpx.HTTPError, websocket.WebSocketException, OSError, AssertionError) as error:
            if len(self.failed) == before:
                self.failed.append(f"{self.username}: {type(error).__name__} {str(error)[-200:]}")
            return None

    def arrive(self) -> float:
        """Sign in, open the workspace in the smallest size, and return the seconds until JupyterLab's page is there."""
        self._sign_in()
        began = time.monotonic()
        project = f"{load().portal}/projects/{self.project}/"
        page = self._client.get(project, headers=_PAGE)
        page = self._post(page, f"{project}open", {"size": "small"})
        while (told := re.search(r'EventSource\("([^"]+)"\)', page.text)) and time.monotonic() - began < _READY_SECONDS:
            self._await_server(urljoin(str(page.url), html.unescape(told[1])))
            page = self._client.get(str(page.url), headers=_PAGE)
        if "jupyter-config-data" not in page.text:
            page = self._client.get(f"{self._address}/lab", headers=_PAGE)
        if "jupyter-config-data" not in page.text:
            raise Failed(f"no JupyterLab after {time.monotonic() - began:.0f} s, but {page.url.path}")
        self._load_parts(page)
        return time.monotonic() - began

    def _await_server(self, address: str) -> None:
        """Listen to what the Hub tells a page that waits, until it says that the server is there or will not be."""
        with self._client.stream("GET", address, headers={"Accept": "text/event-stream"}) as told:
            for line in told.iter_lines():
                event = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                if event.get("failed"):
                    raise Failed(str(event.get("message")))
                if event.get("ready"):
                    return

    def _sign_in(self) -> None:
        address = f"{load().portal}/accounts/login/"
        page = self._client.get(address, headers=_PAGE)
        page = self._post(page, address, {"login": self.username, "password": self.password})
        page = self._post(page, str(page.url), {"code": self.code()})
        if "What you can do" not in page.text:
            raise Failed(f"not signed in, but at {page.url.path}")

    def _post(self, page: httpx.Response, address: str, told: dict[str, str]) -> httpx.Response:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        if not found:
            raise Failed(f"no form at {page.url.path}")
        headers = {**_PAGE, "Referer": str(page.url), "Origin": load().portal}
        return self._client.post(address, data={**told, "csrfmiddlewaretoken": found[1]}, headers=headers)

    def _load_parts(self, page: httpx.Response) -> None:
        """Load what JupyterLab's page names, and what the scripts of it ask first."""
        for part in re.findall(r'<script[^>]* src="([^"]+)"', page.text):
            self._client.get(urljoin(str(page.url), part))
        for part in ("lab/api/settings", "api/kernelspecs", "api/sessions", "api/contents?content=1"):
            self._client.get(f"{self._address}/{part}")

    def start_kernel(self) -> float:
        """Start a kernel, connect to it, run a first cell, and return the seconds that it took."""
        began = time.monotonic()
        made = self._client.post(f"{self._address}/api/kernels", json={"name": "python3"}, headers=self._own)
        place = urlsplit(f"{self._address}/api/kernels/{made.json()['id']}/channels")
        cookies = self._client.build_request("GET", f"{self._address}/").headers.get("Cookie", "")
        socket = websocket.create_connection(
            f"ws://127.0.0.1:{place.port}{place.path}?session_id={self._session}",
            host=place.netloc,
            origin=self._origin,
            cookie=cookies,
            timeout=300,
        )
        self._kernel = Kernel(socket, self._session)
        self.run("1 + 1")
        return time.monotonic() - began

    def run(self, cell: str, seconds: float = 120.0) -> float:
        """Run a cell and return the seconds that it took."""
        if self._kernel is None:
            raise Failed("there is no kernel")
        self.asked += 1
        began = time.monotonic()
        self._kernel.run(cell, seconds)
        return time.monotonic() - began

    def list_and_save(self) -> float:
        """List the files and save a notebook, as JupyterLab does now and then, and return the seconds."""
        began = time.monotonic()
        self._client.get(f"{self._address}/api/contents?content=1")
        told = {"type": "notebook", "format": "json", "content": _NOTEBOOK}
        self._client.put(f"{self._address}/api/contents/visit.ipynb", content=json.dumps(told), headers=self._own)
        return time.monotonic() - began

    def leave(self) -> None:
        """Hang up."""
        if self._kernel is not None:
            self._kernel.close()
        self._client.close()

    @property
    def _origin(self) -> str:
        return load().hub.replace("://", f"://{self.username}.")

    @property
    def _address(self) -> str:
        return f"{self._origin}/user/{self.username}/{self.project}"

    @property
    def _own(self) -> dict[str, str]:
        return {"Origin": self._origin, "Content-Type": "application/json"}
