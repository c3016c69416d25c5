"""A trial of the sandbox: one is opened as a workspace's is, tries from inside to reach out, and tells what it reached.

What it tries is a part of what the security tests try from the attacker's seat; a part that an installation can be
asked at any time. Another sandbox that listens meanwhile stands for another project's.
"""

from __future__ import annotations

import json
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tre.config.options import load
from tre.errors import TreError
from tre.workspace import trying
from tre.workspace.folders import folder
from tre.workspace.limits import Bounds
from tre.workspace.project_services import launch
from tre.workspace.sandbox import Bind, Sandbox, check_available
from tre.workspace.users import trial_ids

_HOME = "/home/trial"
_NEIGHBOUR_PORT = 15099
_WITHIN_SECONDS = 60.0
_LOOK_SECONDS = 0.1
_MEMORY = 512 * 1024**2
_TRIED = Path(trying.__file__)


@dataclass(frozen=True)
class Trial:
    """What a trial reached, by what it tried: each list is empty where the sandbox holds.

    Parameters
    ----------
    outside, neighbours, files, processes : tuple of str
        The internet and this machine's network; another sandbox; the platform's files; other processes.
    """

    outside: tuple[str, ...]
    neighbours: tuple[str, ...]
    files: tuple[str, ...]
    processes: tuple[str, ...]


def run() -> Trial:
    """Open a sandbox, let it try, and return what it reached.

    Raises
    ------
    TreError
        When no sandbox can be opened here, or it told nothing.
    """
    check_available()
    with _place("neighbour") as there, _place("trial") as here, _listening() as (port, abstract):
        neighbour = launch(_sandbox(there, [sys.executable, "-I", "-c", _LISTENER]))
        try:
            _wait_for(there / "log", "listening", neighbour)
            known = {"port": port, "abstract": abstract, "neighbour": _NEIGHBOUR_PORT, "paths": _paths()}
            tried = launch(_sandbox(here, [sys.executable, "-I", "-c", f"{_TRIED.read_text()}\ntell({known!r})"]))
            return _told(here / "log", tried)
        finally:
            neighbour.terminate()
            neighbour.wait(_WITHIN_SECONDS)


_LISTENER = (
    "import socket, time\n"
    f"listening = socket.create_server(('127.0.0.1', {_NEIGHBOUR_PORT}))\n"
    "print('listening', flush=True)\n"
    f"time.sleep({_WITHIN_SECONDS})\n"
)


def _paths() -> list[str]:
    """Return what of the platform must not be seen: its home, what stands there, and the landing zone."""
    home = load().home
    return [str(home), *(str(home / each) for each in ("secrets", "keys", "db", "landing", "warehouse", "projects"))]


@contextmanager
def _place(name: str) -> Iterator[Path]:
    """Make a folder for one sandbox, and take it away afterwards."""
    parts = ("run", "trials", f"{name}-{secrets.token_hex(4)}")
    made = folder(*parts, uid=0, gid=0, mode=0o700)
    uid, gid = trial_ids()
    folder(*parts, "home", uid=uid, gid=gid, mode=0o700)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _listening() -> Iterator[tuple[int, str]]:
    """Listen on this machine's loopback and on a socket without a file, which a sandbox must not find."""
    name = f"tre-trial-{secrets.token_hex(8)}"
    with socket.create_server(("127.0.0.1", 0)) as port, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(f"\0{name}")
        abstract.listen()
        yield port.getsockname()[1], name


def _sandbox(place: Path, command: Sequence[str]) -> Sandbox:
    uid, gid = trial_ids()
    return Sandbox(
        name=f"trial {place.name}",
        uid=uid,
        gid=gid,
        username="trial",
        home=_HOME,
        commands=(tuple(command),),
        environment={"HOME": _HOME, "PATH": "/usr/bin:/bin"},
        folder=str(place / "launch"),
        log=str(place / "log"),
        binds=(Bind(str(place / "home"), _HOME, writable=True),),
        bounds=Bounds(_MEMORY),
    )


def _wait_for(log: Path, text: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _WITHIN_SECONDS
    while not (log.exists() and text in log.read_text()):
        if process.poll() is not None or time.monotonic() > end:
            raise TreError("A sandbox for the trial did not open", where="workspace", todo="Look at the machine")
        time.sleep(_LOOK_SECONDS)


def _told(log: Path, process: subprocess.Popen[bytes]) -> Trial:
    try:
        process.wait(_WITHIN_SECONDS)
        reached = json.loads(log.read_text().strip().splitlines()[-1])
        return Trial(**{name: tuple(found) for name, found in reached.items()})
    except (subprocess.TimeoutExpired, OSError, ValueError, TypeError, IndexError):
        process.kill()
        raise TreError("The sandbox of the trial told nothing", where="workspace", todo="Try again") from None
