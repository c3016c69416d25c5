"""What stands in for the portal behind a workspace's door: the answers have its interface's shape, and are kept."""

from __future__ import annotations

import json
import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any


class Platform:
    """A project's tables, budget and requests, kept in memory."""

    def __init__(self, tables: list[dict[str, Any]]) -> None:
        self.tables = tables
        self.requests: list[dict[str, Any]] = []
        self.spends: list[dict[str, Any]] = []

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Answer one call."""
        if (method, path) == ("GET", "me"):
            return 200, {
                "disclosure": {"profile": "acro", "threshold": 10, "figures": {}, "quasi": [], "population": 0}
            }
        if (method, path) == ("GET", "tables"):
            return 200, {"extract": 1, "persons": self.tables[0]["rows"], "tables": self.tables}
        if (method, path) == ("GET", "budget"):
            spent = sum(each["epsilon"] for each in self.spends)
            told = {"epsilon": 4.0, "delta": 1e-5, "spent_epsilon": spent, "spent_delta": 0.0, "spends": self.spends}
            return 200, told
        if (method, path) == ("POST", "budget/reserve"):
            asked = json.loads(body)
            spend = {"spend": len(self.spends) + 1, "by": "ann", "state": "reserved"}
            self.spends.append(spend | {name: asked[name] for name in ("epsilon", "delta", "purpose")})
            return 201, self.spends[-1]
        if method == "POST" and (found := re.fullmatch(r"budget/(\d+)/commit", path)):
            self.spends[int(found[1]) - 1]["state"] = "committed"
            return 200, self.spends[int(found[1]) - 1]
        if (method, path) == ("POST", "requests"):
            told = re.search(rb'name="names"\r\n\r\n(.*?)\r\n', body, re.DOTALL)
            names = json.loads(told[1]) if told else []
            files = [{"name": name, "sha256": "0" * 64, "size": 1, "verdict": "pass", "findings": []} for name in names]
            self.requests.insert(
                0, {"request": len(self.requests) + 1, "state": "submitted", "context": "", "files": files}
            )
            return 201, self.requests[0]
        if (method, path) == ("GET", "requests"):
            return 200, {"requests": self.requests}
        return 404, {"error": f"There is no {method} {path}."}


@contextmanager
def listening(platform: Platform, path: Path) -> Iterator[None]:
    """Let a platform answer at a Unix socket."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, told = platform.answer(self.command, self.path.removeprefix("/tre/api/"), body)
            text = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = _answer

        def address_string(self) -> str:
            return "inside"

        def log_message(self, *arguments: object) -> None:
            """Be quiet."""

    with socketserver.ThreadingUnixStreamServer(str(path), Handler) as server:
        path.chmod(0o666)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield
        server.shutdown()
