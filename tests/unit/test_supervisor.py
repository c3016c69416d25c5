"""The supervisor: ports, the lock, restarts, and that nothing is left behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tre.errors import Refused, TreError
from tre.supervisor import PortTaken, Service, Supervisor, check_ports, only_one, running_pid, stop_running

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


def environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"]}


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it was gone before, or goes while it is read
        return False


def wait_until(condition, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_a_taken_port_is_named_and_a_free_one_offered():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken) as refusal:
            check_ports({"TRE_PORTAL_PORT": port})
    assert f"Port {port} is taken" in refusal.value.sentence()
    assert "TRE_PORTAL_PORT=" in refusal.value.sentence()


def test_one_supervisor_for_a_home(tmp_path):
    assert running_pid(tmp_path) is None
    with only_one(tmp_path):
        assert running_pid(tmp_path) == os.getpid()
        with pytest.raises(Refused, match="running already"), only_one(tmp_path):
            pass
    assert running_pid(tmp_path) is None
    assert stop_running(tmp_path) is False


def test_a_service_that_dies_is_started_again(tmp_path):
    lines: list[str] = []
    supervisor = Supervisor(tmp_path, lines.append)
    supervisor.start([Service("sleeper", SLEEPER, environment())])
    first = supervisor._children[0].process.pid
    watcher = threading.Thread(target=supervisor.watch)
    watcher.start()
    try:
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: supervisor._children[0].process.pid != first)
        second = supervisor._children[0].process.pid
        assert alive(second)
        assert any("sleeper ended" in line for line in lines)
    finally:
        supervisor.stop()
        watcher.join(20)
    assert not alive(second)


def test_a_service_that_keeps_ending_stops_no_other(tmp_path, monkeypatch):
    """It is started again and again, after pauses that grow, and each time is told; nothing else is stopped."""
    lines: list[str] = []
    clock = [0.0]
    supervisor = Supervisor(tmp_path, lines.append)
    supervisor.start([Service("sleeper", SLEEPER, environment()), Service("broken", SLEEPER, environment())])
    monkeypatch.setattr("tre.supervisor.time", SimpleNamespace(monotonic=lambda: clock[0], sleep=time.sleep))
    sleeper, broken = supervisor._children
    try:
        for child in supervisor._children:
            child.began = 0.0
        broken.service = Service("broken", [sys.executable, "-c", "raise SystemExit(3)"], environment())
        broken.process.kill()
        for _ in range(8):
            broken.process.wait(20)
            supervisor._look_at(sleeper)
            supervisor._look_at(broken)
            clock[0] = broken.again or clock[0]
            supervisor._look_at(broken)
        assert sleeper.process.poll() is None
        told = [re.findall(r"in (\d+) s", line) for line in lines]
        assert told == [[], ["1"], ["2"], ["4"], ["8"], ["16"], ["32"], ["60"]]
        assert all("broken ended" in line for line in lines)
        assert str(tmp_path / "broken.log") in lines[-1]
    finally:
        monkeypatch.undo()
        supervisor.stop()
    assert not alive(sleeper.process.pid)


def test_a_service_that_cannot_be_started_now_is_started_later(tmp_path, monkeypatch):
    lines: list[str] = []
    supervisor = Supervisor(tmp_path, lines.append)
    supervisor.start([Service("sleeper", SLEEPER, environment())])
    child = supervisor._children[0]
    spawn = supervisor._spawn

    def full(service: Service) -> subprocess.Popen[bytes]:
        raise OSError(28, "No space left on device")

    try:
        os.kill(child.process.pid, signal.SIGKILL)
        child.process.wait(20)
        monkeypatch.setattr(supervisor, "_spawn", full)
        supervisor._look_at(child)
        assert "does not start (No space left on device)" in lines[-1]
        monkeypatch.setattr(supervisor, "_spawn", spawn)
        child.again = 0.0
        supervisor._look_at(child)
        assert alive(child.process.pid)
    finally:
        supervisor.stop()


def test_a_service_without_an_address_that_ends_while_starting_stops_the_start(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    answering = (
        "import http.server, pathlib, time\n"
        f"while not pathlib.Path({str(tmp_path / 'ended')!r}).exists(): time.sleep(0.05)\n"
        "time.sleep(0.5)\n"
        f"http.server.HTTPServer(('127.0.0.1', {port}), http.server.SimpleHTTPRequestHandler).serve_forever()\n"
    )
    ending = f"import pathlib; pathlib.Path({str(tmp_path / 'ended')!r}).touch(); raise SystemExit(1)"
    supervisor = Supervisor(tmp_path, print)
    with pytest.raises(TreError, match=r"broken ended while it started.*broken\.log"):
        supervisor.start(
            [
                Service("slow", [sys.executable, "-c", answering], environment(), f"http://127.0.0.1:{port}/"),
                Service("broken", [sys.executable, "-c", ending], environment()),
            ]
        )
    supervisor.stop()


def test_a_service_that_ends_while_it_starts_names_its_log(tmp_path):
    supervisor = Supervisor(tmp_path, print)
    broken = Service("broken", [sys.executable, "-c", "raise SystemExit(1)"], environment(), "http://127.0.0.1:9/")
    with pytest.raises(TreError, match=r"broken\.log"):
        supervisor.start([broken])
    supervisor.stop()


def test_what_a_service_leaves_behind_is_stopped_too(tmp_path):
    # The service starts a grandchild in a session of its own, as a daemon would, and tells us its number.
    program = (
        "import subprocess, sys, time, pathlib\n"
        f"child = subprocess.Popen({SLEEPER!r}, start_new_session=True)\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    supervisor = Supervisor(tmp_path, print)
    supervisor.start([Service("daemon", [sys.executable, "-c", program], environment())])
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    orphan = int((tmp_path / "pid").read_text())
    assert alive(orphan)
    supervisor.stop()
    wait_until(lambda: not alive(orphan))


def test_a_killed_supervisor_takes_its_services_with_it(tmp_path):
    program = (
        "import sys, os, pathlib\n"
        "from tre.supervisor import Service, Supervisor\n"
        f"s = Supervisor(pathlib.Path({str(tmp_path)!r}), print)\n"
        f"s.start([Service('sleeper', {SLEEPER!r}, dict(os.environ))])\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(s._children[0].process.pid))\n"
        "s.watch()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).resolve().parents[2])
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    child = int((tmp_path / "pid").read_text())
    process.kill()
    process.wait()
    wait_until(lambda: not alive(child))
