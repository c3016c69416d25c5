"""A person's notebook server as a program sees it: the contents interface and kernels over the Jupyter protocol."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
import websocket
from playwright.sync_api import Page

from tre.config.options import load


class CellFailed(AssertionError):
    """A cell ended in an error; the message is what the notebook would show."""


@dataclass
class Answer:
    """What a cell printed and returned."""

    printed: str = ""
    outputs: list[dict[str, Any]] = field(default_factory=list)


def open_workspace(page: Page, code: str) -> None:
    """Open a project's workspace from its page at the portal, as a person does, and wait for JupyterLab."""
    page.goto(f"{load().portal}/projects/{code}/")
    page.get_by_role("button", name="Open the workspace").click()
    page.wait_for_url("**/lab**", timeout=120_000)
    page.locator("#jp-main-dock-panel").wait_for(timeout=90_000)


class Room:
    """One notebook server, reached through the Hub's proxy with a browser's own cookies."""

    def __init__(self, page: Page, username: str, code: str) -> None:
        options = load()
        self._host = f"{username}.{options.hub.removeprefix('http://')}"
        self._base = f"/user/{username}/{code}"
        self._address = f"127.0.0.1:{options.hub_port}"  # this machine's resolver does not know *.localhost
        cookies = page.context.cookies(f"http://{self._host}{self._base}/")
        self._cookie = "; ".join(f"{each['name']}={each['value']}" for each in cookies)
        headers = {"Host": self._host, "Cookie": self._cookie, "Origin": f"http://{self._host}"}
        self._client = httpx.Client(base_url=f"http://{self._address}{self._base}", headers=headers, timeout=60)
        self._session = uuid.uuid4().hex

    def write_notebook(self, name: str, content: dict[str, Any]) -> None:
        """Put a notebook into the home folder."""
        told = {"type": "notebook", "content": content}
        self._client.put(f"/api/contents/{name}", json=told).raise_for_status()

    def status(self, method: str, path: str, told: dict[str, Any] | None = None) -> int:
        """Return the status by which the server's gate answers."""
        return self._client.request(method, path, json=told).status_code

    def start(self) -> Kernel:
        """Start a kernel."""
        answer = self._client.post("/api/kernels", json={"name": "python3"})
        answer.raise_for_status()
        number = answer.json()["id"]
        socket = websocket.create_connection(
            f"ws://{self._address}{self._base}/api/kernels/{number}/channels?session_id={self._session}",
            host=self._host,
            origin=f"http://{self._host}",
            cookie=self._cookie,
            timeout=300,
        )
        return Kernel(socket, self._session)


class Kernel:
    """A running kernel, spoken to in the Jupyter messaging protocol 5.3."""

    def __init__(self, socket: websocket.WebSocket, session: str) -> None:
        self._socket, self._session = socket, session

    def run(self, code: str, seconds: float = 300) -> Answer:
        """Run a cell and return what it printed.

        Raises
        ------
        CellFailed
            When it ended in an error.
        """
        number = uuid.uuid4().hex
        header = {"msg_id": number, "username": "", "session": self._session, "msg_type": "execute_request"}
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        message = {"header": {**header, "version": "5.3"}, "parent_header": {}, "metadata": {}, "content": content}
        self._socket.send(json.dumps({**message, "channel": "shell", "buffers": []}))
        return self._answer(number, time.monotonic() + seconds)

    def _answer(self, number: str, deadline: float) -> Answer:
        answer = Answer()
        while time.monotonic() < deadline:
            # A plain recv() would answer the server's pings by itself, and never look at the clock.
            opcode, data = self._socket.recv_data(control_frame=True)
            if opcode != websocket.ABNF.OPCODE_TEXT:
                continue
            message = json.loads(data)
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] in ("restarting", "dead"):
                raise CellFailed("the kernel ended, and the cell with it")
            if message["parent_header"].get("msg_id") != number:
                continue
            if kind == "stream":
                answer.printed += content["text"]
                answer.outputs.append({"output_type": "stream", **content})
            elif kind in ("execute_result", "display_data"):
                answer.outputs.append({"output_type": kind, **content})
            elif kind == "error":
                raise CellFailed("\n".join(content["traceback"]))
            elif kind == "status" and content["execution_state"] == "idle":
                return answer
        raise CellFailed("the cell did not end in time")

    def close(self) -> None:
        """Hang up."""
        self._socket.close()
