"""Starts the product as its users do, ``tre up``, and ends it with whoever started it."""

from __future__ import annotations

import ctypes
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from tests.processes import tree

REPOSITORY = Path(__file__).resolve().parents[2]
_PORTS = ("TRE_PORTAL_PORT", "TRE_HUB_PORT", "TRE_HUB_API_PORT", "TRE_PROXY_API_PORT", "TRE_REGISTRY_PORT")
_FIRST_PORT = 8500
Say = Callable[[str], None]


class NotStarted(AssertionError):
    """The product ended before it was ready; its last lines say why."""


def prepare_environment(home: Path, people: int) -> None:
    """Point this process, and the product that it will start, to a home folder and to ports that are free."""
    for name in [name for name in os.environ if name.startswith("TRE_") and not name.startswith("TRE_TEST_")]:
        del os.environ[name]
    ports = _free_ports(len(_PORTS))
    os.environ |= {"TRE_HOME": str(home), "TRE_PEOPLE": str(people), "DJANGO_SETTINGS_MODULE": "tre.config.settings"}
    os.environ |= dict(zip(_PORTS, map(str, ports), strict=True))
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # the browser's driver keeps a loop running in this thread
    import django

    django.setup()


def _free_ports(number: int) -> list[int]:
    found: list[int] = []
    for port in range(_FIRST_PORT, 65535):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == number:
            return found
    raise NotStarted("no port is free")


class Product:
    """The product as its users start and stop it, and as a power cut ends it."""

    def __init__(self, say: Say) -> None:
        self._say, self._open = say, ExitStack()
        self._supervisor = self._open.enter_context(running(say))

    def cut_off(self) -> set[psutil.Process]:
        """Kill the supervisor, see what it started end with it, start again, and return what did not end."""
        started = tree(self._supervisor.pid)
        self._supervisor.kill()
        self._supervisor.wait()
        _, left = psutil.wait_procs(started, timeout=30)
        self._supervisor = self._open.enter_context(running(self._say))
        return set(left)

    def stop(self) -> set[psutil.Process]:
        """Stop it and return the processes that ran, ended or not."""
        started = tree(self._supervisor.pid)
        self._open.close()
        return started


@contextmanager
def running(say: Say, seconds: float = 1800) -> Iterator[subprocess.Popen[str]]:
    """Run ``tre up`` until the block ends, passing on what it says."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tre.cli", "up"],
        cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1,
        env=_environment(), preexec_fn=_end_with_parent,
    )  # fmt: skip
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(process, lines), daemon=True).start()
    try:
        while not (line := lines.get(timeout=seconds) or _ended(process)).startswith("Open "):
            if line.strip():
                say(f"   {line}")
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(90)


def _read(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    if process.stdout is not None:
        for line in process.stdout:
            lines.put(line.rstrip("\n") or " ")
    lines.put(None)


def _ended(process: subprocess.Popen[str]) -> str:
    raise NotStarted(f"the product ended with status {process.wait()} before it was ready")


def _environment() -> Mapping[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1"}


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG, prctl(2)
