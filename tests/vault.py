"""A small Vault for tests: the transit endpoints that key custody uses, answering as the API documentation says.

See https://developer.hashicorp.com/vault/api-docs/secret/transit. Each version of a key has an HMAC key of its own.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MOUNT = "/v1/transit/"


class FakeVault(ThreadingHTTPServer):
    """Listens on a free port of this machine; ``keys`` holds the versions of each transit key."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.token, self.sealed, self.redirect = secrets.token_hex(16), False, ""
        self.keys: dict[str, list[bytes]] = {}
        self.asked: list[tuple[str, str]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def make(self, name: str) -> None:
        """Do what ``vault write -f transit/keys/NAME`` does."""
        self.keys.setdefault(name, [secrets.token_bytes(32)])


class _Handler(BaseHTTPRequestHandler):
    server: FakeVault

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: the tests' output is theirs."""

    def _answer(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((method, self.path))
        if self.server.redirect:
            self.send_response(307)
            self.send_header("Location", self.server.redirect)
            self.end_headers()
            return None
        if self.server.sealed:
            return self._send(503, {"errors": ["Vault is sealed"]})
        if self.headers.get("X-Vault-Token") != self.server.token:
            return self._send(403, {"errors": ["permission denied"]})
        parts = self.path.removeprefix(MOUNT).split("/") if self.path.startswith(MOUNT) else [""]
        return self._transit(method, parts, json.loads(body) if body else {})

    def _transit(self, method: str, parts: list[str], asked: dict[str, Any]) -> None:
        versions = self.server.keys.get(parts[1]) if len(parts) > 1 else None
        match method, parts[0], parts[2:]:
            case ("GET", "keys", []) if versions:
                told = {"name": parts[1], "latest_version": len(versions), "min_decryption_version": 1}
                return self._send(200, {"request_id": secrets.token_hex(8), "data": told})
            case ("POST", "keys", ["rotate"]) if versions:
                versions.append(secrets.token_bytes(32))
                return self._send(204, None)
            case ("POST", "hmac", ["sha2-256"]) if versions:
                version = asked.get("key_version") or len(versions)
                if version > len(versions):
                    return self._send(400, {"errors": ["cannot generate HMAC: version is too new"]})
                made = hmac.digest(versions[version - 1], base64.b64decode(asked["input"]), "sha256")
                told = {"hmac": f"vault:v{version}:{base64.b64encode(made).decode()}"}
                return self._send(200, {"request_id": secrets.token_hex(8), "data": told})
        return self._send(404, {"errors": []})

    def _send(self, status: int, told: dict[str, Any] | None) -> None:
        body = b"" if told is None else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def fake_vault() -> Iterator[FakeVault]:
    """Run a Vault until the block ends."""
    server = FakeVault()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
