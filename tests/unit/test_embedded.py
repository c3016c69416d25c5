"""Starting and stopping the embedded default: the audit log is covered by a checkpoint at both."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest
from django.db import transaction

from tests.audit import keep_checkpoints_in
from tests.insider import rewrite_log
from tre import cli, demonstration, embedded
from tre.airlock import registry
from tre.audit import checkpoints
from tre.audit.checkpoints import read_checkpoint
from tre.audit.errors import AuditBroken
from tre.audit.models import Entry
from tre.audit.services import record
from tre.errors import TreError
from tre.runs import queue, runner

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Leave out whatever takes long; what is left makes the database ready and covers it."""
    keep_checkpoints_in(tmp_path / "audit", monkeypatch)
    monkeypatch.setattr(runner, "run_job", lambda *told, **more: {})
    monkeypatch.setattr(demonstration, "people", lambda: None)
    monkeypatch.setattr(demonstration, "build", lambda say: None)
    return tmp_path / "audit"


def happen() -> None:
    with transaction.atomic():
        record("test.happened", actor="alice", subject="thing:1")


def covered(folder) -> int:
    return max((read_checkpoint(path).entries for path in folder.glob("*.json")), default=0)


def test_a_start_covers_what_is_there(folder):
    happen()
    embedded.prepare(lambda text: None)
    assert covered(folder) == Entry.objects.count() > 1


def test_a_log_that_was_rewritten_stops_the_start(folder):
    happen()
    embedded.prepare(lambda text: None)
    rewrite_log(lambda entry: setattr(entry, "actor", "mallory"))
    happen()
    with pytest.raises(AuditBroken):
        embedded.prepare(lambda text: None)


def test_a_log_that_does_not_continue_its_checkpoints_is_refused_before_anything_is_done(folder, monkeypatch):
    happen()
    embedded.prepare(lambda text: None)
    rewrite_log(lambda entry: setattr(entry, "actor", "mallory"))
    happen()
    before, done = Entry.objects.count(), list[str]()
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(demonstration, "people", lambda: done.append("people"))
    monkeypatch.setattr(demonstration, "build", lambda say: done.append("build"))
    monkeypatch.setattr(registry, "publish_public_key", lambda: done.append("key"))
    monkeypatch.setattr(runner, "run_job", lambda name, *told, **more: done.append(name) or {})
    with pytest.raises(AuditBroken):
        embedded.prepare(lambda text: None)
    assert (done, Entry.objects.count()) == ([], before)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == kept


def test_a_stop_covers_what_happened_until_every_process_had_ended(folder, monkeypatch):
    class Supervisor:
        """Stands for the product: something happens while it runs, and something more while it stops."""

        def __init__(self, logs: object, say: object) -> None:
            pass

        def stop_on_signals(self) -> None:
            pass

        def start(self, services: object) -> None:
            happen()
            raise TreError("The hub did not answer in time")

        def stop(self) -> None:
            happen()

    @contextmanager
    def alone(home: object):
        yield

    monkeypatch.setattr(embedded, "Supervisor", Supervisor)
    monkeypatch.setattr(embedded, "services", lambda options: [])
    monkeypatch.setattr(embedded, "check_ports", lambda *told: None)
    monkeypatch.setattr(embedded, "check_available", lambda: None)
    monkeypatch.setattr(embedded, "only_one", alone)
    with pytest.raises(TreError, match="did not answer"):
        embedded.up(lambda text: None)
    assert covered(folder) == Entry.objects.count()


def test_the_worker_keeps_checkpoints_beside_its_jobs(monkeypatch):
    began, came = threading.Event(), threading.Semaphore(0)
    monkeypatch.setattr(cli, "_django", lambda: None)
    monkeypatch.setattr(checkpoints, "keep_writing", lambda stop: began.set())
    kinds: list[bool] = []

    def work(*, slow: bool) -> None:
        kinds.append(slow)
        came.release()
        if slow:
            threading.Event().wait()  # where a slow one ends, the whole process does
        assert began.wait(20)
        assert all(came.acquire(timeout=20) for _ in range(3))  # and so the other ends when all are at work

    monkeypatch.setattr(queue, "work_forever", work)
    assert cli.main(["worker"]) == 0
    assert began.is_set()
    assert sorted(kinds) == [False, True, True]
