"""A notebook that runs away beside another: whatever it takes, its neighbour works on, and nothing of it is left."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.security.test_limits import _groups, together
from tests.security.test_sandbox import box
from tre.workspace import kept_log
from tre.workspace.limits import Bounds
from tre.workspace.project_services import launch
from tre.workspace.sandbox import Sandbox

__all__ = ["box"]
pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
    together,
]
MIB = 1024 * 1024
_BOUNDS = Bounds(memory=256 * MIB, processors=0.5, processes=150)

# Each does without an end, in many processes, what would take the machine from everybody if nothing bounded it.
_RUNAWAYS = {
    "processes whose children have children": "while True:\n    try: os.fork()\n    except OSError: pass\n",
    "memory": "child()\nheld = []\nwhile True: held.append(bytearray(8 << 20))\n",
    "computing": "child()\nwhile True: pass\n",
    "output": "child()\nwhile True: os.write(1, b'x' * 65536)\n",
}
# As the first program here it is not killed for memory by itself alone: its children go first, and it goes on.
_BEGIN = """
import os, sys
def child():
    for _ in range(3):
        if os.fork() == 0: return
    while True:
        try: os.wait()
        except ChildProcessError: pass
        if os.fork() == 0: return
print('runs away', flush=True)
"""
# A piece of work with memory of its own, processes of its own and something to print; it ends with status 0.
_WORKS = """
import os, subprocess, sys
held = [bytearray(1 << 20) for _ in range(64)]
for step in range(20):
    assert sum(range(200_000)) == 19999900000
    assert subprocess.run([sys.executable, '-I', '-S', '-c', 'print(1)'], capture_output=True).stdout == b'1\\n'
    print('step', step, flush=True)
assert len(held) == 64
"""


def _beside(box: Sandbox, name: str, program: str) -> Sandbox:
    """Return a sandbox like the box, with a folder, a log and a user of its own, that runs a program."""
    folder = Path(box.folder).with_name(name)
    folder.mkdir(mode=0o700)
    command = (sys.executable, "-c", program)
    number = 1 if name == "runaway" else 2
    return replace(
        box, folder=str(folder), log=str(Path(box.log).with_name(f"{name}.log")), commands=(command,),
        uid=box.uid + number, home="/tmp", binds=(), bounds=_BOUNDS, watch=os.getpid(),
    )  # fmt: skip


def _beginning(log: Path) -> bytes:
    """Return the first bytes of a log, which is not there for a moment whenever it is begun anew."""
    while True:
        with contextlib.suppress(FileNotFoundError):
            if begun := log.read_bytes()[:4]:
                return begun
        time.sleep(0.05)


@pytest.mark.parametrize("what", _RUNAWAYS)
def test_a_runaway_harms_no_neighbour(box, what):
    runaway = _beside(box, "runaway", _BEGIN + _RUNAWAYS[what])
    neighbour = _beside(box, "neighbour", _WORKS)
    running = launch(runaway)
    try:
        while not Path(runaway.log).exists():  # it says that it runs away
            assert running.poll() is None
            time.sleep(0.1)
        status = launch(neighbour).wait(60)
        assert (status, Path(neighbour.log).read_text().split()[-2:]) == (0, ["step", "19"])
        assert running.poll() is None  # it was there all the while: else the neighbour had none
        assert _beginning(Path(runaway.log)) in (b"runs", b"xxxx")
    finally:
        running.terminate()
        running.wait(60)
    assert _groups(running.pid) == []
    assert Path(runaway.log).stat().st_size <= 2 * kept_log.MOST_BYTES
