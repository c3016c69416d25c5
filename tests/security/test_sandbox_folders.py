"""What a project's own sandbox may plant in the folders that it writes, and that no privileged step follows it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.factories import project
from tests.security import test_sandbox
from tre.config.options import load
from tre.errors import Refused
from tre.projects.models import Project
from tre.workspace import kept_log, project_services
from tre.workspace.folders import folder
from tre.workspace.kept_log import KeptLog
from tre.workspace.project_services import launch
from tre.workspace.sandbox import Bind, First, Sandbox
from tre.workspace.services import tracking_template

in_a_sandbox = [
    pytest.mark.sandbox,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]
_HOME, box = test_sandbox._HOME, test_sandbox.box
_NOTHING = (sys.executable, "-c", "print('{}', flush=True)")


@pytest.fixture
def template() -> Path:
    path = tracking_template()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"an empty database")
    yield path
    path.unlink()


@pytest.fixture
def study(db) -> Project:
    made = project(approved=False)
    yield made
    shutil.rmtree(load().path("projects", made.code), ignore_errors=True)


@pytest.fixture
def host_file(tmp_path: Path) -> Path:
    path = tmp_path / "of-the-host"
    path.write_text("root's own")
    return path


def _plant_link(place: Path, to: Path) -> None:
    place.symlink_to(to)


def _plant_folder(place: Path, to: Path) -> None:
    place.mkdir()


@pytest.mark.parametrize("name", ["mlflow.db", ".mlflow.db.staged", ".first-x"])
@pytest.mark.parametrize("plant", [_plant_link, _plant_folder])
def test_making_the_services_sandbox_touches_nothing_that_the_project_can_write(
    study, template, host_file, tmp_path, name, plant
):
    """The launcher's side, as root: nothing is written, given away or stumbled over, whatever stands there."""
    state = load().path("projects", study.code, "service")
    state.mkdir(parents=True)
    plant(state / name, host_file)
    before = host_file.stat()
    planted = sorted(path.name for path in state.iterdir())
    sandbox = project_services.service_sandbox(study, tmp_path)
    assert host_file.read_text() == "root's own"
    after = host_file.stat()
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)
    assert sorted(path.name for path in state.iterdir()) == planted
    assert [each.target for each in sandbox.firsts] == ["/project/service/mlflow.db"]


@pytest.mark.parametrize("place", [("projects", "frailty", "service"), ("projects", "frailty", "shared"), ("homes",)])
def test_a_link_in_the_place_of_a_folder_is_refused_and_not_followed(study, host_file, place):
    target = host_file.parent / "elsewhere"
    target.mkdir(mode=0o755)
    path = load().path(*place)
    kept = path.with_name("kept")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.rename(kept)
    path.symlink_to(target)
    try:
        with pytest.raises(Refused, match="Something else stands"):
            folder(*place, "ann", uid=60001, gid=60001, mode=0o777)
        with pytest.raises(Refused, match="Something else stands"):
            folder(*place, uid=60001, gid=60001, mode=0o777)
    finally:
        path.unlink()
        if kept.exists():
            kept.rename(path)
    assert target.stat().st_mode & 0o777 == 0o755
    assert target.stat().st_uid == os.geteuid()
    assert list(target.iterdir()) == []


def test_a_folder_is_made_and_given_away_once_and_again():
    for _ in range(2):
        made = folder("homes", "ann", "frailty", uid=60001, gid=61000, mode=0o700)
        assert made.stat().st_mode & 0o7777 == 0o700
        if os.geteuid() == 0:
            assert (made.stat().st_uid, made.stat().st_gid) == (60001, 61000)


@pytest.mark.parametrize("part", ["..", ".", "", "a/b", "/etc"])
def test_a_step_of_a_path_is_one_name(part):
    with pytest.raises(ValueError, match="one name"):
        folder("homes", part, uid=1, gid=1, mode=0o700)


def _run(box: Sandbox) -> str:
    Path(box.folder).mkdir(mode=0o700, exist_ok=True)
    launch(box).wait(60)
    return Path(box.log).read_text()


class TestInsideASandbox:
    pytestmark = in_a_sandbox

    def _first(self, box: Sandbox, source: Path) -> tuple[Sandbox, Path]:
        home = Path(next(each.source for each in box.binds if each.target == _HOME))
        made = replace(
            box,
            binds=(*box.binds, Bind(str(source), "/opt/first")),
            firsts=(First("/opt/first", f"{_HOME}/mlflow.db"),),
            commands=(_NOTHING,),
        )
        return made, home

    def test_its_user_begins_with_a_copy_of_its_own_and_keeps_what_is_there(self, box, host_file):
        made, home = self._first(box, host_file)
        _run(made)
        begun = home / "mlflow.db"
        assert begun.read_text() == "root's own"
        assert begun.stat().st_uid == (box.uid if os.geteuid() == 0 else os.geteuid())
        assert [path.name for path in home.iterdir()] == ["mlflow.db"]
        begun.write_text("used since")
        _run(made)
        assert begun.read_text() == "used since"

    @pytest.mark.parametrize("plant", [_plant_link, _plant_folder])
    def test_what_is_planted_in_its_place_harms_nobody_and_stops_nothing(self, box, host_file, plant):
        made, home = self._first(box, host_file)
        victim = host_file.parent / "victim"
        victim.write_text("another's")
        plant(home / "mlflow.db", victim)
        assert "{}" in _run(made)
        assert victim.read_text() == "another's"

    def test_nothing_inside_can_empty_or_fill_the_log_of_the_host(self, box):
        """The attack of a program that owns its own output: truncate it, seek in it, write without an end."""
        program = (
            "import os\n"
            "print('the first line', flush=True)\n"
            "for act in (lambda: os.ftruncate(1, 0), lambda: os.truncate('/proc/self/fd/1', 0),\n"
            "            lambda: os.lseek(1, 0, 0), lambda: os.open('/proc/self/fd/1', os.O_WRONLY | os.O_TRUNC)):\n"
            "    try:\n"
            "        act()\n"
            "    except OSError:\n"
            "        pass\n"
            "import stat\n"
            "print('{', 'a regular file' if stat.S_ISREG(os.fstat(1).st_mode) else 'no file', flush=True)\n"
        )
        printed = _run(replace(box, commands=((sys.executable, "-c", program),)))
        assert "the first line" in printed
        assert "no file" in printed
        endless = f"import os\nfor _ in range({3 * kept_log.MOST_BYTES // 65536}): os.write(1, b'x' * 65536)"
        _run(replace(box, commands=((sys.executable, "-c", endless),)))
        sizes = [path.stat().st_size for path in Path(box.log).parent.glob(f"{Path(box.log).name}*")]
        assert len(sizes) == 2
        assert max(sizes) <= kept_log.MOST_BYTES

    def test_one_file_is_bounded(self, box):
        program = "import resource; print('{', resource.getrlimit(resource.RLIMIT_FSIZE)[1] // 1024**3, 'GiB')"
        printed = _run(replace(box, commands=((sys.executable, "-c", program),)))
        assert "{ 64 GiB" in printed


def test_a_log_keeps_its_newest_lines_in_two_files(tmp_path):
    log = KeptLog(tmp_path / "log", most=10)
    for number in range(9):
        log.write(f"line {number}\n".encode())
    assert (tmp_path / "log").read_text() == "line 8\n"
    assert (tmp_path / "log.1").read_text() == "line 7\n"
    log.write(b"y" * 35)
    assert [(tmp_path / name).stat().st_size for name in ("log", "log.1")] == [5, 10]


def test_a_disk_that_takes_no_more_loses_lines_and_the_sandbox_goes_on(tmp_path, monkeypatch):
    log, tried = KeptLog(tmp_path / "log"), []

    def full(text: bytes) -> None:
        tried.append(text)
        raise OSError(28, "No space left on device")

    async def print_all() -> None:
        printed = asyncio.StreamReader()
        printed.feed_data(b"x" * 200_000)
        printed.feed_eof()
        await log.keep(printed)

    monkeypatch.setattr(log, "write", full)
    asyncio.run(asyncio.wait_for(print_all(), 20))
    assert sum(map(len, tried)) == 200_000
