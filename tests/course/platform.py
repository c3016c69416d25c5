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

from tests.course import working
from tre.errors import TreError
from tre.hashing import sha256_of


class Platform:
    """A project's tables, budget, requests and runs, kept in memory.

    Parameters
    ----------
    extract : Path
        The folder of the tables.
    place : Path
        Where runs work.
    """

    def __init__(self, tables: list[dict[str, Any]], extract: Path, place: Path) -> None:
        self.tables, self.extract, self.place = tables, extract, place
        self.requests: list[dict[str, Any]] = []
        self.spends: list[dict[str, Any]] = []
        self.runs: list[dict[str, Any]] = []
        self.made: dict[int, list[Path]] = {}

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any] | bytes]:
        """Answer one call: a file as bytes, all else as JSON."""
        if (method, path) == ("GET", "me"):
            return 200, {
                "disclosure": {"profile": "acro", "threshold": 10, "figures": {}, "quasi": [], "population": 0}
            }
        if (method, path) == ("GET", "tables"):
            return 200, {"extract": 1, "persons": self.tables[0]["rows"], "tables": self.tables}
        if (method, path) == ("GET", "budget"):
            spent = sum(each["epsilon"] for each in self.spends)
            told = {"epsilon": 4.0, "delta": 1e-5, "spent_epsilon": spent, "spent_delta": 0.0, "spends": self.spends}
            figures = {"figures": [{"mean": 0.92, "spread": 0.01}], "epsilon": 1.0, "added": 1.0, "covered": spent <= 3}
            worth = {"data": "Adult", "figure": "AUROC", "persons": [26048], "choices": [figures], "svg": "<svg></svg>"}
            return 200, {**told, "accuracy": worth}
        if method == "POST" and path in ("budget/price", "private/price"):
            epsilon = json.loads(body)["epsilon"]
            price = {"scope": "project", "name": "course", "epsilon": epsilon, "added": epsilon, "covered": True}
            return 200, {"prices": [price], "off": 10.0}
        if (method, path) == ("POST", "budget/reserve"):
            return 201, self._reserve(json.loads(body), "reserved")
        if (method, path) == ("POST", "runs"):
            return 201, self._run(json.loads(body))
        if found := re.fullmatch(r"runs/(\d+)", path):
            return 200, self.runs[int(found[1]) - 1]
        if found := re.fullmatch(r"runs/(\d+)/files/(\d+)", path):
            return 200, self.made[int(found[1])][int(found[2])].read_bytes()
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

    def _reserve(self, asked: dict[str, Any], state: str) -> dict[str, Any]:
        spend = {"spend": len(self.spends) + 1, "by": "ann", "state": state}
        self.spends.append(spend | {name: asked[name] for name in ("epsilon", "delta", "purpose")})
        return self.spends[-1]

    def _run(self, asked: dict[str, Any]) -> dict[str, Any]:
        number, spec = len(self.runs) + 1, asked["spec"]
        run = {
            "run": number,
            "kind": asked["kind"],
            "state": "running",
            "step": "",
            "error": "",
            "log": "",
            "by": "ann",
        }
        self.runs.append({**run, "extract": 1, "files": [], "attestation": {}})
        paid = spec if asked["kind"] == "private" else {**spec["training"], "purpose": spec["name"]}
        self._reserve(paid, "committed")
        threading.Thread(target=self._work, args=(self.runs[-1], spec), daemon=True).start()
        return self.runs[-1]

    def _work(self, run: dict[str, Any], spec: dict[str, Any]) -> None:
        place = self.place / f"run-{run['run']}"
        place.mkdir(parents=True)
        try:
            work = working.answer if run["kind"] == "private" else working.train
            made = work(self.extract, working.manifest(self.extract, self.tables), spec, place)
        except TreError as error:
            run.update(state="failed", error=error.sentence())
            return
        self.made[run["run"]] = made
        folder = f"{spec['name']}/" if "name" in spec else ""
        files = [
            {
                "output": at,
                "name": f"{folder}{path.name}",
                "sha256": sha256_of(path),
                "size": path.stat().st_size,
            }
            for at, path in enumerate(made)
        ]
        run.update(state="done", files=files)


@contextmanager
def listening(platform: Platform, path: Path) -> Iterator[None]:
    """Let a platform answer at a Unix socket."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, told = platform.answer(self.command, self.path.removeprefix("/tre/api/"), body)
            text = told if isinstance(told, bytes) else json.dumps(told).encode()
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
