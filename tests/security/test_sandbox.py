"""The sandbox from the attacker's seat: every probe runs in a real one; doors are opened to see the probes tell."""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from tests.security.attacker import judge, known, number, source
from tre.config.options import load
from tre.config.secrets import secret
from tre.errors import SettingsError
from tre.projects.jobs import show_to_group
from tre.workspace.project_services import launch
from tre.workspace.sandbox import Bind, Outbound, Sandbox, check_available

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]
_ALONE = (
    "routes", "names", "services", "files", "links", "writable", "processes", "tracing", "environment", "powers",
    "kernel", "calls", "control_plane",
)  # fmt: skip
_HOME = "/home/researcher"


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    """Return a sandbox as a workspace's, whose one program is the attacker's."""
    secret("hub-proxy")  # there is something to find
    uid, gid = load().sandbox_uid_base + 1, load().sandbox_uid_base + 1000
    home = tmp_path / "home"
    home.mkdir()
    if os.geteuid() == 0:
        os.chown(home, uid, gid)
        for folder in (tmp_path, *tmp_path.parents):
            if folder != Path("/tmp") and str(folder).startswith("/tmp/"):
                folder.chmod(0o755)
    return Sandbox(
        name="test",
        uid=uid,
        gid=gid,
        username="researcher",
        home=_HOME,
        commands=(),
        environment={"USER": "researcher", "HOME": _HOME, "PATH": "/usr/bin:/bin", "PYTHONPATH": "/opt/tre"},
        folder=str(tmp_path / "launch"),
        log=str(tmp_path / "log"),
        binds=(Bind(str(home), _HOME, writable=True), Bind(str(tmp_path / "launch" / "doors"), "/doors")),
    )


def attack(box: Sandbox, *names: str) -> dict[str, list[str]]:
    """Run the probes in the sandbox and return what they reached."""
    program = Path(next(each.source for each in box.binds if each.target == _HOME)) / "attack.py"
    program.write_text(source(known(names or _ALONE)))
    program.chmod(0o644)
    Path(box.folder).mkdir(mode=0o700)
    running = launch(replace(box, commands=((sys.executable, f"{_HOME}/attack.py"),)))
    running.wait(60)
    printed = Path(box.log).read_text()
    assert "{" in printed, printed
    return judge(printed)


def test_nothing_is_within_reach(box):
    assert {sentence: found for sentence, found in attack(box).items() if found} == {}


def test_the_probes_run_outside_find_what_is_there(box, monkeypatch):
    """A probe that finds nothing here, where everything is open, could not fail anywhere."""
    environment = {**os.environ, **box.environment, "PLANTED": secret("hub-proxy")}
    # Of the calls such as do no harm where they are let through.
    harmless = {name: number(name) for name in ("unshare", "userfaultfd", "kcmp", "perf_event_open")}
    program = source(known(_ALONE, calls=harmless))
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    found = judge(done.stdout)
    names = ("files", "writable", "environment", "kernel", "calls", "control_plane")
    open_here = [sentence for sentence, reached in found.items() if reached]
    assert len(open_here) >= len(names), found


def test_a_call_of_another_architecture_ends_its_process(box):
    """The 32-bit calls have other numbers: what is refused under one number would pass under the other."""
    # mov eax, 20 (getpid); int 0x80; ret
    program = (
        "import ctypes, mmap, os, sys\n"
        "page = mmap.mmap(-1, 4096, prot=7)\n"
        "page.write(bytes([0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3]))\n"
        "call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))\n"
        "child = os.fork()\n"
        "if not child:\n    call(); os._exit(0)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    if platform.machine() != "x86_64":
        pytest.skip("the program is for x86-64")
    Path(box.folder).mkdir(mode=0o700)
    launch(replace(box, commands=((sys.executable, "-c", program),))).wait(60)
    assert Path(box.log).read_text().splitlines()[0] in {f"-{int(signal.SIGSYS)}", f"-{int(signal.SIGSEGV)}"}


def test_without_libseccomp_nothing_starts(box, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    with pytest.raises(SettingsError, match="libseccomp2"):
        check_available()


def test_a_door_left_open_is_found(box):
    """The test of the test: the platform's home is shown inside, and a stray port leads out."""
    opened = replace(box, binds=(*box.binds, Bind(str(load().home), str(load().home))))
    found = attack(opened, "files", "environment", "links")
    assert found["no file of the platform, another person or another project"], found
    assert found["no way around a path by a link, a handle or a mount"], found


def test_what_must_be_read_inside_can_be(box, tmp_path):
    """The extract by its project's group, and the sandbox's own few files, below a folder that is closed."""
    table = tmp_path / "closed" / "extract" / "people"
    table.mkdir(parents=True)
    (table / "part-0.parquet").write_text("rows")
    show_to_group(table.parent, box.gid)
    places = ["/project/data/people/part-0.parquet", "/etc/passwd", "/etc/jupyter/labconfig/page_config.json", "/doors"]
    program = f"import json, os; print(json.dumps([os.access(each, os.R_OK) for each in {places}]))"
    Path(box.folder).mkdir(mode=0o700)
    binds = (*box.binds, Bind(str(table.parent), "/project/data"))
    launch(replace(box, commands=((sys.executable, "-c", program),), binds=binds)).wait(60)
    assert json.loads(Path(box.log).read_text().splitlines()[0]) == [True] * len(places)


def test_another_projects_group_reads_no_extract(box, tmp_path):
    """Even if the wrong extract were shown."""
    extract = tmp_path / "extract"
    extract.mkdir()
    (extract / "part-0.parquet").write_text("rows")
    show_to_group(extract, box.gid + 1)
    program = "import json, os; print(json.dumps(os.access('/project/data', os.R_OK)))"
    Path(box.folder).mkdir(mode=0o700)
    binds = (*box.binds, Bind(str(extract), "/project/data"))
    launch(replace(box, commands=((sys.executable, "-c", program),), binds=binds)).wait(60)
    assert json.loads(Path(box.log).read_text().splitlines()[0]) is (os.geteuid() != 0)


def test_a_secret_in_the_environment_is_found(box):
    planted = replace(box, environment={**box.environment, "PLANTED": secret("hub-proxy")})
    assert any(attack(planted, "environment").values())


@pytest.fixture
def stray(tmp_path: Path) -> Iterator[Path]:
    """A service of the host behind a socket, as one that was bound in by mistake would be."""
    path = tmp_path / "stray.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o666)
    listener.listen()

    def answer() -> None:
        try:
            while True:
                listener.accept()[0].close()
        except OSError:
            return

    threading.Thread(target=answer, daemon=True).start()
    yield path
    listener.close()


def test_a_port_that_leads_out_is_found(box, stray):
    opened = replace(
        box, binds=(*box.binds, Bind(str(stray), "/stray.sock")), outbound=(Outbound(9999, "/stray.sock"),)
    )
    assert any("9999" in each for found in attack(opened, "services").values() for each in found)


def test_a_writable_system_is_found(box, tmp_path):
    loose = tmp_path / "loose"
    loose.mkdir()
    loose.chmod(0o777)
    opened = replace(box, binds=(*box.binds, Bind(str(loose), "/project/data", writable=True)))
    assert attack(opened, "writable") == {"nothing writable but the own folders": ["/project/data"]}


def test_it_ends_with_who_watches_over_it(box):
    watcher = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(box.folder).mkdir(mode=0o700)
    sleeping = sleeps()
    running = launch(replace(box, commands=(sleeping,), watch=watcher.pid))
    while "{" not in (Path(box.log).read_text() if Path(box.log).exists() else ""):
        assert running.poll() is None
    assert running_now(sleeping) != []
    watcher.kill()
    watcher.wait()
    running.wait(30)
    assert running_now(sleeping) == []


def sleeps() -> tuple[str, ...]:
    """Return a command that says that it runs and sleeps; no other's is the same, who may test beside this one."""
    return (sys.executable, "-c", f"print('{{}}', flush=True); import time; time.sleep(600)  # {uuid4()}")


def running_now(command: tuple[str, ...]) -> list[Path]:
    """Return where proc(5) tells of processes of this machine with exactly this command."""
    told = b"\0".join(map(os.fsencode, command))
    return [path for path in Path("/proc").glob("[0-9]*") if _command(path) == told]


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes().rstrip(b"\0")
    except OSError:
        return b""


def test_no_secret_is_on_a_command_line(box):
    Path(box.folder).mkdir(mode=0o700)
    told = replace(
        box,
        commands=((sys.executable, "-c", "print('{}', flush=True); import time; time.sleep(600)"),),
        environment={**box.environment, "TOKEN": "a-token-of-this-test"},
    )
    running = launch(told)
    try:
        while "{" not in (Path(box.log).read_text() if Path(box.log).exists() else ""):
            assert running.poll() is None
        lines = b"".join(_command(path) for path in Path("/proc").glob("[0-9]*"))
        assert b"a-token-of-this-test" not in lines
    finally:
        running.terminate()
        running.wait(30)
