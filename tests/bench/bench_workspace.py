"""The workspace: how soon a notebook server is there and Spark answers, each against the same without a sandbox.

Ours is started by the Hub's own spawner: launcher, doors, gate and bubblewrap. The peers are the very same command
without them, and a JupyterLab as anybody starts it. All ask one stand-in for Hub and portal, which answers at once, so
that neither side waits for another service. Spark is the project's own Spark Connect with MLflow, which comes later,
against the same command alone and unsandboxed. At last a crowd works in the whole product: :mod:`tests.bench.crowd`.
Linux and bubblewrap are needed.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar
from unittest.mock import patch

import httpx
import jupyterhub.objects
import jupyterhub.orm
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from tests.bench import crowd
from tests.bench.harness import Row, row, timed
from tests.processes import tree
from tre.config.options import load
from tre.config.secrets import secret
from tre.workspace.folders import folder
from tre.workspace.repository import repository
from tre.workspace.sandbox import DOORS, MLFLOW_PORT, SPARK_PORT, Bind, Outbound, Sandbox
from tre.workspace.spawner import SandboxSpawner

ROUNDS = {"small": 3, "medium": 7, "large": 15}
_BASE = "/user/ann/frailty/"
_KEPT = {"proto": "http", "ip": "127.0.0.1", "port": 0, "base_url": _BASE, "cookie_name": ""}
_WITHIN_SECONDS = 120.0
_IDLE_SECONDS = 5.0  # after which a server that nobody asks has done what it does at its start
_MEGABYTE = 1024**2
_CLIENT = (
    "import os, time\n"
    "began = time.perf_counter()\n"
    "from pyspark.sql import SparkSession\n"
    "spark = SparkSession.builder.remote(os.environ['SPARK_REMOTE']).getOrCreate()\n"
    "assert spark.read.parquet(os.environ['TRE_DATA'] + '/people').count() == 1000\n"
    "print('answered', time.perf_counter() - began)\n"
)


def run(size: str, seed: int) -> list[Row]:
    """Measure both; the rounds of the sides alternate, so that what else the machine does falls on all of them."""
    with tempfile.TemporaryDirectory(prefix="tre-bench-") as home, _stand_in() as port, _home(Path(home), port):
        found = [*_servers(port, size, seed), *_spark(size, seed)]
    return [*found, *crowd.rows(size, seed)]


@contextmanager
def _home(path: Path, port: int) -> Iterator[None]:
    """Let the product's state be in a folder of the benchmark's own, and its Hub and portal be the stand-in."""
    told = {"TRE_HOME": str(path), "TRE_HUB_API_PORT": str(port), "TRE_PORTAL_PORT": str(port)}
    with patch.dict(os.environ, {**told, "DJANGO_SETTINGS_MODULE": "tre.config.settings"}):
        load.cache_clear()
        try:
            import django

            django.setup()
            yield
        finally:
            load.cache_clear()


class _Answers(BaseHTTPRequestHandler):
    """What a starting notebook server and its gate ask of the Hub and the portal."""

    told: ClassVar[dict[str, object]] = {"version": jupyterhub.__version__, "left": 10**9}

    def do_GET(self) -> None:
        body = json.dumps(self.told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-JupyterHub-Version", jupyterhub.__version__)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def _stand_in() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


# The notebook server


class _Spawner(SandboxSpawner):
    """The product's spawner, told by the benchmark what the portal would answer."""

    async def _ask(self, verb: str, question: dict[str, Any]) -> dict[str, Any]:
        if verb != "open":
            return {}
        uid, gid = load().sandbox_uid_base + 1, load().sandbox_uid_base + 1000
        return {
            "session": 1, "token": "none", "uid": uid, "gid": gid, "spark_token": secret("spark-frailty"),
            "megabytes": 6144, "processors": 2.0, "profile": "standard",
            "repository": str(repository("frailty", gid)),
            "packages": str(folder("packages", uid=0, gid=0, mode=0o755)),
            "home": str(folder("homes", "ann", "frailty", uid=uid, gid=gid, mode=0o700)),
            "shared": str(folder("projects", "frailty", "shared", uid=0, gid=gid, mode=0o2770)),
            "data": str(folder("extract", uid=0, gid=gid, mode=0o755)),
            "sockets": str(folder("run", "services", "frailty", "sockets", uid=0, gid=0, mode=0o755)),
        }  # fmt: skip


def _spawner(port: int) -> _Spawner:
    hub = jupyterhub.objects.Hub(ip="127.0.0.1", port=port, public_host="http://hub.localhost:8401")
    user = SimpleNamespace(name="ann", url="/user/ann/", settings={}, escaped_name="ann")
    kept = SimpleNamespace(name="frailty", server=jupyterhub.orm.Server(**_KEPT))
    return _Spawner(hub=hub, user=user, api_token="bench", oauth_client_id="bench", orm_spawner=kept)


def _servers(port: int, size: str, seed: int) -> list[Row]:
    sides: dict[str, Callable[[], tuple[float, float]]] = {
        "ours": lambda: _ours(port),
        "jupyterhub-singleuser": lambda: _plain(port, _single_user(port)),
        "jupyter lab": lambda: _plain(port, _lab()),
    }
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for side in sides.values():
        side()  # what the first reads from the disk, the others find in memory
    for _ in range(ROUNDS[size]):
        for name, side in sides.items():
            took[name].append(side())
    start = {name: statistics.median(each[0] for each in rounds) for name, rounds in took.items()}
    idle = {name: statistics.median(each[1] for each in rounds) for name, rounds in took.items()}
    found = [row("workspace", f"{name}: seconds from start to ready", start[name], "", size, seed) for name in sides]
    found += [row("workspace", f"{name}: megabytes when idle", idle[name], "", size, seed) for name in sides]
    for name in list(sides)[1:]:
        times = start["ours"] / start[name]
        found.append(row("workspace", f"start to ready, times {name}", times, "<= 1.5", size, seed))
    more = idle["ours"] / idle["jupyterhub-singleuser"]
    return [*found, row("workspace", "memory when idle, times jupyterhub-singleuser", more, "", size, seed)]


def _ours(port: int) -> tuple[float, float]:
    """Return the seconds until the gate answers for the server, as the Hub asks it, and its idle megabytes."""

    async def scene() -> tuple[float, float]:
        spawner = _spawner(port)
        began = time.perf_counter()
        host, at = await spawner.start()
        try:
            await _ready(f"http://{host}:{at}{_BASE}api")
            took = time.perf_counter() - began
            await asyncio.sleep(_IDLE_SECONDS)
            return took, _megabytes(spawner.launcher)
        finally:
            await spawner.stop()

    return asyncio.run(scene())


def _single_user(port: int) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Return the very command of ours, with the environment that the Hub gives."""
    spawner = _spawner(port)
    told = {name: value for name, value in spawner.get_env().items() if name.startswith("JUPYTERHUB_")}
    return spawner._server_command("."), told


def _lab() -> tuple[tuple[str, ...], Mapping[str, str]]:
    told = (f"--ServerApp.base_url={_BASE}", "--no-browser", "--allow-root", "--IdentityProvider.token=")
    return (sys.executable, "-m", "jupyter", "lab", *told), {}


def _plain(port: int, told: tuple[tuple[str, ...], Mapping[str, str]]) -> tuple[float, float]:
    command, more = told
    at = _free()

    async def scene() -> tuple[float, float]:
        with tempfile.TemporaryDirectory() as home:
            environment = {
                "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": home, "LANG": "C.UTF-8", **more,
            }  # fmt: skip
            if more:
                environment["JUPYTERHUB_SERVICE_URL"] = f"http://127.0.0.1:{at}{_BASE}"
            began = time.perf_counter()
            process = subprocess.Popen(
                [*command, *(() if more else (f"--ServerApp.port={at}",)), "--allow-root"],
                cwd=home, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            try:
                await _ready(f"http://127.0.0.1:{at}{_BASE}api")
                took = time.perf_counter() - began
                await asyncio.sleep(_IDLE_SECONDS)
                return took, _megabytes(process.pid)
            finally:
                process.terminate()
                process.wait(30)

    return asyncio.run(scene())


def _free() -> int:
    from tre.workspace.spawner import _free_port

    return _free_port()


async def _ready(address: str) -> None:
    deadline = time.monotonic() + _WITHIN_SECONDS
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        while time.monotonic() < deadline:
            try:
                if (await client.get(address)).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.02)
    raise TimeoutError(address)


def _megabytes(pid: int) -> float:
    """Return the memory of a process and all that it started: what several share is divided among them (PSS)."""
    return sum(_proportional(each) for each in tree(pid)) / _MEGABYTE


def _proportional(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0  # it ended meanwhile


# Spark


def _spark(size: str, seed: int) -> list[Row]:
    from tre.projects.models import Project
    from tre.workspace.project_services import service_sandbox

    extract = load().path("extract")
    pq.write_table(pa.table({"person": list(range(1000))}), _made(extract / "people") / "part-0.parquet")
    box = service_sandbox(Project(code="frailty", gid=load().sandbox_uid_base + 1000), extract)
    sides: dict[str, Callable[[], tuple[float, ...]]] = {
        "ours": lambda: _sandboxed(box),
        "Spark in a sandbox, without MLflow": lambda: _sandboxed(replace(box, later=(), firsts=())),
        "plain Spark": lambda: _unsandboxed(box, extract),
    }
    took: dict[str, list[tuple[float, ...]]] = {name: [] for name in sides}
    for _ in range(ROUNDS[size]):
        for name, side in sides.items():
            took[name].append(side())
    first = {name: statistics.median(each[0] for each in rounds) for name, rounds in took.items()}
    again = {name: statistics.median(each[1] for each in rounds) for name, rounds in took.items()}
    found = [row("workspace", f"{name}: seconds to the first answer", first[name], "", size, seed) for name in sides]
    called = statistics.median(each[2] for each in took["ours"])
    found.append(row("workspace", "MLflow: seconds from the first call to its answer", called, "", size, seed))
    names = list(sides)
    for name, target in ((names[0], "<= 1.3"), (names[1], "")):
        times = first[name] / first["plain Spark"]
        found.append(row("workspace", f"{name}: start to first answer, times plain Spark", times, target, size, seed))
    times = again["ours"] / again["plain Spark"]
    metric = "a notebook's first answer of a running Spark, times plain Spark"
    return [*found, row("workspace", metric, times, "<= 1.3", size, seed)]


def _made(path: Path) -> Path:
    path.mkdir(mode=0o755, parents=True, exist_ok=True)
    return path


def _launch(box: Sandbox) -> subprocess.Popen[bytes]:
    from tre.workspace.project_services import launch  # Django must have its settings first

    return launch(replace(box, watch=os.getpid()))


def _sandboxed(box: Sandbox) -> tuple[float, ...]:
    """Return the seconds from the start of a project's services to Spark's first answer, and those of the next client.

    Where MLflow is among them it is called between the two, so that the next client asks a Spark beside a running
    MLflow; its seconds are the third.
    """
    sockets = Path(box.inbound[0].socket)
    sockets.unlink(missing_ok=True)
    began = time.perf_counter()
    running = _launch(box)
    try:
        while not sockets.exists():
            time.sleep(0.02)
        _client_inside(box)
        first = time.perf_counter() - began
        called = [timed(lambda: _call_mlflow(box))] if box.later else []
        return first, _client_inside(box), *called
    finally:
        running.terminate()
        running.wait(30)


def _call_mlflow(box: Sandbox) -> None:
    door = next(each.socket for each in box.inbound if each.port == MLFLOW_PORT)
    with httpx.Client(transport=httpx.HTTPTransport(uds=door), timeout=_WITHIN_SECONDS) as client:
        client.get("http://127.0.0.1/health").raise_for_status()


def _client_inside(box: Sandbox) -> float:
    """Ask as a notebook does: in a sandbox of its own, through the door."""
    log, own = load().path("logs", "client.log"), load().path("run", "client")
    sockets = str(Path(box.inbound[0].socket).parent)
    log.unlink(missing_ok=True)
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    extract = next(each for each in box.binds if each.target == "/project/data")
    client = replace(
        box, name="client", folder=str(own), log=str(log), inbound=(), firsts=(), later=(), home="/tmp",
        uid=box.uid + 1, commands=((sys.executable, "-c", _awaiting(_CLIENT)),),
        binds=(extract, Bind(str(own / "doors"), DOORS), Bind(sockets, "/project/doors")),
        outbound=(Outbound(SPARK_PORT, "/project/doors/spark.sock"),),
        environment={**_asking(SPARK_PORT, "/project/data"), "PATH": "/usr/bin:/bin", "HOME": "/tmp"},
    )  # fmt: skip
    _launch(client).wait(_WITHIN_SECONDS)
    return _answered(log.read_text())


def _unsandboxed(box: Sandbox, extract: Path) -> tuple[float, float]:
    """Run the same command with the same settings, on a port and in a folder of its own."""
    command, at = list(box.commands[0]), _free()
    given = next(each.source for each in box.binds if each.target == "/opt/spark-settings")
    with tempfile.TemporaryDirectory() as scratch:
        settings = (Path(given) / "spark-defaults.conf").read_text().replace(f"port {SPARK_PORT}", f"port {at}")
        settings = settings.replace("/tmp/", f"{scratch}/").replace("/project/service", scratch)
        command[command.index("--properties-file") + 1] = str(Path(scratch) / "settings.conf")
        (Path(scratch) / "settings.conf").write_text(settings)
        environment = {**box.environment, "HOME": scratch}
        began = time.perf_counter()
        with load().path("logs", "plain-spark.log").open("wb") as log:
            running = subprocess.Popen(command, cwd=scratch, env=environment, stdout=log, stderr=log)
        try:
            asked = {**_asking(at, str(extract)), "PATH": "/usr/bin:/bin", "HOME": scratch}
            _client_outside(asked)
            return time.perf_counter() - began, _client_outside(asked)
        finally:
            running.terminate()
            running.wait(30)


def _client_outside(environment: Mapping[str, str]) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _awaiting(_CLIENT)],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=_WITHIN_SECONDS,
    )
    return _answered(done.stdout)


def _asking(port: int, data: str) -> dict[str, str]:
    token = secret("spark-frailty")
    remote = f"sc://127.0.0.1:{port}/;authorization=Bearer%20{token}"
    return {"SPARK_REMOTE": remote, "TRE_DATA": data, "TRE_AWAITED": str(port), "PYTHONDONTWRITEBYTECODE": "1"}


def _awaiting(program: str) -> str:
    """Return the program with a wait ahead of it until Spark speaks: a door is there before what is behind it."""
    return (
        "import os, socket, time\n"
        "def there():\n"
        "    try:\n"
        "        with socket.create_connection(('127.0.0.1', int(os.environ['TRE_AWAITED'])), 1) as to:\n"
        "            to.sendall(b'PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n' + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))\n"
        "            return bool(to.recv(9))\n"
        "    except OSError:\n"
        "        return False\n"
        f"ends = time.monotonic() + {_WITHIN_SECONDS}\n"
        "while not there() and time.monotonic() < ends: time.sleep(0.05)\n" + program
    )


def _answered(printed: str) -> float:
    for line in printed.splitlines():
        if line.startswith("answered "):
            return float(line.removeprefix("answered "))
    raise RuntimeError(f"the client got no answer: {printed[-2000:]}")
