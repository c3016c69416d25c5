"""Starts, watches and stops every process of the embedded default.

One supervisor per home folder, held by a file lock. Each child runs in a process group of its own and dies with the
supervisor (``PR_SET_PDEATHSIG``); whatever a child leaves behind is adopted (``PR_SET_CHILD_SUBREAPER``) and
stopped too, so that nothing is orphaned however the end comes. See prctl(2).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import httpx

from tre.errors import Refused, TreError
from tre.pauses import Pauses

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_STOP_SECONDS = 15.0


@dataclass(frozen=True)
class Service:
    """One process to keep running.

    Parameters
    ----------
    name : str
        What people and the log call it.
    argv : sequence of str
        The command; it holds no secret, for others can read it.
    env : mapping
        The whole environment of the process.
    ready : str
        An address that answers with a status below 500 once the service can be used; empty when there is none.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    ready: str = ""


@dataclass
class _Child:
    service: Service
    process: subprocess.Popen[bytes]
    began: float
    pauses: Pauses = field(default_factory=Pauses)
    again: float | None = None  # when it starts again; None while it runs


class PortTaken(Refused):
    """A port that a service listens on is in use by another program."""


def check_ports(ports: Mapping[str, int], host: str = "127.0.0.1") -> None:
    """Refuse when a port is taken, and offer one that is free.

    Parameters
    ----------
    ports : mapping
        The setting's name (such as ``TRE_PORTAL_PORT``) and its port.

    Raises
    ------
    PortTaken
        Naming the first port that is taken, and a free one.
    """
    for name, port in ports.items():
        if not _is_free(host, port):
            raise PortTaken(
                f"Port {port} is taken by another program",
                where=name,
                todo=f"Port {_free_port(host, port, set(ports.values()))} is free: "
                f"{name}={_free_port(host, port, set(ports.values()))} make up",
            )


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _free_port(host: str, near: int, used: set[int]) -> int:
    return next(port for port in range(near + 10, 65535) if port not in used and _is_free(host, port))


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the home folder's lock, writing this process's id into it.

    Raises
    ------
    Refused
        When another supervisor holds it.
    """
    path = home / "run" / "supervisor.pid"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("It is running already", where=str(home), todo="Run make down to stop it first") from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        try:
            yield
        finally:
            handle.truncate(0)


def running_pid(home: Path) -> int | None:
    """Return the process id of the supervisor of this home folder, or None when there is none."""
    path = home / "run" / "supervisor.pid"
    if not path.exists():
        return None
    with path.open("r+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(handle.read() or 0) or None
    return None


def stop_running(home: Path, seconds: float = 60.0) -> bool:
    """Ask the running supervisor to stop and wait for it; return whether there was one.

    Raises
    ------
    TreError
        When it has not stopped in time.
    """
    pid = running_pid(home)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while running_pid(home) is not None:
        if time.monotonic() > deadline:
            raise TreError("The supervisor did not stop in time", where=f"process {pid}", todo="Look at its log")
        time.sleep(0.1)
    return True


class Supervisor:
    """Keeps services running until it is told to stop.

    Parameters
    ----------
    logs : Path
        Folder that receives one log file for each service.
    say : callable
        Receives one line for each thing a person should know.
    """

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        self._logs, self._say = logs, say
        self._children: list[_Child] = []
        self._stopping = False
        self._others = set(_children_of(os.getpid()))  # this process's own, started before and by somebody else
        logs.mkdir(parents=True, exist_ok=True)
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def stop_on_signals(self) -> None:
        """Let SIGTERM, SIGINT and SIGHUP end :meth:`watch`."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def start(self, services: Iterable[Service], seconds: float = 90.0) -> None:
        """Start the services in order, all at once, and wait until each is ready.

        Raises
        ------
        TreError
            When one ends meanwhile or does not answer in time; it names the log to read.
        """
        began = [_Child(service, self._spawn(service), time.monotonic()) for service in services]
        self._children += began
        with httpx.Client(timeout=2.0, trust_env=False) as client:  # one for all: each reads all certificates there are
            for child in began:
                self._await_ready(child, seconds, client)
        for child in began:
            self._check_runs(child)

    def _spawn(self, service: Service) -> subprocess.Popen[bytes]:
        with self._log(service).open("ab") as log:
            return subprocess.Popen(
                list(service.argv),
                env=dict(service.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    def _await_ready(self, child: _Child, seconds: float, client: httpx.Client) -> None:
        service, deadline = child.service, time.monotonic() + seconds
        while service.ready and not self._stopping and not _answers(service.ready, client):
            self._check_runs(child)
            if time.monotonic() > deadline:
                log = str(self._log(service))
                raise TreError(f"The {service.name} did not answer in time", where=log, todo="Read its last lines")
            time.sleep(0.1)

    def _check_runs(self, child: _Child) -> None:
        if child.process.poll() is not None and not self._stopping:
            log = str(self._log(child.service))
            raise TreError(f"The {child.service.name} ended while it started", where=log, todo="Read its last lines")

    def _log(self, service: Service) -> Path:
        return self._logs / f"{service.name}.log"

    def watch(self) -> None:
        """Start again what ends, until a signal asks to stop.

        What keeps ending is started after pauses that grow up to a minute, and each time is told: the others go on.
        """
        while not self._stopping:
            for child in self._children:
                self._look_at(child)
            self._reap_adopted()
            time.sleep(0.2)

    def _look_at(self, child: _Child) -> None:
        now = time.monotonic()
        if child.again is None and child.process.poll() is not None and not self._stopping:
            _kill_group(child.process.pid, signal.SIGKILL)
            pause = child.pauses.after(now - child.began)
            child.again = now + pause
            when = f" in {pause:.0f} s; its log is {self._log(child.service)}" if pause else ""
            status = child.process.returncode
            self._say(f"The {child.service.name} ended (status {status}); starting it again{when}.")
        if child.again is not None and now >= child.again and not self._stopping:
            try:
                child.process, child.began, child.again = self._spawn(child.service), now, None
            except OSError as error:  # such as a disk that is full
                child.again = now + 1.0 + child.pauses.after(0.0)
                self._say(f"The {child.service.name} does not start ({error.strerror}); trying again.")

    def _reap_adopted(self) -> None:
        own = {child.process.pid for child in self._children}
        for pid in self._left_behind():
            if pid not in own:
                try:
                    os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:
                    continue

    def _left_behind(self) -> list[int]:
        return [pid for pid in _children_of(os.getpid()) if pid not in self._others]

    def stop(self) -> None:
        """Stop every service, last first, and everything that they left behind."""
        self._stopping = True
        for child in reversed([child for child in self._children if child.again is None]):
            if child.process.poll() is None:
                child.process.terminate()
                try:
                    child.process.wait(_STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    self._say(f"The {child.service.name} did not stop when asked; it was ended.")
            _kill_group(child.process.pid, signal.SIGKILL)
            child.process.wait()
        deadline = time.monotonic() + _STOP_SECONDS
        while (left := self._left_behind()) and time.monotonic() < deadline:
            for pid in left:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _kill_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return


def _children_of(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def _answers(address: str, client: httpx.Client) -> bool:
    try:
        return client.get(address).status_code < 500
    except httpx.TransportError:
        return False
