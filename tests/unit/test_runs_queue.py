"""The queue: at least once, in order, and never lost."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from tre.audit.models import Entry
from tre.errors import Refused
from tre.runs import queue
from tre.runs.models import Job

done: list[str] = []


@pytest.fixture(autouse=True)
def _handlers(monkeypatch):
    done.clear()

    def fail(payload: dict) -> None:
        raise Refused("It was refused", where="test")

    def crash(payload: dict) -> None:
        raise ZeroDivisionError

    handlers = {"note": lambda payload: done.append(payload["text"]), "fail": fail, "crash": crash}
    monkeypatch.setattr(queue, "_HANDLERS", handlers)


def add(kind: str = "note", text: str = "a") -> None:
    with transaction.atomic():
        queue.enqueue(kind, {"text": text}, once=f"{kind}:{text}")


@pytest.mark.django_db
def test_jobs_are_done_in_turn_and_once():
    for text in "abc":
        add(text=text)
        add(text=text)
    while queue.work_once():
        pass
    assert done == ["a", "b", "c"]
    assert set(Job.objects.values_list("state", flat=True)) == {Job.State.DONE}


@pytest.mark.django_db(transaction=True)
def test_nothing_is_enqueued_outside_a_transaction():
    with pytest.raises(RuntimeError, match="outside a transaction"):
        queue.enqueue("note", {}, once="x")


@pytest.mark.django_db
def test_what_its_transaction_undoes_was_never_enqueued():
    def change() -> None:
        with transaction.atomic():
            queue.enqueue("note", {"text": "a"}, once="a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()
    assert not queue.work_once()


@pytest.mark.django_db
def test_a_refusal_ends_the_job_with_its_sentence_and_an_entry():
    add("fail")
    queue.work_once()
    job = Job.objects.get()
    assert (job.state, job.error) == (Job.State.FAILED, "It was refused (test).")
    assert Entry.objects.filter(event="runs.job_failed", subject=f"job:{job.pk}").count() == 1


@pytest.mark.django_db
def test_a_crash_is_tried_again_later_and_not_for_ever():
    add("crash")
    for attempt in range(queue.MOST_ATTEMPTS):
        assert Job.objects.get().attempts == attempt
        Job.objects.update(due=timezone.now())
        assert queue.work_once()
    assert Job.objects.get().state == Job.State.FAILED
    Job.objects.update(due=timezone.now())
    assert not queue.work_once()


@pytest.mark.django_db
def test_a_job_whose_worker_died_is_taken_again_when_its_lease_is_out():
    add()
    held = queue._claim()
    assert held is not None
    assert not queue.work_once()
    Job.objects.update(due=timezone.now() - timedelta(seconds=1))
    assert queue.work_once()
    assert done == ["a"]
    queue._finish(held, Job.State.FAILED)  # the first worker was alive after all: what it says counts no more
    assert Job.objects.get().state == Job.State.DONE


@pytest.mark.django_db
def test_a_job_that_kills_its_workers_is_given_up():
    add()
    for _ in range(queue.MOST_ATTEMPTS):
        Job.objects.update(due=timezone.now())
        queue._claim()
    Job.objects.update(due=timezone.now())
    assert queue._claim() is None
    assert Job.objects.get().state == Job.State.FAILED
    assert Entry.objects.filter(event="runs.job_failed").exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_take_the_same_job():
    for number in range(12):
        add(text=str(number))

    def work() -> None:
        try:
            while queue.work_once():
                pass
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while queue.work_once():
        pass
    assert sorted(done, key=int) == [str(number) for number in range(12)]
    assert connection.vendor in {"sqlite", "postgresql"}
