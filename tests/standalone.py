"""A standalone cluster of Spark on this machine: a master and workers of its own, each a process with its own folder.

It is the one that a deployer starts, from the same jars: authenticated, encrypted, the secret in files of mode 0600.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pyspark

from spark_jobs.cluster import CRYPTO
from tests.conftest import REPOSITORY
from tre.runs.runner import job_environment

HOST = "127.0.0.1"
_HOME = Path(pyspark.__file__).parent
_WITHIN_SECONDS = 120
_DEPLOY = "org.apache.spark.deploy"
_MASTER_IS_UP = re.compile(r"Starting Spark master at (spark://\S+)")
_WORKER_IS_UP = re.compile(r"(Successfully registered) with master")


@dataclass(frozen=True)
class Standalone:
    """Where the master listens, the file of the cluster's secret, its processes, and the folder of their logs."""

    master: str
    secret: Path
    processes: tuple[subprocess.Popen[bytes], ...]
    folder: Path

    def settings(self) -> dict[str, str]:
        """Return the settings by which the jobs run there."""
        return {
            "TRE_SPARK_MASTER": self.master, "TRE_SPARK_ADDRESS": HOST, "TRE_SPARK_SECRET_FILE": str(self.secret),
            "TRE_SPARK_EXECUTOR_MEMORY": "600m", "TRE_SPARK_PARTITIONS": "2",
        }  # fmt: skip


@contextmanager
def standalone(folder: Path, workers: Sequence[Sequence[str]] = ((), ())) -> Iterator[Standalone]:
    """Start a master and workers of one core each, and end them with all that they started.

    Parameters
    ----------
    workers : sequence of sequence of str
        Of each worker the words that stand before its command: what it is started by.
    """
    secret, settings = folder / "secret", folder / "daemons.conf"
    told = secrets.token_hex(32)
    _private(secret, told)
    _private(settings, _lines({**CRYPTO, "spark.authenticate.secret": told}))
    with ExitStack() as running:
        words = ["--host", HOST, "--port", "0", "--webui-port", "0", "--properties-file", str(settings)]
        master = running.enter_context(_daemon(folder / "master", "master.Master", words))
        at = _said(folder / "master", _MASTER_IS_UP, master)
        nodes = []
        for number, before in enumerate(workers):
            words = ["--host", HOST, "--webui-port", "0", "--cores", "1", "--memory", "1g"]
            words += ["--work-dir", str(folder / f"worker-{number}"), "--properties-file", str(settings), at]
            nodes.append(
                running.enter_context(_daemon(folder / f"worker-{number}", "worker.Worker", words, before=before))
            )
        for number, node in enumerate(nodes):
            _said(folder / f"worker-{number}", _WORKER_IS_UP, node)
        yield Standalone(at, secret, (master, *nodes), folder)


def run_job(name: str, spec: Mapping[str, Any], keys: Mapping[str, bytes], settings: Mapping[str, str]) -> Any:
    """Run one job as the platform does, in a process of its own, on executors however few the rows are."""
    process = start_job(name, spec, keys, settings)
    out, told = process.communicate()
    assert process.returncode == 0, told[-4000:]
    return json.loads(out.strip().splitlines()[-1])


def start_job(
    name: str, spec: Mapping[str, Any], keys: Mapping[str, bytes], settings: Mapping[str, str]
) -> subprocess.Popen[str]:
    """Start one job and return its process, which has read what to do."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.on_executors", name], cwd=REPOSITORY, env={**job_environment(), **settings},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    json.dump({"spec": dict(spec), "keys": {purpose: key.hex() for purpose, key in keys.items()}}, process.stdin)
    process.stdin.close()
    process.stdin = None  # so that communicate() does not flush it
    return process


@contextmanager
def command_lines(seen: list[str]) -> Iterator[None]:
    """Keep the command line of every process that runs meanwhile, as anybody on the machine can read it."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.2):
            for pid in psutil.pids():
                with suppress(OSError):
                    line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    if line not in seen:
                        seen.append(line)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def outsider(cluster: Standalone) -> str:
    """Start a worker that was told another secret, and return what became of it: joined, or refused."""
    folder = cluster.folder / "outsider"
    settings = cluster.folder / "outsider.conf"
    _private(settings, _lines({**CRYPTO, "spark.authenticate.secret": secrets.token_hex(32)}))
    words = ["--host", HOST, "--webui-port", "0", "--cores", "1", "--memory", "512m", "--work-dir", str(folder)]
    with _daemon(folder, "worker.Worker", [*words, "--properties-file", str(settings), cluster.master]) as process:
        said = _said(folder, re.compile("(Successfully registered|Exception while bootstrapping client)"), process)
    return "joined" if said.startswith("Success") else "refused"


def _lines(settings: Mapping[str, str]) -> str:
    return "".join(f"{name} {value}\n" for name, value in settings.items())


@contextmanager
def _daemon(
    folder: Path, name: str, words: Sequence[str], before: Sequence[str] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    folder.mkdir(mode=0o700)
    own = {"SPARK_HOME": str(_HOME), "SPARK_LOCAL_DIRS": str(folder / "local"), "SPARK_NO_DAEMONIZE": "1"}
    environment = {**job_environment(), **own, "TMPDIR": str(folder)}
    command = [*before, str(_HOME / "bin" / "spark-class"), f"{_DEPLOY}.{name}", *words]
    with (folder / "log").open("wb") as log, subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, umask=0o077
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()  # a worker ends its executors
            process.wait(_WITHIN_SECONDS)


def _said(folder: Path, pattern: re.Pattern[str], process: subprocess.Popen[bytes]) -> str:
    """Wait until a daemon's log says something, and return it."""
    end = time.monotonic() + _WITHIN_SECONDS
    while time.monotonic() < end and process.poll() is None:
        if found := pattern.search((folder / "log").read_text()):
            return found[1]
        time.sleep(0.1)
    raise AssertionError((folder / "log").read_text()[-3000:])


def _private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(text)
