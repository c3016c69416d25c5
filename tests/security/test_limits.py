"""What a sandbox may use: a runaway notebook is ended inside its own sandbox, and nothing else is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.security.test_sandbox import box
from tre.workspace import limits
from tre.workspace.limits import Bounds, group, version
from tre.workspace.project_services import launch

__all__ = ["box"]
MIB = 1024 * 1024
together = pytest.mark.skipif(version() == 0, reason="this machine lets no control group be made")
in_a_sandbox = [
    pytest.mark.sandbox,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]


def run(box, program: str, bounds: Bounds) -> tuple[int, str]:
    Path(box.folder).mkdir(mode=0o700)
    running = launch(replace(box, commands=((sys.executable, "-c", program),), bounds=bounds))
    status = running.wait(60)
    return status, Path(box.log).read_text()


_EATS = """
import os, sys
def eat():
    held = []
    for _ in range({pieces}):
        held.append(bytearray({size}))
    return len(held)
children = []
for _ in range({children}):
    child = os.fork()
    if not child:
        try:
            eat()
        except MemoryError:
            os._exit(7)
        os._exit(0)
    children.append(child)
print(sorted({{os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in children}}), flush=True)
"""


@pytest.mark.usefixtures("box")
class TestInASandbox:
    pytestmark = in_a_sandbox

    @together
    @pytest.mark.parametrize(("pieces", "children"), [(60, 1), (15, 4)])
    def test_memory_is_bounded_for_all_processes_together(self, box, pieces, children):
        """600 MiB in one process, or 150 in each of four: more than 256 either way."""
        program = _EATS.format(pieces=pieces, size=10 * MIB, children=children)
        _, told = run(box, program, Bounds(memory=256 * MIB))
        assert "-9" in told, told

    @together
    def test_what_fits_is_left_alone(self, box):
        status, told = run(box, _EATS.format(pieces=5, size=10 * MIB, children=2), Bounds(memory=512 * MIB))
        assert (status, "[0]" in told) == (0, True)

    def test_without_groups_each_process_is_bounded(self, box):
        program = _EATS.format(pieces=60, size=10 * MIB, children=1)
        Path(box.folder).mkdir(mode=0o700)
        own = _launched_without_groups(replace(box, commands=((sys.executable, "-c", program),)))
        assert "[7]" in own, own

    @together
    def test_a_swarm_of_processes_ends_inside(self, box):
        program = (
            "import os, time\n"
            "made = 0\n"
            "try:\n"
            "    for _ in range(400):\n"
            "        if not os.fork():\n"
            "            time.sleep(30); os._exit(0)\n"
            "        made += 1\n"
            "except OSError:\n"
            "    pass\n"
            "print(made, flush=True)\n"
            "os.kill(-1, 9)\n"
        )
        _, told = run(box, program, Bounds(processes=100))
        assert 50 < int(told.split()[0]) < 100

    @together
    def test_processor_time_is_bounded(self, box):
        """Half a processor: of two busy processes' time, a quarter each at the most, whatever the machine's speed."""
        program = (
            "import os, time\n"
            "child = os.fork()\n"
            "ends = time.monotonic() + 3\n"
            "while time.monotonic() < ends: pass\n"
            "if not child: os._exit(0)\n"
            "os.wait()\n"
            "used = sum(os.times()[:4])\n"
            "print(used / 3, flush=True)\n"
        )
        _, told = run(box, program, Bounds(processors=0.5))
        assert 0.2 < float(told.split()[0]) < 0.8

    @together
    def test_the_group_is_gone_when_the_sandbox_is(self, box):
        Path(box.folder).mkdir(mode=0o700)
        command = (sys.executable, "-c", "import sys; sys.stdin.read(); import time; time.sleep(2)")
        running = launch(replace(box, commands=(command,), bounds=Bounds(memory=256 * MIB)))
        there = []
        while running.poll() is None:
            there = there or _groups(running.pid)
        assert (len(there) > 0, _groups(running.pid)) == (True, [])


def _launched_without_groups(box) -> str:
    """Run a sandbox on a machine without control groups: its launcher finds none."""
    told = replace(box, bounds=Bounds(memory=256 * MIB))
    program = (
        "import asyncio, json, sys\n"
        "from pathlib import Path\n"
        "from tre.workspace import limits\n"
        "limits.version = lambda root=None: 0\n"
        "from tre.workspace.launch import run\n"
        "from tre.workspace.sandbox import Sandbox\n"
        "asyncio.run(run(Sandbox.from_json(json.load(sys.stdin))))\n"
    )
    subprocess.run([sys.executable, "-c", program], input=json.dumps(told.to_json()).encode(), timeout=60, check=False)
    return Path(box.log).read_text()


def _groups(launcher: int) -> list[str]:
    """Return a launcher's control groups; those of others, who run beside this one, come and go meanwhile."""
    own = Path(limits.OURS, f"sandbox-{launcher}")
    return [above for above, _, _ in os.walk(limits.ROOT) if Path(above).match(str(own))]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(limits, "_REMOVED_SECONDS", 0.1)  # a made-up group is never empty


def second(tmp_path: Path, controllers: str = "cpuset cpu memory pids") -> Path:
    """Return a folder that looks like control groups of version 2."""
    (tmp_path / "cgroup.controllers").write_text(controllers)
    return tmp_path


def test_the_second_version_is_written_as_the_kernel_reads_it(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    root = second(tmp_path)
    assert version(root) == 2
    made = {}
    monkeypatch.setattr(limits, "_remove", lambda folders: made.update({f.name: sorted(f.iterdir()) for f in folders}))
    with group(Bounds(1024, 1.5, 7), root) as files:
        assert files == (str(root / "tre" / f"sandbox-{os.getpid()}" / "cgroup.procs"),)
        limits.join(files)
        assert Path(files[0]).read_text() == str(os.getpid())
    told = {path.name: path.read_text() for path in made[f"sandbox-{os.getpid()}"]}
    assert told["memory.max"] == "1024"
    assert told["cpu.max"] == "150000 100000"
    assert told["pids.max"] == "7"
    assert (root / "tre" / "cgroup.subtree_control").read_text() == "+memory +cpu +pids"


@pytest.mark.parametrize(
    ("controllers", "root_user", "expected"), [("memory pids", True, 0), ("memory cpu pids", False, 0)]
)
def test_where_a_group_cannot_be_had_none_is_made(tmp_path, monkeypatch, controllers, root_user, expected):
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root_user else 1000)
    assert version(second(tmp_path, controllers)) == expected
    with group(Bounds(1024), tmp_path) as files:
        assert files == ()


def test_a_group_that_cannot_be_written_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    root = second(tmp_path)
    (root / "tre").write_text("a file is in the way")
    with group(Bounds(1024), root) as files:
        assert files == ()


def test_what_a_killed_launcher_left_is_removed_and_a_living_one_s_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    root = second(tmp_path)
    living, left = root / "tre" / "sandbox-1", root / "tre" / "sandbox-99999999"
    for folder in (living, left):
        folder.mkdir(parents=True)
    with group(Bounds(1024), root):
        assert (living.exists(), left.exists()) == (True, False)
