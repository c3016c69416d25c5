"""What folders take is measured beside this process; what cannot be measured counts as too much."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable

import pytest

from tests.unit.test_pages import browser
from tests.workspaces import opened_ago, set_options, study
from tre.config.options import load
from tre.errors import Refused
from tre.workspace import disk
from tre.workspace.disk import SLACK, DiskWatch, Measure, home_folders, shared_folders
from tre.workspace.models import WorkspaceSession
from tre.workspace.services import open_workspace

MIB = 1024 * 1024


@pytest.fixture
def frailty(db):
    yield study("frailty", "ann", "bob")
    for name in ("homes", "projects"):
        shutil.rmtree(load().path(name), ignore_errors=True)


@pytest.fixture
def looks(monkeypatch) -> Callable[[DiskWatch, WorkspaceSession], str]:
    """Return a look that lasts until the folders were measured anew."""
    monkeypatch.setattr(disk, "MEASURE_SECONDS", 0.0)

    def look(watch: DiskWatch, session: WorkspaceSession) -> str:
        for _ in range(2):
            watch.why_closed(session)
            for running in list(watch._running.values()):
                for each in running._processes():
                    each.wait(20)
        return watch.why_closed(session)

    return look


def put(username: str, megabytes: int, name: str = "rows") -> None:
    (folder,) = home_folders(username, "frailty")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"x" * megabytes * MIB)


def session(username: str = "ann") -> WorkspaceSession:
    return WorkspaceSession.objects.get(account__username=username, closed=None)


class TestAMeasure:
    def test_files_add_up_links_count_once_and_lead_nowhere(self, tmp_path):
        inside, outside = tmp_path / "a", tmp_path / "b"
        for folder in (inside / "deep" / "er", outside):
            folder.mkdir(parents=True)
        (inside / "one").write_bytes(b"x" * MIB)
        os.link(inside / "one", inside / "deep" / "same")
        (inside / "deep" / "er" / "two").write_bytes(b"x" * MIB)
        (outside / "three").write_bytes(b"x" * 8 * MIB)
        (inside / "away").symlink_to(outside)
        assert 2 * MIB <= Measure([inside]).wait() < 3 * MIB
        assert 10 * MIB <= Measure([inside, outside, tmp_path / "none"]).wait() < 11 * MIB

    def test_a_hole_takes_nothing(self, tmp_path):
        with (tmp_path / "hole").open("wb") as out:
            out.truncate(1024 * MIB)
        assert Measure([tmp_path]).wait() < MIB

    def test_odd_names_are_counted(self, tmp_path):
        for name in ("total", "9\ttotal", "a\nb", "-x", "caf\udce9"):
            (tmp_path / name).write_bytes(b"x" * MIB)
        assert 5 * MIB <= Measure([tmp_path]).wait() < 6 * MIB

    def test_nothing_there_takes_nothing(self, tmp_path):
        assert Measure([tmp_path / "none"]).wait() == 0

    @pytest.mark.parametrize(
        ("told", "wrong", "total"),
        [
            ("5\t/a\n5\ttotal\n", "", 5),
            ("5\t/a\n5\ttotal\n", "du: cannot access '/a/b': No such file or directory\n", 5),
            ("5\t/a\n5\ttotal\n", "du: cannot read directory '/a/b': Permission denied\n", None),
            ("", "", None),
            ("x\ttotal\n", "", None),
        ],
    )
    def test_what_could_not_be_read_is_no_total_unless_it_is_gone(self, told, wrong, total):
        assert disk._total(told, wrong) == total

    def test_a_file_without_a_name_counts_for_whose_process_holds_it(self, tmp_path, monkeypatch):
        """Its name is gone and du(1) does not see it, and it takes disk until it is closed."""
        (tmp_path / "kept").write_bytes(b"x" * MIB)
        with (tmp_path / "gone").open("w+b") as held:
            held.write(b"x" * 8 * MIB)
            held.flush()
            (tmp_path / "gone").unlink()
            monkeypatch.setattr(disk, "_held_by", lambda uid: [f"/proc/{os.getpid()}/fd"] if uid == 7 else [])
            assert 9 * MIB <= Measure([tmp_path], 7).wait() < 10 * MIB
            assert Measure([tmp_path], 8).wait() < 2 * MIB
            assert Measure([tmp_path]).wait() < 2 * MIB

    def test_files_of_another_device_are_not_counted_nor_any_twice(self):
        assert disk._nameless("7:1 8\n7:1 8\n7:2 2\n9:3 100\n", 7) == 10 * 512

    def test_one_that_takes_too_long_tells_nothing(self, tmp_path, monkeypatch):
        monkeypatch.setattr(disk, "_MOST_SECONDS", 0.0)
        monkeypatch.setattr(disk, "_piped", lambda command: _sleeping())
        assert Measure([tmp_path]).wait() is None
        slow = Measure([tmp_path])
        while not slow.done():
            pass
        assert slow.wait() is None


def _sleeping() -> subprocess.Popen[str]:
    return subprocess.Popen(["sleep", "60"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class TestTheCeiling:
    @pytest.fixture(autouse=True)
    def _small(self, frailty, monkeypatch):
        set_options(monkeypatch, home_megabytes=100, shared_megabytes=200)

    def test_what_fits_stays_open_and_its_size_is_shown(self, looks):
        open_workspace("ann", "frailty")
        put("ann", 20)
        assert looks(DiskWatch(), session()) == ""
        assert 20 * MIB <= session().home_bytes < 21 * MIB
        page = browser("ann").get("/projects/frailty/").content.decode()
        assert "home takes 20" in page
        assert "the folders it does not hold" in page

    def test_what_grows_over_is_closed_and_a_colleague_s_is_not(self, looks):
        for name in ("ann", "bob"):
            open_workspace(name, "frailty")
        put("ann", 101)
        watch = DiskWatch()
        assert looks(watch, session("ann")) == "its home took more disk than it may"
        assert looks(watch, session("bob")) == ""

    def test_the_project_s_folder_is_everybody_s(self, looks):
        for name in ("ann", "bob"):
            open_workspace(name, "frailty")
        _, service, _ = shared_folders("frailty")
        service.mkdir(parents=True)
        (service / "artifact").write_bytes(b"x" * 201 * MIB)  # through Spark or MLflow
        watch = DiskWatch()
        for name in ("ann", "bob"):
            assert looks(watch, session(name)) == "the project's folder took more disk than it may"

    def test_who_is_over_already_may_clear_up_and_not_grow(self, looks):
        put("ann", 150)
        open_workspace("ann", "frailty")
        assert 150 * MIB + SLACK <= session().home_most < 151 * MIB + SLACK
        assert looks(DiskWatch(), session()) == ""
        put("ann", 20, "more")
        assert looks(DiskWatch(), session()) == "its home took more disk than it may"

    def test_at_twice_the_ceiling_nothing_opens(self):
        put("ann", 201)
        with pytest.raises(Refused, match=r"Your home in this project takes 201 MB of disk, of 100"):
            open_workspace("ann", "frailty")

    def test_a_measure_from_before_it_opened_closes_nothing(self, looks):
        """Somebody cleared up meanwhile: what was measured of the workspace before is not held against this one."""
        open_workspace("ann", "frailty")
        watch, before = DiskWatch(), session()
        put("ann", 150)
        assert looks(watch, before)
        put("ann", 1)
        open_workspace("ann", "frailty")
        assert watch.why_closed(session()) == ""

    def test_what_cannot_be_measured_is_closed_and_opens_no_more(self, looks, monkeypatch):
        open_workspace("ann", "frailty")
        put("ann", 1)
        monkeypatch.setattr(disk, "_total", lambda told, wrong: None)
        assert looks(DiskWatch(), session()) == "its home could not be measured"
        with pytest.raises(Refused, match="cannot be measured"):
            open_workspace("ann", "frailty")

    def test_one_from_before_there_were_ceilings_is_left_alone(self, looks):
        open_workspace("ann", "frailty")
        WorkspaceSession.objects.update(home_most=0, shared_most=0)
        put("ann", 120)
        assert looks(DiskWatch(), session()) == ""

    def test_folders_of_closed_workspaces_are_forgotten(self, looks):
        open_workspace("ann", "frailty")
        opened_ago(session(), minutes=1)
        watch = DiskWatch()
        looks(watch, session())
        watch.forget_others()
        assert watch._known
        watch.forget_others()
        assert [watch._known, watch._running, watch._next] == [{}, {}, {}]
