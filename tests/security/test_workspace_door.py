"""The door out of a notebook: it leads to two prefixes, adds the token itself, and cannot be widened."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from starlette.testclient import TestClient

from tre.workspace.door import door

TOKEN = "the-workspace-token"


class _Recorder(BaseHTTPRequestHandler):
    seen: list[tuple[str, str, dict[str, str], bytes]] = []  # noqa: RUF012

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append((self.command, self.path, dict(self.headers), body))
        status = 302 if "redirect" in self.path else 200
        self.send_response(status)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Set-Cookie", "tre_session=stolen")
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps({"path": self.path}).encode())

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD = _answer

    def log_message(self, *arguments: object) -> None:
        """Be quiet."""


@pytest.fixture
def client():
    server = HTTPServer(("127.0.0.1", 0), _Recorder)
    _Recorder.seen.clear()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    with TestClient(door(address, address, TOKEN), raise_server_exceptions=False) as made:
        yield made
    server.shutdown()


def test_the_platform_is_reached_with_the_workspace_s_token(client):
    answer = client.get("/tre/api/tables?x=1", headers={"Authorization": "Bearer another", "Cookie": "a=b"})
    assert answer.status_code == 200
    method, path, headers, _ = _Recorder.seen[0]
    assert (method, path) == ("GET", "/api/workspace/tables?x=1")
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert not {"cookie", "Cookie"} & headers.keys()


def test_the_hub_gets_the_caller_s_own_token_and_never_the_workspace_s(client):
    client.get("/hub/api/users/ann", headers={"Authorization": "token ann's"})
    assert _Recorder.seen[0][1] == "/hub/api/users/ann"
    assert TOKEN not in json.dumps(_Recorder.seen[0][2])


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
    with TestClient(door("http://127.0.0.1:9", "http://127.0.0.1:9", TOKEN)) as made:
        answer = made.get("/tre/api/tables")
    assert answer.status_code == 503
    assert answer.json() == {"error": "The platform does not answer. Try again in a moment."}
