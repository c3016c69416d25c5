"""The door out of a notebook: three questions to the Hub and one interface of the portal, and it cannot be widened."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from starlette.testclient import TestClient

from tre.workspace.door import door
from tre.workspace.hub_door import MOST_BYTES, Server, checked_activity

TOKEN, OWN, GATE = "the-workspace-token", "the-server-s-own-token", "what-the-gate-sends"
CALLBACK = "/user/ann/frailty/oauth_callback"
BULK = "x" * 2000
NOW = datetime(2026, 7, 1, 12, 30, 45, tzinfo=UTC)


def server(address: str) -> Server:
    return Server(address, OWN, "ann", "frailty", "jupyterhub-user-ann-frailty", CALLBACK)


class _Recorder(BaseHTTPRequestHandler):
    seen: list[tuple[str, str, dict[str, str], bytes]] = []  # noqa: RUF012
    told: dict[str, object] = {}  # noqa: RUF012

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.command, self.path, dict(self.headers), body))
        status = 302 if "redirect" in self.path else 200
        self.send_response(status)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Set-Cookie", "tre_session=stolen")
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(self.told.get(self.path, {"path": self.path})).encode())

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD = _answer

    def log_message(self, *arguments: object) -> None:
        """Be quiet."""


@pytest.fixture(scope="module")
def opened():
    listening = HTTPServer(("127.0.0.1", 0), _Recorder)
    threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
    address = f"http://127.0.0.1:{listening.server_port}"
    with TestClient(door(server(address), address, TOKEN, GATE), raise_server_exceptions=False) as made:
        yield made
    listening.shutdown()


@pytest.fixture
def client(opened):
    _Recorder.seen.clear()
    _Recorder.told = {}
    return opened


def test_the_platform_is_reached_with_the_workspace_s_token(client):
    answer = client.get("/tre/api/tables?x=1", headers={"Authorization": "Bearer another", "Cookie": "a=b"})
    assert answer.status_code == 200
    method, path, headers, _ = _Recorder.seen[0]
    assert (method, path) == ("GET", "/api/workspace/tables?x=1")
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert not {"cookie", "Cookie"} & headers.keys()


# What may be asked of the Hub, and what else a caller can think of, which must not reach it.
ASKED = ["/hub/api", "/hub/api/", "/hub/api/user", "/hub/api/users/ann/activity"]
OTHERS = [
    "/hub/api/oauth2/token",
    "/hub/api/info", "/hub/api/users", "/hub/api/users/ann", "/hub/api/users/bob", "/hub/api/users/bob/activity",
    "/hub/api/users/ann/tokens", "/hub/api/users/ann/server", "/hub/api/users/ann/servers/frailty",
    "/hub/api/users/ann/servers/frailty/progress", "/hub/api/users/ann/shared", "/hub/api/groups", "/hub/api/services",
    "/hub/api/proxy", "/hub/api/shutdown", "/hub/api/oauth2/authorize", "/hub/api/authorizations/token/abc",
    "/hub/api/user/", "/hub/api/users/ann/activity/", "/hub/api/users/ann%2factivity", "/hub/api//user",
]  # fmt: skip
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ASKED + OTHERS)
def test_nothing_else_is_asked_of_the_hub_whatever_it_carries(client, method, path):
    """The finding: bulk data, put into the Hub's options and notes with any token, and read from outside."""
    body = json.dumps({"user_options": {"rows": BULK}, "note": BULK, "display_name": BULK})
    headers = {"Authorization": "token another", "Content-Length": str(len(body)), "X-Rows": BULK}
    client.request(method, f"{path}?rows={BULK}", content=body, headers=headers)
    read = {"/hub/api": "/hub/api/", "/hub/api/": "/hub/api/"}
    expected = [("GET", read[path])] if method in {"GET", "HEAD"} and path in read else []
    assert [(seen, where) for seen, where, _, _ in _Recorder.seen] == expected
    assert BULK not in str(_Recorder.seen)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "token",
        "token ",
        "Basic abc",
        "token a b",
        "token " + "x" * 201,
        "token x\ty",
        "token caf\u00e9",
        "token ann-s",
    ],
)
def test_a_token_that_is_not_the_gate_s_is_nobody_s(client, given):
    answer = client.get("/hub/api/user", headers={"Authorization": given.encode()})
    assert (answer.status_code, "ann" in answer.text) == (403, False)
    assert _Recorder.seen == []


def test_the_gate_s_token_is_its_own_person_s_and_the_hub_is_not_asked(client):
    answer = client.get("/hub/api/user", headers={"Authorization": f"token {GATE}"})
    assert answer.json() == {
        "kind": "user", "name": "ann", "admin": False, "groups": [],
        "scopes": ["access:servers!server=ann/frailty", "access:servers!user=ann"],
    }  # fmt: skip
    assert _Recorder.seen == []


def test_activity_is_told_anew_by_the_minute_and_with_nothing_else(client):
    when = datetime.now(UTC).replace(second=1, microsecond=123456)
    told = {"last_activity": when.isoformat(), "servers": {BULK: {"last_activity": BULK, "rows": BULK[:900]}}}
    body = json.dumps(told | {"servers": {"x" * 500: {"rows": "y" * 900}}})
    assert client.post("/hub/api/users/ann/activity", content=body).status_code == 200
    _, path, headers, passed = _Recorder.seen[0]
    minute = when.strftime("%Y-%m-%dT%H:%M:00Z")
    assert path == "/hub/api/users/ann/activity"
    assert json.loads(passed) == {"last_activity": minute, "servers": {"frailty": {"last_activity": minute}}}
    assert headers["authorization"] == f"token {OWN}"


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("2026-07-01T12:29:59.999999Z", "2026-07-01T12:29:00Z"),
        ("2026-07-01T13:29:59+01:00", "2026-07-01T12:29:00Z"),
        ("2026-07-01T12:29:59", "2026-07-01T12:29:00Z"),
        ("2031-01-01T00:00:00Z", "2026-07-01T12:30:00Z"),  # the future is now
        ("0001-01-01T00:00:00Z", "2026-06-24T12:30:00Z"),  # and what is long ago a week
        ("a word", None), (7, None), (None, None), ([], None), ({}, None),
    ],
)  # fmt: skip
def test_a_time_can_hardly_carry_anything(told, kept):
    assert checked_activity(json.dumps({"last_activity": told}).encode(), NOW) == kept


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"[" * 4000, b"\xff", b"x" * (MOST_BYTES + 1)])
def test_what_tells_of_no_activity_gets_no_further(client, body):
    assert client.post("/hub/api/users/ann/activity", content=body).status_code == 403
    assert _Recorder.seen == []


def test_a_body_in_chunks_is_not_read_whatever_length_it_says(client):
    def chunks():
        for _ in range(100):
            yield b"x" * 10_000

    answer = client.post("/hub/api/users/ann/activity", content=chunks(), headers={"Content-Length": "2"})
    assert answer.status_code in {400, 403}
    assert _Recorder.seen == []


def test_no_cookie_and_no_redirect_come_back(client):
    answer = client.get("/tre/api/redirect", follow_redirects=False)
    assert answer.status_code == 302
    assert not {"set-cookie", "location"} & {name.lower() for name in answer.headers}


@pytest.mark.parametrize(
    "path",
    [
        "/", "/accounts/login/", "/api/workspace/tables", "/api/hub/open", "/hub/home", "/hub/login", "/tre/",
        "/tre/api/../../accounts/login/", "/tre/api/%2e%2e/%2e%2e/hub/open", "/tre/api/..%2f..%2fhub/open",
        "/tre/api/%252e%252e/x", "/tre/api/%25252e%25252e/x", "/tre/api/..\\..\\x", "/tre/api/..%5c..%5cx",
        "/hub/api/../home", "/hub/api/%2e%2e/home", "/hub/api/x/../../home", "/hub/apix", "//tre/api/tables",
    ],
)  # fmt: skip
def test_it_leads_nowhere_else(client, path):
    # The raw path is handed over, as a client that resolves no dots would send it.
    answer = client.request("GET", f"http://testserver{path}", extensions={"target": path.encode()})
    reached = [seen for _, seen, _, _ in _Recorder.seen]
    assert answer.status_code in {400, 404, 405, 413}, reached
    assert reached == []


def test_a_body_without_its_length_is_refused(client):
    def chunks():
        yield b"x" * 10

    assert client.post("/tre/api/requests", content=chunks()).status_code == 413
    assert _Recorder.seen == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"])
def test_the_platform_is_asked_by_get_and_post_alone(client, method):
    assert client.request(method, "/tre/api/requests").status_code == 405
    assert _Recorder.seen == []


def test_an_answer_that_does_not_come_is_one_sentence():
    with TestClient(door(server("http://127.0.0.1:9"), "http://127.0.0.1:9", TOKEN, GATE)) as made:
        answer = made.get("/tre/api/tables")
    assert answer.status_code == 503
    assert answer.json() == {"error": "The platform does not answer. Try again in a moment."}


def test_a_hub_that_is_away_is_told_of():
    with TestClient(door(server("http://127.0.0.1:9"), "http://127.0.0.1:9", TOKEN, GATE)) as made:
        assert made.get("/hub/api").status_code == 503
