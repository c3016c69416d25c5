"""An object store for tests: the few requests of the S3 protocol that a client makes to put, look and read.

Not a store to keep anything in. It refuses who does not sign by the key that it was started with. See the Amazon S3 API
reference: PutObject, GetObject, HeadObject, ListObjectsV2, CreateMultipartUpload, UploadPart, CompleteMultipartUpload.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import BinaryIO
from urllib.parse import parse_qs, unquote, urlsplit

ACCESS_KEY = "the-access-key"


@dataclass
class Store:
    """The objects by their keys, bucket first, and where the store listens."""

    objects: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    address: str = ""


def _chunks(body: BinaryIO) -> bytes:
    """Return what chunks hold, up to the empty one, with their trailer read (RFC 9112, 7.1; `aws-chunked` too)."""
    out = b""
    while size := int(body.readline().split(b";")[0], 16):
        out += body.read(size)
        body.readline()
    while body.readline().strip():
        pass
    return out


class _Handler(BaseHTTPRequestHandler):
    store: Store

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _key(self) -> tuple[str, dict[str, list[str]]]:
        told = urlsplit(self.path)
        return unquote(told.path).strip("/"), parse_qs(told.query, keep_blank_values=True)

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _refused(self) -> bool:
        if f"Credential={ACCESS_KEY}/" in self.headers.get("Authorization", ""):
            return False
        self._answer(403, b"<Error><Code>InvalidAccessKeyId</Code></Error>")
        return True

    def _body(self) -> bytes:
        chunked = self.headers.get("Transfer-Encoding") == "chunked"
        body = _chunks(self.rfile) if chunked else self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return _chunks(io.BytesIO(body)) if "aws-chunked" in self.headers.get("Content-Encoding", "") else body

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        key, query = self._key()
        if self._refused():
            return
        if "list-type" in query:
            prefix = f"{key}/{query.get('prefix', [''])[0]}"
            self._answer(200, self._listed([each for each in self.store.objects if each.startswith(prefix)]))
        elif key in self.store.objects:
            body = self.store.objects[key]
            self._answer(200, body, ETag='"e"', Last_Modified="Fri, 27 Nov 2026 09:30:00 GMT")
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    @staticmethod
    def _listed(keys: list[str]) -> bytes:
        rows = "".join(f"<Contents><Key>{key.partition('/')[2]}</Key><Size>1</Size></Contents>" for key in keys)
        return f"<ListBucketResult><KeyCount>{len(keys)}</KeyCount>{rows}</ListBucketResult>".encode()

    def do_PUT(self) -> None:
        (key, query), body = self._key(), self._body()
        if self._refused():
            return
        if "partNumber" in query:
            self.store.parts[query["uploadId"][0]][int(query["partNumber"][0])] = body
        else:
            self.store.objects[key] = body
        self._answer(200, ETag='"e"')

    def do_POST(self) -> None:
        (key, query), _ = self._key(), self._body()
        if self._refused():
            return
        if "uploads" in query:
            self.store.parts[key] = {}
            told = f"<InitiateMultipartUploadResult><UploadId>{key}</UploadId></InitiateMultipartUploadResult>"
        else:
            parts = self.store.parts.pop(query["uploadId"][0])
            self.store.objects[key] = b"".join(parts[number] for number in sorted(parts))
            told = '<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>'
        self._answer(200, told.encode())


@contextmanager
def object_store() -> Iterator[Store]:
    """Run an empty store on this machine until the block ends."""
    store = Store()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"store": store}))
    store.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
