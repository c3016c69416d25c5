"""An insider who rewrites the whole log, or keeps it from being covered: what the checkpoints tell."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.utils import timezone

from tests.audit import keep_checkpoints_in
from tests.insider import as_an_insider, rewrite_log
from tre import cli
from tre.audit import checkpoints
from tre.audit.checkpoints import read_checkpoint, write_checkpoint, write_when_due
from tre.audit.domain import EVERY, EVERY_ENTRIES, LONGEST_LEFT_OUT, MOST_LEFT_OUT, MerkleTree
from tre.audit.errors import AuditBroken, CheckpointsUnwritable
from tre.audit.models import Entry, Head
from tre.audit.services import grow, record, verify
from tre.audit.verification import verify_checkpoints
from tre.errors import TreError

pytestmark = pytest.mark.django_db(transaction=True)
SOON = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Give each test a folder of its own, as the setting names it."""
    return keep_checkpoints_in(tmp_path / "audit", monkeypatch)


def write(count: int) -> None:
    for number in range(count):
        with transaction.atomic():
            record("test.happened", actor="alice", subject=f"thing:{number}", data={"n": number})


def forge(entry: Entry) -> None:
    if entry.number == 3:
        entry.actor = "mallory"


def test_a_whole_chain_that_was_rewritten_is_right_in_itself_and_told(monkeypatch, capsys):
    monkeypatch.setattr(cli, "_django", lambda: None)  # it is set up, and its log must not hold the captured output
    write(7)
    write_checkpoint()
    assert cli.main(["audit", "verify"]) == 0
    rewrite_log(forge)
    assert verify().entries == 8  # nothing in the database tells
    assert cli.main(["audit", "verify"]) == 1
    told = capsys.readouterr().err
    assert "were rewritten (audit entry 8)" in told


def test_a_log_that_was_emptied_and_begun_again_is_told():
    write(5)
    write_checkpoint()
    as_an_insider("DELETE FROM audit_entry")
    Head.objects.all().delete()
    write(9)
    assert verify().entries == 9
    with pytest.raises(AuditBroken, match="rewritten"):
        verify_checkpoints()


def test_the_newest_entries_cut_off_are_told():
    write(5)
    write_checkpoint()
    as_an_insider("DELETE FROM audit_entry WHERE number > 3")
    Head.objects.all().delete()
    rewrite_log()
    Head.objects.create(id=1, size=3)
    rewrite_log()
    assert verify().entries == 3
    for look in (verify_checkpoints, write_checkpoint):
        with pytest.raises(AuditBroken, match="missing"):
            look()


def test_a_forged_past_is_never_covered_by_the_next_checkpoint(folder):
    write(5)
    write_checkpoint()
    rewrite_log(forge)
    write(2)
    with pytest.raises(AuditBroken, match="audit entry 7"):  # the first that does not follow what was covered
        write_checkpoint()
    assert len(list(folder.iterdir())) == 1


def test_entries_without_any_checkpoint_do_not_verify(folder):
    assert verify_checkpoints().entries == 0
    assert write_checkpoint() is None  # an empty log needs none
    write(1)
    with pytest.raises(AuditBroken, match="no checkpoint"):
        verify_checkpoints()
    write_checkpoint()
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(AuditBroken, match="no checkpoint"):
        verify_checkpoints()


def test_that_checkpoints_begin_again_stands_in_the_log(folder):
    write(1)
    write_checkpoint()
    for path in folder.iterdir():
        path.unlink()
    write_checkpoint()
    assert Entry.objects.filter(event="audit.checkpoints_began").count() == 2


@pytest.mark.parametrize(
    ("more", "later", "holds"),
    [
        (1, SOON, True),
        (1, LONGEST_LEFT_OUT + SOON, False),
        (0, LONGEST_LEFT_OUT * 9, True),  # nothing happened since: an old checkpoint covers it all
    ],
)
def test_a_newest_checkpoint_that_covers_too_little_does_not_verify(more, later, holds):
    write(3)
    write_checkpoint()
    write(more)
    now = timezone.now() + later
    if holds:
        assert verify_checkpoints(now=now).entries == 4 + more
    else:
        with pytest.raises(AuditBroken, match="too old"):
            verify_checkpoints(now=now)


def test_too_many_entries_after_the_newest_do_not_verify(monkeypatch):
    monkeypatch.setattr("tre.audit.domain.MOST_LEFT_OUT", 4)
    write(1)
    write_checkpoint()
    write(4)
    verify_checkpoints()
    write(1)
    with pytest.raises(AuditBroken, match="too old"):
        verify_checkpoints()
    assert MOST_LEFT_OUT > EVERY_ENTRIES


def _body(path, **changes):
    kept = json.loads(path.read_text())
    kept["body"] = json.dumps({**json.loads(kept["body"]), **changes})
    path.write_text(json.dumps(kept))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda path: _body(path, root="0" * 64), "signature"),
        (lambda path: _body(path, entries=2), "signature"),
        (lambda path: path.rename(path.with_name("checkpoint-000000000002.json")), "another's name"),
        (lambda path: path.write_text(""), "damaged"),
        (lambda path: path.write_text("[]"), "damaged"),
        (lambda path: path.write_text('{"signature": "zz", "body": ""}'), "damaged"),
        (lambda path: path.write_text('{"signature": "00", "body": 7}'), "damaged"),
    ],
)
def test_a_checkpoint_that_was_touched_is_told(folder, harm, told):
    write(4)
    write_checkpoint()
    write(1)
    write_checkpoint()
    harm(folder / "checkpoint-000000000005.json")
    with pytest.raises(AuditBroken, match=told):
        verify_checkpoints()


def test_another_installation_s_checkpoint_is_refused(folder, monkeypatch, tmp_path):
    from tre.keys.custody import FileKeystore

    write(2)
    write_checkpoint()
    monkeypatch.setattr(checkpoints, "custody", lambda: FileKeystore(tmp_path / "other keys"))
    with pytest.raises(AuditBroken, match="signature"):
        write_checkpoint()


def test_a_checkpoint_continues_the_one_before_and_verifies_only_what_is_new(folder, django_assert_max_num_queries):
    write(3)
    write_checkpoint()
    write(2)
    seen = []
    for entry in grow(read_checkpoint(folder / "checkpoint-000000000004.json").tree()):
        seen.append(entry.number)
    assert seen == [5, 6]
    assert write_checkpoint().entries == 6
    with django_assert_max_num_queries(3):
        assert write_checkpoint().entries == 6  # nothing new: nothing is written
    assert len(list(folder.iterdir())) == 2


def test_nobody_who_writes_waits_for_a_verification():
    """Another connection records an entry in the very middle of one: on SQLite a write lock would refuse it."""
    write(6)
    tree = MerkleTree()
    growing = grow(tree)
    next(growing)
    assert not connection.in_atomic_block

    def meanwhile() -> None:
        try:
            with transaction.atomic():
                if connection.vendor == "sqlite":
                    connection.cursor().execute("PRAGMA busy_timeout = 0")
                record("test.meanwhile", actor="bob", subject="thing:7")
        finally:
            connections.close_all()

    writer = threading.Thread(target=meanwhile)
    writer.start()
    writer.join()
    assert Entry.objects.filter(event="test.meanwhile").exists()
    assert len(list(growing)) == 5  # and what came later is no fault: it is the next checkpoint's


@pytest.mark.parametrize(
    ("entries", "later", "written"), [(1, SOON, 0), (1, EVERY + SOON, 1), (EVERY_ENTRIES, SOON, 1), (0, EVERY, 0)]
)
def test_a_checkpoint_is_written_when_it_is_due(folder, entries, later, written):
    write(entries)
    write_when_due(now=timezone.now() + later)
    assert len(list(folder.glob("*.json"))) == written


def test_the_worker_writes_them_and_outlives_a_broken_log(folder, monkeypatch, caplog):
    monkeypatch.setattr(checkpoints, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(checkpoints, "checkpoint_is_due", lambda left_out, age: left_out > 0)
    write(3)
    stop = threading.Event()
    worker = threading.Thread(target=lambda: (checkpoints.keep_writing(stop), connections.close_all()))
    worker.start()
    try:
        assert _comes(lambda: len(list(folder.glob("*.json"))) == 1)
        rewrite_log(forge)
        write(1)
        assert _comes(lambda: "What came before this entry" in caplog.text)
        assert worker.is_alive()
    finally:
        stop.set()
        worker.join()
    assert len(list(folder.glob("*.json"))) == 1


def test_a_lost_database_does_not_end_it(monkeypatch, caplog):
    monkeypatch.setattr(checkpoints, "_LOOK_SECONDS", 0.01)
    stop, looks = threading.Event(), []

    def look() -> None:
        looks.append(1)
        if len(looks) == 3:
            stop.set()
        raise OperationalError

    monkeypatch.setattr(checkpoints, "write_when_due", look)
    checkpoints.keep_writing(stop)
    assert caplog.text.count("did not answer") == 3


def _comes(holds) -> bool:
    waited = threading.Event()
    return any(holds() or waited.wait(0.02) for _ in range(500))


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(folder):
    write(1)
    folder.parent.joinpath("audit").write_text("a file stands where the folder should")
    with pytest.raises(CheckpointsUnwritable, match="cannot be written"):
        write_checkpoint()


def test_a_folder_that_cannot_be_read_is_told_in_a_sentence(monkeypatch):
    def refused(folder):
        raise PermissionError

    monkeypatch.setattr("tre.audit.checkpoints.os.listdir", refused)
    with pytest.raises(TreError, match="cannot be read"):
        verify_checkpoints()
