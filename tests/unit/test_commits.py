"""A table has one writer at a time, and what lies on a store without hard links is written where a setting allows it.

And a submission is in its place whole or not at all, where its folder moves file by file.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pyarrow as pa
import pytest

from spark_jobs import commits, landed, tables
from spark_jobs.errors import JobRefused
from tests.landing import landed as land
from tests.landing import outbox, sent
from tests.unit.test_arrivals import AREAS


def _no_links(*names: object, **more: object) -> None:
    raise OSError(95, "Operation not supported")


def publish(folder: Path, text: str) -> tables.Published:
    return tables.publish_here(pa.table({"of": [text]}), text, folder)


def test_versions_are_made_by_links_unless_the_store_is_a_mounted_one(monkeypatch):
    monkeypatch.delenv("TRE_MOUNTED_STORE", raising=False)
    assert commits.options() == {}
    monkeypatch.setenv("TRE_MOUNTED_STORE", "1")
    assert commits.options() == {"MOUNT_ALLOW_UNSAFE_RENAME": "true"}


def test_a_folder_without_links_is_refused_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "link", _no_links)
    with pytest.raises(JobRefused, match="Set TRE_MOUNTED_STORE"), commits.alone(tmp_path):
        _no_links()
    monkeypatch.setenv("TRE_MOUNTED_STORE", "1")
    with pytest.raises(OSError, match="not supported"), commits.alone(tmp_path):
        _no_links()
    assert list(tmp_path.iterdir()) == []


def test_another_error_of_the_disk_stays_what_it_is(tmp_path):
    with pytest.raises(OSError, match="No space"), commits.alone(tmp_path):
        raise OSError(28, "No space left on device")
    assert commits.has_links(tmp_path)


def test_a_writer_waits_until_the_other_is_done(tmp_path):
    order, within = [], threading.Event()

    def second() -> None:
        within.wait(30)
        with commits.alone(tmp_path / "a"):
            order.append("second")

    waiting = threading.Thread(target=second)
    waiting.start()
    with commits.alone(tmp_path / "a"):
        within.set()
        with commits.alone(tmp_path / "b"):  # another table's writer does not wait
            order.append("first")
        waiting.join(0.2)
        assert waiting.is_alive()
    waiting.join(30)
    assert order == ["first", "second"]


@pytest.mark.parametrize("mounted", ["", "1"])
def test_writers_at_once_make_each_version_once(monkeypatch, tmp_path, mounted):
    monkeypatch.setenv("TRE_MOUNTED_STORE", mounted)
    writers = [
        threading.Thread(target=lambda by=by: [publish(tmp_path / "t", f"{by} {turn}") for turn in range(3)])
        for by in range(3)
    ]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    table = tables.newest(tmp_path / "t")
    assert table is not None
    assert table.version() == 8
    assert len({each["tre.fingerprint"] for each in table.history()}) == 9


def test_a_version_that_another_machine_made_is_noticed(monkeypatch, tmp_path):
    publish(tmp_path, "one")
    entry = tmp_path / "_delta_log" / f"{0:020}.json"
    commits.check_own(tmp_path, 0, next(tmp_path.glob("data-*")).name)
    entry.write_text(entry.read_text().replace("data-", "date-"))
    with pytest.raises(JobRefused, match="Another machine wrote version 0"):
        commits.check_own(tmp_path, 0, next(tmp_path.glob("data-*")).name)


@pytest.fixture
def half_moved(monkeypatch, tmp_path) -> Path:
    """Return a landing zone in which a submission's move ended after one file, and its outbox beside it."""
    folder, landing = tmp_path / "areas", tmp_path / "landing"
    outbox(folder, sent(folder, "areas.csv", "small_area", AREAS, 2))

    def one_file(staged: Path, target: Path) -> None:
        target.mkdir()
        (target / landed.RECEIPT).write_bytes((staged / landed.RECEIPT).read_bytes())
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr(os, "rename", one_file)
        with pytest.raises(KeyboardInterrupt):
            land(folder, landing)
    assert (landed.place(landing, "areas") / landed.RECEIPT).exists()
    assert not landed.holds(landing, "areas")
    return landing


def test_what_moved_by_half_is_no_submission_and_lands_again(half_moved):
    made = land(half_moved.with_name("areas"), half_moved)
    assert (made["number"], made["replayed"]) == (2, False)
    assert landed.holds(half_moved, "areas")
    assert land(half_moved.with_name("areas"), half_moved)["replayed"]
    assert [path.name for path in (half_moved / "submissions").iterdir()] == ["areas"]


def test_what_moved_by_half_is_cleared_and_not_taken_for_landed(half_moved):
    assert landed.recover(half_moved, set()) == []
    assert list((half_moved / "submissions").iterdir()) == []
