"""A receiver of webhooks for tests: it keeps what it was sent, verifies it, and answers as a test says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Forged(Exception):
    """What came is not signed, too old, or came before."""


@dataclass
class Receiver:
    """What a deployer's server does, written after the standard and not after the sender."""

    secret: str
    tolerance: int = 300
    seen: set[str] = field(default_factory=set)

    def take(self, headers: dict[str, str], body: bytes, now: int) -> None:
        """Verify a message (Standard Webhooks 1.0, "Verifying webhook authenticity") and remember its identity.

        Raises
        ------
        Forged
            It is not to be believed.
        """
        identity, moment = headers["webhook-id"], headers["webhook-timestamp"]
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        wanted = base64.b64encode(hmac.digest(key, f"{identity}.{moment}.".encode() + body, hashlib.sha256)).decode()
        given = [each.partition(",") for each in headers["webhook-signature"].split(" ")]
        if not any(version == "v1" and hmac.compare_digest(value, wanted) for version, _, value in given):
            raise Forged("signature")
        if abs(now - int(moment)) > self.tolerance:
            raise Forged("time")
        if identity in self.seen:
            raise Forged("replay")
        self.seen.add(identity)


@dataclass
class Server:
    """A server on this machine, and what it was sent."""

    port: int
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    came: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"


@contextmanager
def listening(certificate: tuple[Path, Path] | None = None) -> Iterator[Server]:
    """Listen until the test is over, by TLS where there is a certificate with its key."""
    told = Server(0)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.came.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.end_headers()

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    told.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def hanging(drip: bytes = b"") -> Iterator[int]:
    """Listen, take whatever comes, and answer nothing, or a byte of `drip` now and then without end."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def hold() -> None:
        taken = []
        listener.settimeout(0.05)
        while not over.is_set():
            with suppress(OSError):
                taken.append(listener.accept()[0])
            for each in taken:
                with suppress(OSError):
                    each.sendall(drip)

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        thread.join()
        listener.close()
