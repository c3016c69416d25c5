"""A malware scanner for tests, which speaks clamd's INSTREAM and knows one signature: the EICAR test file's.

See clamd(8), "COMMANDS", and https://www.eicar.org/download-anti-malware-testfile/.
"""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

# In two parts, so that no scanner takes this module for the test file itself.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + rb"ANTIVIRUS-TEST-FILE!$H+H*"
MOST_BYTES = 1024 * 1024  # as its StreamMaxLength: what is longer is answered before its end


@dataclass
class Scanner:
    """Where it listens, what it was sent, and what it answers in the place of its own words, where a test says so."""

    address: str
    seen: list[bytes] = field(default_factory=list)
    says: bytes = b""


class _Handler(socketserver.StreamRequestHandler):
    scanner: Scanner

    def handle(self) -> None:
        if self.rfile.read(10) != b"zINSTREAM\0":
            self.wfile.write(b"UNKNOWN COMMAND\0")
            return
        body = b""
        while size := struct.unpack("!I", self.rfile.read(4))[0]:
            body += self.rfile.read(size)
            if len(body) > MOST_BYTES:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.scanner.seen.append(body)
        found = b"stream: Eicar-Test-Signature FOUND\0" if EICAR in body else b"stream: OK\0"
        self.wfile.write(self.scanner.says or found)


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class _TcpServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True


@contextmanager
def clamd(folder: Path | None = None) -> Iterator[Scanner]:
    """Run a scanner until the block ends: on a socket in a folder, or without one on a port of this machine."""
    scanner = Scanner(str(folder / "clamd.sock") if folder else "")
    handler = type("Handler", (_Handler,), {"scanner": scanner})
    server = _Server(scanner.address, handler) if folder else _TcpServer(("127.0.0.1", 0), handler)
    if not folder:
        scanner.address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield scanner
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
