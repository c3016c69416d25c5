"""Many people at once, as their browsers would: signing in, opening a workspace, working in it over the real proxy."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import httpx

from tests.e2e.room import Room
from tre.config.options import load

PROJECT = "frailty"
_READY_SECONDS = 300.0


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
    """One person with a browser's cookies, and what their requests were answered by.

    Parameters
    ----------
    username, password : str
    code : callable
        Returns the one-time code of the moment.
    """

    username: str
    password: str
    code: Callable[[], str]
    failed: list[str] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        self._client = httpx.Client(
            transport=ToThisMachine(), follow_redirects=True, timeout=120, event_hooks={"response": [self._note]}
        )

    def _note(self, answer: httpx.Response) -> None:
        self.asked += 1
        if answer.status_code >= 400 and not self._is_waiting(answer):
            self.failed.append(f"{answer.status_code} {answer.request.method} {answer.request.url.path}")

    def _is_waiting(self, answer: httpx.Response) -> bool:
        """Return whether the Hub says that a server is starting still: it tells so by 503 and 424."""
        return answer.status_code in (424, 503) and "/user/" in answer.request.url.path

    def sign_in(self) -> None:
        """Sign in at the portal with password and code."""
        address = f"{load().portal}/accounts/login/"
        page = self._client.get(address)
        page = self._post(page, address, {"login": self.username, "password": self.password})
        page = self._post(page, str(page.url), {"code": self.code()})
        assert "What you can do" in page.text, page.url

    def open(self) -> float:
        """Open the workspace in the smallest size, and return the seconds until JupyterLab's page is there."""
        began = time.monotonic()
        project = f"{load().portal}/projects/{PROJECT}/"
        page = self._client.get(project)
        self._post(page, f"{project}open", {"size": "small"})
        lab = f"{self._hub()}/user/{self.username}/{PROJECT}/lab"
        while time.monotonic() - began < _READY_SECONDS:
            page = self._client.get(lab)
            if page.status_code == httpx.codes.OK and "jupyter-config-data" in page.text:
                return time.monotonic() - began
            time.sleep(1)
        raise AssertionError(f"{self.username}: no JupyterLab after {_READY_SECONDS:.0f} s, but {page.status_code}")

    def room(self) -> Room:
        """Return the notebook server as a program sees it, with this person's cookies."""
        host = self._hub().removeprefix("http://").partition(":")[0]
        cookies = [{"name": each.name, "value": each.value} for each in self._client.cookies.jar if each.domain == host]
        context = SimpleNamespace(cookies=lambda address: cookies)
        page: Any = SimpleNamespace(context=context)  # all that a room asks of a browser's page
        return Room(page, self.username, PROJECT)

    def _hub(self) -> str:
        return load().hub.replace("://", f"://{self.username}.")

    def _post(self, page: httpx.Response, address: str, told: dict[str, str]) -> httpx.Response:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert found, f"no form at {page.url}"
        headers = {"Referer": str(page.url), "Origin": load().portal}
        return self._client.post(address, data={**told, "csrfmiddlewaretoken": found[1]}, headers=headers)
