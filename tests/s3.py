"""An object store for tests: the requests of the S3 protocol that a client or a mount makes.

Not a store to keep anything in. It refuses who does not sign by the key that it was started with. See the Amazon S3 API
reference: PutObject, CopyObject, GetObject, HeadObject, DeleteObject, ListObjects and ListObjectsV2,
CreateMultipartUpload, UploadPart, CompleteMultipartUpload.
"""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import BinaryIO
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

ACCESS_KEY = "the-access-key"
_MOST_KEYS = 1000  # of one listing
_Query = dict[str, list[str]]


@dataclass
class Store:
    """The objects by their keys, bucket first, what is told beside each of them, and where the store listens."""

    objects: dict[str, bytes] = field(default_factory=dict)
    beside: dict[str, dict[str, str]] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    begun: dict[str, dict[str, str]] = field(default_factory=dict)
    address: str = ""

    def put(self, key: str, body: bytes, beside: Mapping[str, str]) -> None:
        """Keep an object, in one step, with what a client wants told beside it."""
        now = datetime.now(UTC)
        own = {
            "ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"',
            "Last-Modified": f"{now:%a, %d %b %Y %H:%M:%S} GMT",
        }
        self.beside[key] = {**beside, **own}
        self.objects[key] = body

    def told(self, key: str) -> dict[str, str]:
        """Return what is told beside an object: little of one that a test put there itself."""
        return self.beside.get(key, {"ETag": '"e"', "Last-Modified": "Fri, 27 Nov 2026 09:30:00 GMT"})


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
    protocol_version = "HTTP/1.1"  # a mount asks for much, over few connections
    wbufsize = -1  # an answer goes out whole: its parts would wait for each other
    disable_nagle_algorithm = True

    def handle_expect_100(self) -> bool:
        """Tell who waits for leave to send its body that it may: at once."""
        self.send_response_only(100)
        self.end_headers()
        self.wfile.flush()
        return True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _key(self) -> tuple[str, _Query]:
        told = urlsplit(self.path)
        return unquote(told.path).removeprefix("/"), parse_qs(told.query, keep_blank_values=True)

    def _answer(self, status: int, body: bytes = b"", more: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(more or {})}.items():
            self.send_header(name, value)
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

    def _told(self) -> dict[str, str]:
        """Return what the client wants told beside an object."""
        names = [name for name in self.headers if name.lower().startswith("x-amz-meta-") or name == "Content-Type"]
        return {name: self.headers[name] for name in names}

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        key, query = self._key()
        if self._refused():
            return
        bucket, _, name = key.partition("/")
        if not name:
            self._answer(200, _listed(self.store, bucket, query), {"Content-Type": "application/xml"})
        elif (body := self.store.objects.get(key)) is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        elif asked := self.headers.get("Range"):
            part = _part_of(asked, body)
            self._answer(206, part, {**self.store.told(key), "Content-Range": f"{asked.replace('=', ' ')}/{len(body)}"})
        else:
            self._answer(200, body, self.store.told(key))

    def do_PUT(self) -> None:
        (key, query), body = self._key(), self._body()
        if self._refused():
            return
        source = unquote(self.headers.get("x-amz-copy-source", "")).removeprefix("/")
        if "partNumber" in query:
            told = _part_of(self.headers.get("x-amz-copy-source-range", ""), self.store.objects.get(source, b""))
            self.store.parts[query["uploadId"][0]][int(query["partNumber"][0])] = told if source else body
            answer = b'<CopyPartResult><ETag>"e"</ETag></CopyPartResult>' if source else b""
            self._answer(200, answer, {"ETag": '"e"'})
        elif source:
            self._copy(source, key)
        else:
            self.store.put(key, body, self._told())
            self._answer(200, more={"ETag": self.store.told(key)["ETag"]})

    def _copy(self, source: str, key: str) -> None:
        if (body := self.store.objects.get(source)) is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        replaced = self.headers.get("x-amz-metadata-directive") == "REPLACE"
        self.store.put(key, body, self._told() if replaced else self.store.told(source))
        told = f"<CopyObjectResult><ETag>{self.store.told(key)['ETag']}</ETag></CopyObjectResult>"
        self._answer(200, told.encode())

    def do_POST(self) -> None:
        (key, query), _ = self._key(), self._body()
        if self._refused():
            return
        if "uploads" in query:
            self.store.parts[key], self.store.begun[key] = {}, self._told()
            told = f"<InitiateMultipartUploadResult><UploadId>{escape(key)}</UploadId></InitiateMultipartUploadResult>"
        else:
            upload = query["uploadId"][0]
            parts = self.store.parts.pop(upload)
            self.store.put(key, b"".join(parts[number] for number in sorted(parts)), self.store.begun.pop(upload))
            told = '<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>'
        self._answer(200, told.encode())

    def do_DELETE(self) -> None:
        key, _ = self._key()
        if not self._refused():
            self.store.objects.pop(key, None)
            self._answer(204)


def _part_of(asked: str, body: bytes) -> bytes:
    """Return the bytes that a header names, from the first to the last: all when it names none (RFC 9110, 14.1.2)."""
    found = re.fullmatch(r"bytes=(\d+)-(\d+)", asked)
    return body[int(found[1]) : int(found[2]) + 1] if found else body


def _listed(store: Store, bucket: str, query: _Query) -> bytes:
    """Return a page of the keys below a prefix; those that go on behind a delimiter are told once, up to it."""
    prefix, delimiter = (query.get(name, [""])[0] for name in ("prefix", "delimiter"))
    after = next((query[name][0] for name in ("marker", "continuation-token") if name in query), "")
    most = min(int(query.get("max-keys", [str(_MOST_KEYS)])[0]), _MOST_KEYS)
    found: dict[str, str] = {}
    for key in sorted(each.partition("/")[2] for each in list(store.objects) if each.startswith(f"{bucket}/{prefix}")):
        head, more, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
        name = f"{prefix}{head}{delimiter}" if more else key
        if name > after:
            found[name] = f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>" if more else ""
    page = sorted(found)[:most]
    rows = "".join(found[name] or _row(store, bucket, name) for name in page)
    cut = f"<IsTruncated>{'true' if len(found) > most else 'false'}</IsTruncated>"
    last = escape(page[-1]) if page else ""
    marks = f"<NextMarker>{last}</NextMarker><NextContinuationToken>{last}</NextContinuationToken>"
    head = f"<Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(page)}</KeyCount>"
    return f"<ListBucketResult>{head}{cut}{marks}{rows}</ListBucketResult>".encode()


def _row(store: Store, bucket: str, name: str) -> str:
    body, beside = store.objects.get(f"{bucket}/{name}", b""), store.told(f"{bucket}/{name}")
    told = {"Key": escape(name), "Size": str(len(body)), "ETag": beside["ETag"], "LastModified": _EPOCH}
    return f"<Contents>{''.join(f'<{tag}>{text}</{tag}>' for tag, text in told.items())}</Contents>"


_EPOCH = "2026-11-27T09:30:00.000Z"  # what a listing says of times is not what a client goes by


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


@contextmanager
def store_process() -> Iterator[str]:
    """Run an empty store in a process of its own, and yield where it listens.

    A mount must not wait for this process: a call that it makes with Python's lock held would never be answered.
    """
    command = [sys.executable, "-m", "tests.s3"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()  # by which it ends, as it does when this process ends


if __name__ == "__main__":
    with object_store() as made:
        print(made.address, flush=True)
        sys.stdin.read()
