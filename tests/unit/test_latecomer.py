"""A command that leaves the machine to another at the start: when it comes, and that it comes in any case."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tre.config.options import REPOSITORY
from tre.workspace.latecomer import Latecomer

_SOON = 20.0  # a bound for the test alone: whatever is awaited comes at once
_NEVER = 600.0
_NEVER_OVER = 1e9  # however soon the first listened
_SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
_SERVE = (
    "import socket, sys; server = socket.create_server(('127.0.0.1', int(sys.argv[1])));"
    "print('listens', flush=True); server.accept()[0].sendall(b'hello')"
)


@pytest.fixture
def ports() -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    numbers = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return numbers


async def _is_due(latecomer: Latecomer, within: float = 0.5) -> bool:
    """Return whether it is due when all that could be done at once has been done."""
    waiting = asyncio.ensure_future(latecomer.due())
    done, _ = await asyncio.wait([waiting], timeout=within)
    waiting.cancel()
    return bool(done)


def test_it_waits_for_the_first_to_listen_and_then_as_long_again(ports):
    async def scene() -> list[bool]:
        own, first = ports
        seen = [await _is_due(Latecomer(own, first, again=0.0, within=_NEVER))]
        async with await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", first):
            seen.append(await _is_due(Latecomer(own, first, again=_NEVER_OVER, within=_NEVER)))
            await asyncio.wait_for(Latecomer(own, first, again=0.0, within=_NEVER).due(), _SOON)
        return seen

    assert asyncio.run(scene()) == [False, False]


def test_it_comes_within_its_bound_though_the_first_never_listens(ports):
    async def scene() -> list[bool]:
        own, first = ports
        never, at_once = (Latecomer(own, first, again=_NEVER_OVER, within=bound) for bound in (_NEVER, 0.0))
        return [await _is_due(never), await _is_due(at_once, _SOON)]

    assert asyncio.run(scene()) == [False, True]


def test_a_caller_has_it_start_at_once_and_waits_until_it_listens(ports):
    async def scene() -> bytes:
        own, first = ports
        latecomer = Latecomer(own, first, again=_NEVER_OVER, within=_NEVER)
        calling = asyncio.ensure_future(latecomer.connect())
        await asyncio.wait_for(latecomer.due(), _SOON)
        assert not calling.done()

        async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"hello")
            writer.close()

        async with await asyncio.start_server(greet, "127.0.0.1", own):
            reader, writer = await asyncio.wait_for(calling, _SOON)
            said = await reader.read()
            writer.close()
        return said

    assert asyncio.run(scene()) == b"hello"


def test_a_caller_is_not_kept_for_ever(ports, monkeypatch):
    own, first = ports
    monkeypatch.setattr("tre.workspace.latecomer._CALLER_SECONDS", 0.0)
    with pytest.raises(OSError, match="Connect call failed"):
        asyncio.run(Latecomer(own, first, again=0.0, within=_NEVER).connect())


# The first program of a sandbox, with it


Begin = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Start the first program with a command, a latecomer and when that comes; end what is left of it."""
    begun: list[subprocess.Popen[str]] = []

    def _begin(*told: Any, **when: Any) -> subprocess.Popen[str]:
        begun.append(_inside(*told, **when))
        return begun[-1]

    yield _begin
    for each in begun:
        with suppress(ProcessLookupError):
            os.killpg(each.pid, signal.SIGKILL)
        each.wait()


def _inside(
    ports: list[int], first: list[str], late: list[str], door: socket.socket | None = None, **when: float
) -> subprocess.Popen[str]:
    own, after = ports
    told = {
        "outbound": [],
        "inbound": [{"socket": "", "port": own, "host_port": 0}] if door else [],
        "firsts": [],
        "commands": [first],
        "later": [{"command": late, "port": own, "after": after, **{"again": _NEVER_OVER, "within": _NEVER, **when}}],
    }
    handed = [door.fileno()] if door else []
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(REPOSITORY / "tre/workspace/inside.py"), ",".join(map(str, handed))],
        env={**os.environ, "TRE_INSIDE": json.dumps(told)}, pass_fds=handed, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip


def test_a_sandbox_ends_with_the_status_of_its_latecomer(ports, begin):
    assert begin(ports, _SLEEP, [sys.executable, "-c", "raise SystemExit(7)"], within=0.1).wait(_SOON) == 7


def test_a_sandbox_ends_with_its_first_though_the_latecomer_has_not_come(ports, begin):
    assert begin(ports, [sys.executable, "-c", "raise SystemExit(3)"], _SLEEP).wait(_SOON) == 3


def test_a_sandbox_that_is_told_to_end_does_so_before_its_latecomer_comes(ports, begin):
    says = [sys.executable, "-c", "print('runs', flush=True); import time; time.sleep(600)"]
    running = begin(ports, says, _SLEEP)
    assert running.stdout is not None
    assert running.stdout.readline() == "runs\n"
    running.send_signal(signal.SIGTERM)
    assert running.wait(_SOON) in (0, -signal.SIGTERM)  # told as it begins to listen for it


def test_who_calls_at_the_door_is_answered_by_a_latecomer_that_had_not_come(ports, begin, tmp_path: Path):
    path = str(tmp_path / "door.sock")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path)
        door.listen()
        door.setblocking(False)
        begin(ports, _SLEEP, [sys.executable, "-c", _SERVE, str(ports[0])], door)
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(_SOON)
        caller.connect(path)
        assert caller.recv(100) == b"hello"
