"""The gate before a notebook server, attacked from both sides: by who is not its person, and by the server itself."""

from __future__ import annotations

import asyncio
import json
import mimetypes
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tre.workspace import gate as gates
from tre.workspace import gate_sign_in, launch
from tre.workspace.activity import Activity
from tre.workspace.attending import Attendance
from tre.workspace.gate import Gate
from tre.workspace.gate_rules import DOWNLOAD, NOWHERE, UPLOAD, Asked, refused, refused_answer, refused_body, target
from tre.workspace.gate_sign_in import Public, SignIns, origin_of
from tre.workspace.hub_door import Server
from tre.workspace.limits import Used
from tre.workspace.meter import Meter

HUB = "http://hub.localhost:8401"
ORIGIN, BASE = "http://ann.hub.localhost:8401", "/user/ann/frailty/"
HOST = {"Host": "ann.hub.localhost:8401"}
PAGE = {**HOST, "Accept": "text/html"}
SERVER = Server(
    "http://127.0.0.1:1", "the-server-s-own-token", "ann", "frailty", "jupyterhub-user-ann-frailty",
    f"{BASE}oauth_callback",
)  # fmt: skip


@dataclass
class Hub:
    """A Hub that knows codes and tokens, and can forget them."""

    codes: dict[str, str] = field(default_factory=lambda: {"good": "ann-s", "bobs": "bob-s", "weak": "weak-s"})
    tokens: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {
            "ann-s": {"name": "ann", "scopes": ["access:servers!server=ann/frailty"]},
            "bob-s": {"name": "bob", "scopes": ["access:servers!server=bob/frailty"]},
            "weak-s": {"name": "ann", "scopes": ["read:users:groups!user=ann"]},
        }
    )
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    silence: Exception | int | str | None = None

    def answer(self, request: httpx.Request) -> httpx.Response:
        if isinstance(self.silence, Exception):
            raise self.silence
        if self.silence is not None:
            return httpx.Response(self.silence if isinstance(self.silence, int) else 200, text="The Hub starts.")
        if request.url.path == "/hub/api/oauth2/token":
            form = parse_qs(request.content.decode())
            self.asked.append(form)
            token = self.codes.pop(form["code"][0], None)
            return httpx.Response(200, json={"access_token": token}) if token else httpx.Response(400, json={})
        told = self.tokens.get(request.headers["authorization"].removeprefix("token "))
        return httpx.Response(200, json=told) if told else httpx.Response(403, json={})


Answer = Callable[[bytes, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class House:
    """A gate, the Hub behind it, and a server inside that answers as the test wants."""

    address: str
    hub: Hub
    gate: Gate
    seen: list[bytes]
    sent: list[int]

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.address, trust_env=False, timeout=10)

    async def signed_in(self, code: str = "good", **changes: str) -> tuple[httpx.AsyncClient, httpx.Response]:
        """Go through a sign-in with a code of the Hub's, and return the browser and the last answer."""
        client = self.client()
        sent = await client.get(f"{BASE}lab?x=1", headers=PAGE)
        assert sent.status_code == 302, sent.text
        state = parse_qs(urlsplit(sent.headers["Location"]).query)["state"][0]
        cookies = "; ".join(f"{name}={value}" for name, value in sent.cookies.items())
        answer = await client.get(
            f"{BASE}oauth_callback",
            params={"code": code, "state": state, **changes},
            headers={**HOST, "Cookie": cookies},
        )
        client.cookies.clear()
        if "set-cookie" in answer.headers:
            client.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in answer.cookies.items() if value)
        client.headers.update(HOST)
        return client, answer


def answers(status: str, headers: dict[str, str], body: bytes = b"") -> Answer:
    async def answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told = {"Content-Length": str(len(body)), "Content-Type": "text/html", **headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        writer.write(f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1") + body)

    return answer


@asynccontextmanager
async def house(tmp_path: Any, answer: Answer | None = None, most: int = 10**9) -> AsyncIterator[House]:
    hub, seen, sent = Hub(), [], []
    path = str(tmp_path / "server.sock")

    async def inside(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(
            next((line.split(b":")[1] for line in head.lower().split(b"\r\n") if b"content-length" in line), 0)
        )
        seen.append(head + await reader.readexactly(length))
        await (answer or answers("200 OK", {}, b"inside"))(head, reader, writer)
        await writer.drain()
        writer.close()

    async def allowed(count: int) -> bool:
        sent.append(count)
        return sum(sent) <= most

    server = await asyncio.start_unix_server(inside, path)
    client = httpx.AsyncClient(transport=httpx.MockTransport(hub.answer))
    sign_ins = SignIns(SERVER, Public(HUB, ORIGIN, BASE, 3600), client)
    gate = Gate(sign_ins, lambda: asyncio.open_unix_connection(path), "what-the-gate-sends", allowed)
    listening = await asyncio.start_server(gate.serve, "127.0.0.1", 0)
    try:
        port = listening.sockets[0].getsockname()[1]
        yield House(f"http://127.0.0.1:{port}", hub, gate, seen, sent)
    finally:
        listening.close()
        server.close()


def run(test: Awaitable[None]) -> None:
    asyncio.run(asyncio.wait_for(test, 60))


def test_a_person_signs_in_at_the_hub_and_the_server_gets_no_token_of_theirs(tmp_path):
    async def scene() -> None:
        async with house(tmp_path) as here:
            client, answer = await here.signed_in()
            assert (answer.status_code, answer.headers["Location"]) == (302, f"{BASE}lab?x=1")
            cookie = answer.headers["set-cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=Lax" in cookie
            assert "Domain" not in cookie
            assert (await client.get(f"{BASE}lab")).text == "inside"
            form = here.hub.asked[0]
            assert form["client_secret"] == ["the-server-s-own-token"]
            assert len(form["code_verifier"][0]) >= 43
            head = here.seen[0].lower()
            assert b"authorization: token what-the-gate-sends" in head
            for secret in (b"ann-s", b"cookie", b"the-server-s-own-token"):
                assert secret not in head

    run(scene())


STRANGERS = [
    ("GET", f"{BASE}lab", {}), ("GET", f"{BASE}api/contents", {}), ("GET", f"{BASE}files/rows.csv", {}),
    ("POST", f"{BASE}api/contents", {}), ("GET", f"{BASE}lab?token=what-the-gate-sends", {}),
    ("GET", f"{BASE}lab", {"Authorization": "token what-the-gate-sends"}),
    ("GET", f"{BASE}lab", {"Authorization": "token ann-s"}), ("GET", f"{BASE}lab", {"Cookie": "gate-frailty=guess"}),
    ("GET", f"{BASE}api/kernels/k/channels", {"Upgrade": "websocket", "Connection": "Upgrade", "Origin": ORIGIN}),
    ("GET", "/", {}), ("GET", "/user/bob/asthma/lab", {}), ("OPTIONS", f"{BASE}lab", {}), ("GET", f"{BASE}metrics", {}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "headers"), STRANGERS)
def test_who_is_not_signed_in_reaches_nothing_of_the_server(tmp_path, method, path, headers):
    async def scene() -> None:
        async with house(tmp_path) as here, here.client() as client:
            for accept in ("text/html", "application/json"):
                answer = await client.request(method, path, headers={**HOST, "Accept": accept, **headers})
                assert answer.status_code in {302, 403}
                assert "inside" not in answer.text
                assert answer.status_code == 403 or answer.headers["Location"].startswith(f"{HUB}/hub/api/oauth2/")
        assert here.seen == []

    run(scene())


def test_the_hub_is_told_that_the_server_answers_and_nothing_that_it_says(tmp_path):
    async def scene() -> None:
        leak = answers("200 OK", {"X-JupyterHub-Version": "rows", "X-Rows": "rows"}, b"rows of data")
        async with house(tmp_path, leak) as here, here.client() as client:
            answer = await client.get(f"{BASE}api")
            assert (answer.status_code, "rows" in str(answer.headers) + answer.text) == (200, False)
            assert b"authorization" not in here.seen[0].lower()

    run(scene())


def test_no_service_worker_is_registered(tmp_path):
    """It would answer for every page of the server, without the gate's policy, and after the sign-in has ended."""

    async def scene() -> None:
        async with house(tmp_path, answers("200 OK", {"Content-Type": "text/javascript"})) as here:
            client, _ = await here.signed_in()
            for path in ("logo", "static/x.js", "lab"):
                assert (await client.get(BASE + path, headers={"Service-Worker": "script"})).status_code == 403
            assert here.seen == []

    run(scene())


def test_when_the_server_answers_tells_a_stranger_nothing(tmp_path):
    async def scene() -> None:
        async with house(tmp_path) as here, here.client() as client:
            for _ in range(5):
                assert (await client.get(f"{BASE}api")).status_code == 200
            assert len(here.seen) == 1

    run(scene())


@pytest.mark.parametrize("other", ['x={"a":1}', "a b=c", 'x="', "=", ";;", "gate-frailty-x=1"])
def test_an_odd_cookie_of_somebody_else_locks_nobody_out(tmp_path, other):
    async def scene() -> None:
        async with house(tmp_path) as here:
            client, _ = await here.signed_in()
            client.headers["Cookie"] = f"{other}; {client.headers['Cookie']}"
            assert (await client.get(f"{BASE}lab")).status_code == 200

    run(scene())


def test_hints_without_end_are_cut_off(tmp_path):
    async def hinting(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50)
        await reader.read()

    async def scene() -> None:
        async with house(tmp_path, hinting) as here:
            client, _ = await here.signed_in()
            with pytest.raises(httpx.TransportError):
                await client.get(f"{BASE}lab")

    run(scene())


def test_a_server_that_starts_is_waited_for(tmp_path):
    async def scene() -> None:
        async with house(tmp_path) as here, here.client() as client:
            there = here.gate.connect
            here.gate.connect = lambda: asyncio.open_unix_connection(str(tmp_path / "none"))
            asyncio.get_running_loop().call_later(0.5, lambda: setattr(here.gate, "connect", there))
            assert (await client.get(f"{BASE}api")).status_code == 200

    run(scene())


def test_a_server_that_does_not_answer_is_not_ready(tmp_path, monkeypatch):
    monkeypatch.setattr(gates, "_READY_SECONDS", 0.3)

    async def silent(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"rows, not HTTP")

    async def scene() -> None:
        async with house(tmp_path, silent) as here, here.client() as client:
            assert (await client.get(f"{BASE}api")).status_code == 503
            here.gate.connect = lambda: asyncio.open_unix_connection(str(tmp_path / "none"))
            assert (await client.get(f"{BASE}api")).status_code == 503

    run(scene())


@pytest.mark.parametrize(
    ("code", "changes"),
    [("bobs", {}), ("weak", {}), ("none", {}), ("", {}), ("good", {"state": "forged"}), ("good", {"state": ""})],
)
def test_a_sign_in_that_is_not_its_person_s_opens_nothing(tmp_path, code, changes):
    async def scene() -> None:
        async with house(tmp_path) as here:
            client, answer = await here.signed_in(code, **changes)
            assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
            assert (await client.get(f"{BASE}lab", headers=PAGE)).status_code == 302
            assert here.seen == []

    run(scene())


async def _begun(here: House, path: str = "lab", cookies: str = "") -> tuple[str, str]:
    """Begin a sign-in, and return its state and cookie."""
    async with here.client() as client:
        sent = await client.get(f"{BASE}{path}", headers={**PAGE, "Cookie": cookies})
    return parse_qs(urlsplit(sent.headers["Location"]).query)["state"][0], _set_by(sent)[0]


def _set_by(answer: httpx.Response) -> list[str]:
    """Return the cookies that an answer sets, and not those that it takes away."""
    return [each.split(";")[0] for each in answer.headers.get_list("set-cookie") if "Max-Age=0" not in each]


async def _finish(here: House, state: str, cookies: str, code: str = "good") -> httpx.Response:
    async with here.client() as client:
        asked = {"code": code, "state": state}
        return await client.get(f"{BASE}oauth_callback", params=asked, headers={**HOST, "Cookie": cookies})


def test_a_sign_in_is_finished_by_the_browser_that_began_it_and_once(tmp_path):
    async def scene() -> None:
        async with house(tmp_path) as here:
            state, cookie = await _begun(here)
            name, _, sealed = cookie.partition("=")
            _, others = await _begun(here)
            forged = ["", f"{name}=forged", f"{name}=", f"{name}={others.partition('=')[2]}", others, f"{name}={state}"]
            forged += [f"{name}={sealed[:40]}{'A' if sealed[40] != 'A' else 'B'}{sealed[41:]}"]
            for each in forged:
                assert (await _finish(here, state, each)).status_code == 403
            assert here.hub.asked == [], "no code is spent on a sign-in that is not this browser's"
            assert (await _finish(here, state, cookie)).status_code == 302
            assert (await _finish(here, state, cookie)).status_code == 403, "a code is good once"
            assert (await _finish(here, "", cookie, "weak")).status_code == 403

    run(scene())


def test_what_strangers_ask_for_is_kept_nowhere_and_ends_nobody_s_sign_in(tmp_path):
    async def scene() -> None:
        async with house(tmp_path) as here:
            state, cookie = await _begun(here)
            before = dict(vars(here.gate.sign_ins))
            for _ in range(300):
                here.gate.sign_ins.begin(f"{BASE}lab", "")
            assert vars(here.gate.sign_ins) == before
            assert not here.gate.sign_ins._sessions
            assert (await _finish(here, state, cookie)).status_code == 302

    run(scene())


def test_two_tabs_sign_in_at_once_each_to_its_own_page(tmp_path):
    async def scene() -> None:
        async with house(tmp_path) as here:
            here.hub.codes["second"] = "ann-s"
            first, one = await _begun(here, "lab/tree/a.ipynb")
            second, two = await _begun(here, "lab?x=2", one)
            both = f"{two}; {one}"
            for state, code, path in ((first, "good", "lab/tree/a.ipynb"), (second, "second", "lab?x=2")):
                answer = await _finish(here, state, both, code)
                assert (answer.status_code, answer.headers["Location"]) == (302, BASE + path)

    run(scene())


def test_a_browser_keeps_a_few_sign_ins_and_forgets_the_oldest(tmp_path, monkeypatch):
    async def scene() -> None:
        async with house(tmp_path) as here:
            begun: list[str] = ["gate-state.frailty.0123456789abcdef=of-a-gate-before"]
            for number in range(9):
                monkeypatch.setattr("time.time", lambda number=number: 1_800_000_000 + number)
                _, (made, *gone) = here.gate.sign_ins.begin(f"{BASE}lab", "; ".join(["gate-frailty=x", *begun]))
                away = [each.split("=")[0] for each in gone]
                assert away == [each.split("=")[0] for each in reversed(begun[: max(0, len(begun) - 3)])]
                begun = [*[each for each in begun if each.split("=")[0] not in away], made.split(";")[0]]
                assert len(begun) <= 4
            assert sum(len(each) for each in begun) < 8000

    run(scene())


def test_a_sign_in_that_was_begun_long_ago_is_over(tmp_path, monkeypatch):
    async def scene() -> None:
        async with house(tmp_path) as here:
            state, cookie = await _begun(here)
            now = time.time()
            monkeypatch.setattr("time.time", lambda: now + 601)
            assert (await _finish(here, state, cookie)).status_code == 403
            assert here.hub.asked == []

    run(scene())


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example/", "/user/bob/asthma/lab", f"{BASE}../../bob/lab", "", f"{BASE}//x",
     f"{BASE}lab?{'x' * 5000}", "javascript:x", f"{BASE}\\evil"],
)  # fmt: skip
def test_a_sign_in_leads_to_no_other_site(tmp_path, wanted):
    async def scene() -> None:
        async with house(tmp_path) as here:
            where, (cookie,) = here.gate.sign_ins.begin(wanted, "")
            state = parse_qs(urlsplit(where).query)["state"][0]
            answer = await _finish(here, state, cookie.split(";")[0])
            assert (answer.status_code, answer.headers["Location"]) == (302, BASE)

    run(scene())


@pytest.mark.parametrize("silence", [httpx.ConnectError("gone"), httpx.ReadTimeout("slow"), 503, 500, 429, "text"])
def test_a_hub_that_does_not_answer_lets_nobody_in_and_ends_no_session(tmp_path, monkeypatch, silence):
    async def scene() -> None:
        async with house(tmp_path) as here:
            client, _ = await here.signed_in()
            assert (await client.get(f"{BASE}lab")).status_code == 200
            monkeypatch.setattr(gate_sign_in, "RECHECK_SECONDS", -1.0)
            here.hub.silence = silence
            for _ in range(2):
                answers = await asyncio.gather(*(client.get(f"{BASE}lab") for _ in range(3)))
                assert {each.status_code for each in answers} == {503}
                assert "The Hub does not answer" in answers[0].text
                assert answers[0].headers["Retry-After"] == "5"
            assert len(here.seen) == 1
            here.hub.silence = None
            assert (await client.get(f"{BASE}lab")).status_code == 200
            here.hub.tokens.clear()
            assert (await client.get(f"{BASE}lab")).status_code == 403, "the Hub says no"

    run(scene())


def test_a_sign_in_waits_for_a_hub_that_does_not_answer(tmp_path):
    async def scene() -> None:
        async with house(tmp_path) as here:
            state, cookie = await _begun(here)
            here.hub.silence = httpx.ConnectError("gone")
            answer = await _finish(here, state, cookie)
            assert (answer.status_code, answer.headers.get("set-cookie")) == (503, None)
            here.hub.silence = None
            assert (await _finish(here, state, cookie)).status_code == 302

    run(scene())


def test_a_websocket_ends_when_the_hub_no_longer_answers(tmp_path, monkeypatch):
    monkeypatch.setattr(gates, "RECHECK_SECONDS", 0.1)
    monkeypatch.setattr(gate_sign_in, "RECHECK_SECONDS", 0.0)

    async def scene() -> None:
        async with house(tmp_path, _echo) as here:
            client, _ = await here.signed_in()
            reader, writer = await _websocket(here, client.headers["Cookie"])
            await reader.readuntil(b"first")
            here.hub.silence = httpx.ConnectError("gone")
            assert await asyncio.wait_for(reader.read(), 20) == b""
            writer.close()

    run(scene())


def test_who_signs_out_at_the_hub_is_out_of_the_server_too(tmp_path, monkeypatch):
    async def scene() -> None:
        async with house(tmp_path) as here:
            client, _ = await here.signed_in()
            assert (await client.get(f"{BASE}lab")).status_code == 200
            here.hub.tokens.pop("ann-s")
            assert (await client.get(f"{BASE}lab")).status_code == 200, "not asked again yet"
            monkeypatch.setattr(gate_sign_in, "RECHECK_SECONDS", -1.0)
            assert (await client.get(f"{BASE}lab")).status_code == 403

    run(scene())


def test_a_session_ends_with_the_day(tmp_path):
    async def scene() -> None:
        async with house(tmp_path) as here:
            client, _ = await here.signed_in()
            for session in here.gate.sign_ins._sessions.values():
                session.began -= 3601
            assert (await client.get(f"{BASE}lab")).status_code == 403

    run(scene())


PASSED = [
    ("GET", "lab", ""), ("GET", "", ""), ("GET", "lab/tree/a%20b.ipynb", ""), ("GET", "static/lab/main.js", ""),
    ("GET", "lab/extensions/x/static/remote.js", ""), ("GET", "lab/api/settings", ""), ("PUT", "lab/api/settings/x",
    ""),
    ("GET", "lab/api/translations/en", ""), ("PUT", "lab/api/workspaces/default", ""), ("GET", "api", ""),
    ("GET", "api/contents", "content=1"), ("GET", "api/contents/folder", "content=1&hash=0"), ("GET", "api/me", ""),
    ("GET", "api/contents/a.ipynb", "type=notebook&content=1"), ("GET", "api/contents/rows.csv", "content=0"),
    ("GET", "api/contents/a.ipynb/checkpoints", ""), ("DELETE", "api/contents/rows.csv", ""), ("GET", "api/kernels",
    ""),
    ("POST", "api/sessions", ""), ("GET", "api/kernelspecs", ""), ("POST", "api/kernels/k/interrupt", ""),
    ("GET", "kernelspecs/python3/logo-svg.svg", ""), ("HEAD", "lab", ""), ("GET", "api/contents/data",
    "type=directory"),
]  # fmt: skip
REFUSED = [
    ("GET", "files/rows.csv", "", DOWNLOAD), ("GET", "files/a.ipynb", "download=1", DOWNLOAD),
    ("GET", "nbconvert/html/a.ipynb", "download=true", DOWNLOAD), ("GET", "view/a.html", "", DOWNLOAD),
    ("GET", "%66iles/rows.csv", "", DOWNLOAD), ("GET", "files%2Frows.csv", "", NOWHERE),
    ("GET", "api/contents/f%2Fcheckpoints", "type=file", NOWHERE),
    ("GET", "api/contents/f/%63heckpoints", "type=file", DOWNLOAD), ("GET", "lab/%2561", "", NOWHERE),
    ("GET", "api/contents/rows.csv", "type=file&content=1", DOWNLOAD),
    ("GET", "api/contents/rows.csv", "type=file&format=base64", DOWNLOAD),
    ("GET", "api/contents/rows", "type=file", DOWNLOAD), ("GET", "api/contents/a.ipynb", "type=file", DOWNLOAD),
    ("GET", "api/contents/rows.csv", "type=notebook", DOWNLOAD), ("HEAD", "files/rows.csv", "", DOWNLOAD), ("GET",
    "terminals/1", "", NOWHERE),
    ("POST", "api/terminals", "", NOWHERE), ("GET", "proxy/8000/", "", NOWHERE), ("GET", "metrics", "", NOWHERE),
    ("GET", "api/nbconvert", "", NOWHERE), ("GET", "lab/api/extensions-x", "", NOWHERE), ("POST", "lab", "", NOWHERE),
    ("GET", "../../bob/asthma/lab", "", NOWHERE), ("GET", "..%2f..%2fbob/lab", "", NOWHERE),
    ("GET", "lab/../files/rows.csv", "", NOWHERE), ("GET", "lab/%252e%252e/files/x", "", NOWHERE),
    ("GET", "lab//files", "", NOWHERE), ("GET", "lab\\..\\files", "", NOWHERE), ("TRACE", "lab", "", NOWHERE),
    ("CONNECT", "lab", "", NOWHERE), ("GET", "tree", "", NOWHERE), ("GET", "edit/rows.csv", "", NOWHERE),
    ("GET", "lab/api/licenses", "download=1", NOWHERE), ("GET", "api/spec.yaml", "", NOWHERE),
    ("GET", "login", "", NOWHERE), ("GET", "services", "", NOWHERE), ("GET", "lsp/ws/pylsp", "", NOWHERE),
]  # fmt: skip


@pytest.mark.parametrize(("method", "rest", "query"), PASSED)
def test_what_jupyterlab_needs_passes(method, rest, query):
    assert refused(Asked(method, BASE + rest, query), BASE) is None


@pytest.mark.parametrize(
    ("rest", "query", "kind"),
    [
        ("api/contents", "", ["directory"]), ("api/contents/", "content=1", ["directory"]),
        ("api/contents/rows.csv", "content=1", ["directory"]), ("api/contents/rows", "", ["directory"]),
        ("api/contents/v1.2", "hash=0", ["directory"]), ("api/contents/a.ipynb", "content=1", ["notebook"]),
        ("api/contents/rows.csv", "format=base64", ["directory"]), ("api/contents/rows.csv", "type=", ["directory"]),
        ("api/contents/rows.csv", "content=0", None), ("api/contents/a.ipynb/checkpoints", "", None),
        ("api/contents/x", "type=directory", ["directory"]), ("api/contents/x.csv",
        "content=0&content=1", ["directory"]), ("lab", "", None), ("api/contents-x", "", None),
    ],
)  # fmt: skip
def test_what_is_not_said_to_be_read_is_no_file(rest, query, kind):
    """The server's own file of any name would be read where nobody said what it is; a folder it is not."""
    path, _, sent = target(Asked("GET", BASE + rest, query), BASE).partition("?")
    assert path == BASE + rest
    assert parse_qs(sent).get("type") == kind


@pytest.mark.parametrize(("method", "rest", "query", "why"), REFUSED)
def test_what_would_take_a_file_out_or_reach_further_does_not(method, rest, query, why):
    assert refused(Asked(method, BASE + rest, query), BASE) == why


@pytest.mark.parametrize(
    ("rest", "passes"),
    [
        ("api/kernels/5f-a/channels", True), ("api/events/subscribe", True), ("terminals/websocket/1", False),
        ("api/kernels/x/y/channels", False), ("proxy/8000/ws", False), ("lab", False), ("files/rows.csv", False),
    ],
)  # fmt: skip
def test_only_kernels_and_events_speak_over_a_websocket(rest, passes):
    assert (refused(Asked("GET", BASE + rest, "", upgrade=True), BASE) is None) is passes


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"type": "notebook", "content": {"cells": []}}, None), ({"type": "directory"}, None),
        ({"path": "b.ipynb"}, None),
        ({"copy_from": "a.ipynb"}, None), ({"type": "file", "ext": ".py"}, None),
        ({"type": "file", "content": "a,b"}, UPLOAD), ({"type": "file", "format": "base64", "content": "eA=="}, UPLOAD),
        ({"content": "a,b"}, UPLOAD), ({"type": "notebook", "chunk": 1, "content": {}}, UPLOAD), ([1], UPLOAD),
        ("text", UPLOAD),
    ],
)  # fmt: skip
def test_what_is_no_notebook_is_no_upload(told, why):
    assert refused_body(json.dumps(told).encode()) == why


@pytest.mark.parametrize("body", [b"{", b"[" * 100_000, b'{"content":[' + b"[]," * 400_000 + b"[]]}", b"\xff", b"x,y"])
def test_what_cannot_be_read_is_no_upload(body):
    assert refused_body(body) == UPLOAD


def test_an_upload_is_stopped_before_it_reaches_the_server(tmp_path):
    async def scene() -> None:
        async with house(tmp_path) as here:
            client, _ = await here.signed_in()
            for rest, told, status in (
                ("api/contents/rows.csv", {"type": "file", "content": "a,b"}, 403),
                ("api/contents/a.ipynb", {"type": "notebook", "content": {"cells": []}}, 200),
            ):
                answer = await client.put(BASE + rest, json=told, headers={"Origin": ORIGIN})
                assert answer.status_code == status
            assert len(here.seen) == 1
            assert b'"notebook"' in here.seen[0]

    run(scene())


@pytest.mark.parametrize(
    "origin", ["", "null", "http://bob.hub.localhost:8401", "http://hub.localhost:8401", "https://evil"]
)
def test_another_page_in_the_person_s_browser_changes_nothing(tmp_path, origin):
    async def scene() -> None:
        async with house(tmp_path) as here:
            client, _ = await here.signed_in()
            told = {"Origin": origin} if origin else {}
            for method, rest in (
                ("POST", "api/kernels"),
                ("DELETE", "api/contents/a.ipynb"),
                ("PUT", "api/contents/a.ipynb"),
            ):
                assert (await client.request(method, BASE + rest, headers=told)).status_code == 403
            upgrade = {**told, "Upgrade": "websocket", "Connection": "Upgrade"}
            assert (await client.get(f"{BASE}api/kernels/k/channels", headers=upgrade)).status_code == 403
            assert here.seen == []

    run(scene())


def test_a_hostile_server_s_headers_do_not_reach_the_browser(tmp_path):
    hostile = {
        "Content-Type": "text/html", "Set-Cookie": "gate-frailty=planted",
        "Refresh": "0; url=https://evil.example/?rows",
        "Link": "<https://evil.example/?rows>; rel=preload", "Content-Security-Policy": "default-src *",
        "Content-Security-Policy-Report-Only": "default-src *; report-uri https://evil.example",
        "Access-Control-Allow-Origin": "*", "Report-To": "{}", "NEL": "{}", "Reporting-Endpoints": 'x="https://evil"',
        "Alt-Svc": 'h2="evil.example:443"', "Content-Disposition": "inline; filename=rows.csv",
        "Service-Worker-Allowed": "/", "Clear-Site-Data": '"cookies"', "X-Rows": "rows", "Server": "rows",
        "ETag": '"1"',
        "SourceMap": "https://evil.example", "Cross-Origin-Opener-Policy": "unsafe-none",
    }  # fmt: skip

    async def scene() -> None:
        async with house(tmp_path, answers("200 OK", hostile, b"<p>hello")) as here:
            client, _ = await here.signed_in()
            answer = await client.get(f"{BASE}lab")
            told = {name.lower(): value for name, value in answer.headers.items()}
            assert "evil" not in str(told)
            assert "rows" not in str(told)
            assert not {"set-cookie", "refresh", "link", "content-disposition", "nel", "server"} & told.keys()
            assert told["content-security-policy"].startswith("default-src 'none'")
            assert told["cross-origin-opener-policy"] == "same-origin"
            assert told["etag"] == '"1"'

    run(scene())


FILES = [
    "application/octet-stream", "text/csv", "text/plain", "application/zip", "application/pdf", "application/gzip",
    "application/x-ipynb+json", "application/vnd.apache.parquet", "application/wasm", "video/mp4",
    "TEXT/CSV; charset=x", "text/html, text/csv", "text/csv;text/html", "", "image/tiff", "font/woff",
]  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_a_server_hands_out_no_file_by_its_kind(tmp_path, kind):
    async def scene() -> None:
        async with house(tmp_path, answers("200 OK", {"Content-Type": kind}, b"rows")) as here:
            client, _ = await here.signed_in()
            for path in ("lab", "static/rows.csv", "api/contents", "kernelspecs/python3/rows.woff"):
                answer = await client.get(BASE + path)
                assert (answer.status_code, "rows" in answer.text) == (403, False)
                assert "airlock" in answer.text

    run(scene())


@pytest.mark.parametrize("told", ["attachment", "attachment; filename=rows.html", "Attachment", "form-data", ""])
def test_a_server_hands_out_no_attachment(tmp_path, told):
    async def scene() -> None:
        async with house(tmp_path, answers("200 OK", {"Content-Disposition": told}, b"rows")) as here:
            client, _ = await here.signed_in()
            assert (await client.get(f"{BASE}lab")).status_code == 403

    run(scene())


def test_a_second_kind_makes_no_file_of_a_page():
    both = [(b"content-type", b"text/html"), (b"Content-Type", b"text/csv")]
    assert refused_answer(200, both, "lab") == DOWNLOAD
    assert refused_answer(200, [], "lab") == DOWNLOAD
    assert refused_answer(204, [], "api/sessions/1") is None


@pytest.mark.parametrize("kind", ["font/woff2", "application/octet-stream", "text/html", None])
def test_a_font_is_named_by_the_gate(tmp_path, kind):
    async def scene() -> None:
        headers = {"Content-Type": kind} if kind else {}
        async with house(tmp_path, answers("200 OK", headers, b"glyphs")) as here:
            client, _ = await here.signed_in()
            answer = await client.get(f"{BASE}static/lab/a.woff2")
            assert (answer.status_code, answer.headers.get_list("content-type")) == (200, ["font/woff2"])

    run(scene())


@pytest.mark.parametrize(
    "path", ["lab", "api/contents", "lab/extensions/x/static/x.js", "kernelspecs/python3/logo.png"]
)
def test_a_browser_is_to_store_nothing_but_jupyterlab_s_own_files(tmp_path, path):
    async def scene() -> None:
        keep = {"Cache-Control": "public, immutable, max-age=31536000"}
        async with house(tmp_path, answers("200 OK", keep, b"rows")) as here:
            client, _ = await here.signed_in()
            assert (await client.get(BASE + path)).headers.get_list("cache-control") == ["no-store"]
            assert (await client.get(f"{BASE}static/lab/main.js")).headers["cache-control"] == keep["Cache-Control"]

    run(scene())


def test_no_button_is_offered_for_what_the_gate_does_not_pass(tmp_path):
    """Names are JupyterLab's, and may change with it: each must be known to it, and of each kind none left out."""
    launch._prepare(tmp_path, SimpleNamespace(username="ann", uid=0, gid=0, home="/home/ann", beside=()))
    told = json.loads((tmp_path / "etc" / "jupyter" / "labconfig" / "page_config.json").read_text())
    off = [name for name, is_off in told["disabledExtensions"].items() if is_off]
    static = Path(sys.prefix) / "share" / "jupyter" / "lab" / "static"
    text = "".join(each.read_text() for each in static.glob("*.js"))
    assert [name for name in off if f'"{name}' not in text] == []
    dead = r":download$|:export$|:language-server$|:open-browser-tab$|:licenses|/terminal-extension:|/lsp-extension:"
    plugins = set(re.findall(r'id:"(@jupyterlab/[a-z-]+:[\w-]+)"', text))
    offered = {each for each in plugins if re.search(dead, each)}
    assert len(offered) > 10
    assert {each for each in offered if each not in off and each.partition(":")[0] not in off} == set()


def test_jupyterlab_is_told_in_its_own_way_why_something_does_not_pass(tmp_path):
    async def scene() -> None:
        async with house(tmp_path) as here:
            client, _ = await here.signed_in()
            answer = await client.get(f"{BASE}api/contents/rows.csv", params={"type": "file"})
            assert (answer.status_code, answer.json()) == (403, {"message": DOWNLOAD})
            assert (await client.get(f"{BASE}files/rows.csv")).headers["content-type"] == "text/html; charset=utf-8"

    run(scene())


def test_every_kind_of_file_that_jupyterlab_ships_passes():
    """As its server names them where the system knows its fonts and where it does not."""
    import jupyter_server

    shipped = (Path(sys.prefix) / "share" / "jupyter", Path(jupyter_server.__file__).parent / "static")
    files = {each.suffix for place in shipped for each in place.rglob("*") if each.is_file()}
    asked_for = files - {".j2", ".tpl", ".orig", ".map", ".md", ".txt", ".yaml"}  # read by the server, or by nobody
    assert {".js", ".css", ".html", ".json", ".svg", ".png", ".ico", ".woff", ".woff2", ".ttf", ".eot"} <= asked_for
    for known in (mimetypes.guess_type, mimetypes.MimeTypes().guess_type):
        for suffix in asked_for:
            kind = (known(f"a{suffix}")[0] or "application/octet-stream").encode()
            assert refused_answer(200, [(b"Content-Type", kind)], f"static/lab/a{suffix}") is None, (suffix, kind)


@pytest.mark.parametrize(
    ("target", "passes"),
    [
        ("https://evil.example/?rows", False), ("//evil.example/", False), ("/hub/home", False),
        ("javascript:x", False),
        (f"{HUB}/hub/logout?rows", False), ("/user/bob/asthma/lab", False), (f"{BASE}../../bob/lab", False),
        (f"{BASE}lab?x=1", True), (f"{ORIGIN}{BASE}lab", True), ("lab", False), ("http://[", False),
    ],
)  # fmt: skip
def test_a_redirect_leads_to_no_other_site(tmp_path, target, passes):
    async def scene() -> None:
        async with house(tmp_path, answers("302 Found", {"Location": target})) as here:
            client, _ = await here.signed_in()
            answer = await client.get(f"{BASE}lab")
            assert (answer.status_code == 302) is passes
            assert "evil" not in str(answer.headers)

    run(scene())


@pytest.mark.parametrize(
    "raw",
    [
        b"rows, not HTTP at all\r\n\r\n", b"",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nrows",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 9\r\n\r\nrows",
    ],
)  # fmt: skip
def test_a_server_that_speaks_no_http_harms_its_own_answer_alone(tmp_path, raw):
    async def broken(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    async def scene() -> None:
        async with house(tmp_path, broken) as here:
            client, _ = await here.signed_in()
            with pytest.raises(httpx.TransportError):
                await client.get(f"{BASE}lab")
            assert (await client.get(f"{BASE}files/x")).status_code == 403, "the gate still stands"

    run(scene())


@pytest.mark.parametrize(
    "raw",
    [
        b"GET {base}lab HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        b"GET /x HTTP/1.1\r\n\r\n",
        b"GET {base}lab HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"GET {base}lab HTTP/1.1\r\nHost: x\r\nX: a\r\n b\x00\r\n\r\n",
        b"\x16\x03\x01", b"GET {base}lab HTTP/1.1\r\n\r\n",
    ],
)  # fmt: skip
def test_a_request_that_two_readers_could_read_differently_is_not_passed_on(tmp_path, raw):
    async def scene() -> None:
        async with house(tmp_path) as here:
            client, _ = await here.signed_in()
            port = int(here.address.rsplit(":", 1)[1])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            cookie = f"Cookie: {client.headers['Cookie']}\r\n\r\n".encode()
            writer.write(raw.replace(b"{base}", BASE.encode()).replace(b"\r\n\r\n", b"\r\n" + cookie, 1))
            writer.write_eof()
            await reader.read()
            writer.close()
            assert all(b"GET /x" not in each for each in here.seen)
            assert len(here.seen) <= 1

    run(scene())


async def _echo(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    told = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: y\r\nSet-Cookie: a=b\r\n"
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\n" + told + b"\r\nfirst")
    while chunk := await reader.read(100):
        writer.write(chunk.upper())
        await writer.drain()


async def _websocket(here: House, cookie: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(here.address.rsplit(":", 1)[1]))
    lines = [
        f"GET {BASE}api/kernels/k-1/channels?session_id=s HTTP/1.1", "Host: ann.hub.localhost:8401",
        f"Cookie: {cookie}",
        f"Origin: {ORIGIN}", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: x",
        "Sec-WebSocket-Version: 13", "", "",
    ]  # fmt: skip
    writer.write("\r\n".join(lines).encode())
    return reader, writer


def test_a_websocket_is_carried_counted_and_ended_with_the_sign_in(tmp_path, monkeypatch):
    monkeypatch.setattr(gates, "RECHECK_SECONDS", 0.2)
    monkeypatch.setattr(gate_sign_in, "RECHECK_SECONDS", 0.0)

    async def scene() -> None:
        async with house(tmp_path, _echo) as here:
            client, _ = await here.signed_in()
            reader, writer = await _websocket(here, client.headers["Cookie"])
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 101")
            assert b"set-cookie" not in head.lower()
            assert await reader.readexactly(5) == b"first"
            writer.write(b"hello")
            assert await reader.readexactly(5) == b"HELLO"
            assert 10 < sum(here.sent) <= 10 + len(head)
            here.hub.tokens.clear()  # the person signs out
            assert await asyncio.wait_for(reader.read(), 20) == b""
            writer.close()

    run(scene())


def test_what_goes_to_the_browser_has_a_ceiling(tmp_path):
    async def scene() -> None:
        async with house(tmp_path, answers("200 OK", {}, b"x" * 300_000), most=200_000) as here:
            client, _ = await here.signed_in()
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get(f"{BASE}lab")
            here.sent.append(10**9)
            assert (await client.get(f"{BASE}lab")).status_code == 429

    run(scene())


def test_what_stands_in_headers_is_counted_too(tmp_path):
    async def scene() -> None:
        async with house(tmp_path, answers("200 OK", {"ETag": '"' + "x" * 5000 + '"'})) as here:
            client, _ = await here.signed_in()
            await client.get(f"{BASE}lab")
            assert sum(here.sent) > 5000

    run(scene())


def test_a_browser_that_is_gone_holds_no_connection_however_long_the_server_waits_with_its_answer(tmp_path):
    held: list[asyncio.StreamReader] = []
    ended = asyncio.Event()

    async def waits(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(reader)
        with suppress(ConnectionResetError):
            await reader.read()
        ended.set()

    async def scene() -> None:
        async with house(tmp_path, waits) as here:
            client, _ = await here.signed_in()
            _, writer = await asyncio.open_connection("127.0.0.1", int(here.address.rsplit(":", 1)[1]))
            head = f"Host: x\r\nCookie: {client.headers['Cookie']}"
            writer.write(f"GET {BASE}api/kernels HTTP/1.1\r\n{head}\r\n\r\n".encode())
            while not held:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
            assert len(here.gate._open) == 1
            writer.transport.abort()
            await asyncio.wait_for(ended.wait(), 20)
            assert not here.gate._open

    run(scene())


def test_what_a_browser_sends_ahead_is_answered_in_its_turn(tmp_path):
    async def slow(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        await answers("200 OK", {"Content-Type": "text/html"}, head.split()[1])(head, reader, writer)

    async def scene() -> None:
        async with house(tmp_path, slow) as here:
            client, _ = await here.signed_in()
            reader, writer = await asyncio.open_connection("127.0.0.1", int(here.address.rsplit(":", 1)[1]))
            for path in ("lab", "doc"):
                head = f"GET {BASE}{path} HTTP/1.1\r\nHost: x\r\nCookie: {client.headers['Cookie']}\r\n\r\n"
                writer.write(head.encode())
                await asyncio.sleep(0.05)
            for path in ("lab", "doc"):
                assert (await reader.readuntil(f"\r\n\r\n{BASE}{path}".encode())).startswith(b"HTTP/1.1 200")
            writer.close()

    run(scene())


async def _endless(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"4\r\nrows\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("answer", [_endless, _echo])
def test_a_gate_that_closes_sends_nothing_more(tmp_path, answer):
    """The server inside may go on for as long as it likes, over whatever connection there is."""

    async def scene() -> None:
        async with house(tmp_path, answer) as here:
            client, _ = await here.signed_in()
            if answer is _echo:
                reader, writer = await _websocket(here, client.headers["Cookie"])
            else:
                reader, writer = await asyncio.open_connection("127.0.0.1", int(here.address.rsplit(":", 1)[1]))
                writer.write(f"GET {BASE}lab HTTP/1.1\r\nHost: x\r\n".encode())
                writer.write(f"Cookie: {client.headers['Cookie']}\r\n\r\n".encode())
            await reader.readuntil(b"\r\n\r\n")
            here.gate.close()
            with suppress(ConnectionResetError):
                await asyncio.wait_for(reader.read(), 20)
            counted = sum(here.sent)
            await asyncio.sleep(0.1)
            assert sum(here.sent) == counted
            writer.close()
            with pytest.raises(httpx.TransportError):
                await client.get(f"{BASE}lab")

    run(scene())


def test_a_workspace_that_is_closed_is_silent_before_its_server_has_ended(tmp_path):
    """It has seconds to end in, and a hostile one takes them."""
    portal = Meter(httpx.AsyncClient(transport=httpx.MockTransport(_full)), "http://portal/api/gate/sent", "token")

    class Stubborn:
        def __init__(self) -> None:
            self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            self.told = asyncio.Event()

        async def wait(self) -> int:
            return await self.ended

        def terminate(self) -> None:
            self.told.set()

    async def scene() -> None:
        async with house(tmp_path) as here:
            listening = await asyncio.start_server(here.gate.serve, "127.0.0.1", 0)
            attendance = Attendance(portal, Activity(portal.client, "http://portal", "token", lambda: Used(0.0, 0)))
            attendance.add(listening, here.gate)
            assert await portal.allowed(1)
            process = Stubborn()
            sandbox = SimpleNamespace(watch=0, marked=False)
            ending = asyncio.ensure_future(launch._until_end([process], sandbox, attendance))
            await asyncio.sleep(0.1)
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(process.told.wait(), 10)
            assert not process.ended.done()
            assert not await portal.allowed(1)
            assert not listening.is_serving()
            async with here.client() as client:
                with pytest.raises(httpx.TransportError):
                    await client.get(f"{BASE}api")
            assert not ending.done()
            process.ended.set_result(0)
            assert await ending == 0

    run(scene())


def _full(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"left": 1000})


def test_of_too_many_connections_the_last_are_hung_up_on(tmp_path, monkeypatch):
    monkeypatch.setattr(gates, "_MOST_CONNECTIONS", 3)

    async def scene() -> None:
        async with house(tmp_path) as here:
            port = int(here.address.rsplit(":", 1)[1])
            idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
            await asyncio.sleep(0.1)
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert await asyncio.wait_for(reader.read(), 20) == b""
            for _, each in [*idle, (reader, writer)]:
                each.close()
            await asyncio.sleep(0.1)
            async with here.client() as client:
                assert (await client.get(f"{BASE}api")).status_code == 200

    run(scene())


def test_a_long_answer_is_passed_as_it_comes(tmp_path):
    async def chunked(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(50):
            part = str(number).encode() * 5000
            writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    async def scene() -> None:
        async with house(tmp_path, chunked) as here:
            client, _ = await here.signed_in()
            answer = await client.get(f"{BASE}static/big.js")
            assert answer.content == b"".join(str(number).encode() * 5000 for number in range(50))
            assert len(answer.content) < sum(here.sent) < len(answer.content) + 5000
            assert (await client.head(f"{BASE}files/x")).status_code == 403  # an answer of our own, without its text

    run(scene())


def test_whose_origin_it_is():
    assert origin_of(HUB, "ann") == ORIGIN
    public = Public("https://hub.example", "https://ann.hub.example", BASE, 60)
    sign_ins = SignIns(SERVER, public, httpx.AsyncClient())
    assert sign_ins.cookie == "__Host-gate-frailty"
    (begun,) = sign_ins.begin(BASE, "")[1]
    assert begun.startswith("__Host-gate-state.frailty.")
    assert "; Path=/; HttpOnly; SameSite=Lax; Secure" in begun
