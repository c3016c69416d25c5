"""The queue: at least once, in order, and never lost."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from tre import cli
from tre.audit.models import Entry
from tre.errors import Refused
from tre.runs import queue
from tre.runs.models import Job
from tre.runs.queue import MOST_ATTEMPTS
from tre.runs.runner import JobFailed, JobRefused

done: list[str] = []


@pytest.fixture(autouse=True)
def _handlers(monkeypatch):
    done.clear()

    def fail(payload: dict) -> None:
        raise Refused("It was refused", where="test")

    def crash(payload: dict) -> None:
        raise ZeroDivisionError

    def killed(payload: dict) -> None:
        raise JobFailed("The job 'x' ended with status -9", where="x.log")

    def note(payload: dict) -> None:
        done.append(payload["text"])

    handlers = {"note": note, "fail": fail, "crash": crash, "killed": killed}
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


def give_up(kind: str) -> Job:
    """Add a job of this kind, let it fail until it is given up, and return it."""
    add(kind)
    for attempt in range(queue.MOST_ATTEMPTS):
        job = Job.objects.get()
        assert (job.attempts, job.state) == (attempt, Job.State.QUEUED)
        assert attempt == 0 or job.due > timezone.now()  # not at once
        Job.objects.update(due=timezone.now())
        assert queue.work_once()
    Job.objects.update(due=timezone.now())
    assert not queue.work_once()
    return Job.objects.get()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("crash", "It failed 5 times; the operator's log says why."),
        ("killed", "The job 'x' ended with status -9 (x.log)."),  # as for want of memory
    ],
)
def test_what_may_pass_is_tried_again_later_and_not_for_ever(kind, told):
    job = give_up(kind)
    assert (job.state, job.error) == (Job.State.FAILED, told)
    assert Entry.objects.get(event="runs.job_failed").data == {"kind": kind, "error": told}


@pytest.mark.django_db
def test_what_a_job_refuses_is_not_tried_again(monkeypatch):
    def refuse(payload: dict) -> None:
        raise JobRefused("The file is no CSV", where="job land")

    monkeypatch.setitem(queue._HANDLERS, "refuse", refuse)
    add("refuse")
    assert queue.work_once()
    assert (Job.objects.get().state, Job.objects.get().attempts) == (Job.State.FAILED, 1)


@pytest.mark.django_db
def test_a_job_that_failed_is_done_when_the_operator_says_so(monkeypatch, capsys):
    job = give_up("killed")
    assert queue.failed() == [job]
    assert cli.parser().parse_args(["jobs"]).verb(None) == 0
    assert capsys.readouterr().out == f"{job.pk}  killed  {job.error}\n"
    asked = cli.parser().parse_args(["retry", str(job.pk)])
    assert asked.verb(asked) == 0
    entry = Entry.objects.get(event="runs.job_retried")
    assert (entry.actor, entry.subject, entry.data) == ("operator", f"job:{job.pk}", {"kind": "killed"})
    monkeypatch.setitem(queue._HANDLERS, "killed", lambda payload: done.append(payload["text"]))
    assert queue.work_once()
    assert (done, queue.failed(), Job.objects.get().state) == (["a"], [], Job.State.DONE)


@pytest.mark.django_db
@pytest.mark.parametrize("state", [Job.State.QUEUED, Job.State.RUNNING, Job.State.DONE, None])
def test_only_what_failed_is_queued_again(state):
    add()
    Job.objects.update(state=state) if state else Job.objects.all().delete()
    with pytest.raises(Refused, match="No job of this number has failed"):
        queue.retry(Job.objects.values_list("pk", flat=True).first() or 1, "operator")
    assert not Entry.objects.filter(event="runs.job_retried").exists()


@pytest.mark.django_db
def test_work_that_failed_is_queued_when_it_is_asked_for_again():
    add("killed")
    Job.objects.update(state=Job.State.FAILED, attempts=queue.MOST_ATTEMPTS, error="It was killed.")
    assert queue.has_failed("killed:a")
    add("killed")
    job = Job.objects.get()
    assert (job.state, job.attempts, job.error) == (Job.State.QUEUED, 0, "")
    assert not queue.has_failed("killed:a")


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


@pytest.mark.django_db
def test_slow_jobs_have_a_worker_of_their_own(monkeypatch):
    monkeypatch.setitem(queue._HANDLERS, "attested.note", queue._HANDLERS["note"])
    add("attested.note", "slow")
    add(text="quick")
    assert queue.work_once(slow=False)
    assert not queue.work_once(slow=False)
    assert done == ["quick"]
    assert queue.work_once(slow=True)
    assert not queue.work_once(slow=True)
    assert done == ["quick", "slow"]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["fail", "killed"])
def test_who_asked_is_told_when_a_job_is_given_up(monkeypatch, kind):
    told: list[tuple[str, str]] = []
    monkeypatch.setitem(queue._GIVEN_UP, kind, lambda payload, error: told.append((payload["text"], error)))
    add(kind)
    Job.objects.update(attempts=MOST_ATTEMPTS - 1)
    assert queue.work_once()
    assert [text for text, _ in told] == ["a"]


@pytest.mark.django_db
def test_who_asked_is_told_when_every_worker_died(monkeypatch):
    told: list[str] = []
    monkeypatch.setitem(queue._GIVEN_UP, "note", lambda payload, error: told.append(error))
    add()
    Job.objects.update(attempts=MOST_ATTEMPTS)
    assert not queue.work_once()
    assert told == ["Its worker died five times."]
