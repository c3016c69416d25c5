"""A queue in the database: work is enqueued in the transaction that makes it necessary, and done at least once.

A worker holds a lease on the job that it runs and renews it; a worker that dies lets its lease run out and another
takes the job again. So handlers are idempotent: each looks at what is there and does what is missing.
See docs/decisions/0003-queue-in-the-database.md.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache, partial, reduce
from operator import or_
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from tre.audit.services import record
from tre.errors import Refused, TreError
from tre.runs.models import Job
from tre.runs.outage import LOST, Outage, is_full

Handler = Callable[..., None]
LEASE = timedelta(seconds=15)
MOST_ATTEMPTS = 5
_UNTIL_ROOM = timedelta(seconds=30)
Function = TypeVar("Function", bound=Handler)
_HANDLERS: dict[str, Handler] = {}
_GIVEN_UP: dict[str, Handler] = {}
SLOW = ("attested.",)  # how the kinds of jobs begin that may take hours: they have a worker of their own
_log = logging.getLogger("tre.runs")


def handler(kind: str) -> Callable[[Function], Function]:
    """Register the function that does one kind of job; apps do so in their ``jobs`` module."""

    def register(function: Function) -> Function:
        _HANDLERS[kind] = function
        return function

    return register


def given_up(kind: str) -> Callable[[Function], Function]:
    """Register what is done, in the same transaction, when a job of a kind is given up: it gets payload and error."""

    def register(function: Function) -> Function:
        _GIVEN_UP[kind] = function
        return function

    return register


def enqueue(kind: str, payload: Mapping[str, Any], *, once: str, due: datetime | None = None) -> None:
    """Queue a job in the caller's transaction.

    Parameters
    ----------
    once : str
        The name of this very piece of work: asked for again, nothing is queued, unless it has failed.
    due : datetime, optional
        When to do it; now by default.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{kind} was enqueued outside a transaction")
    told = {"kind": kind, "payload": dict(payload), "due": due or timezone.now()}
    job, made = Job.objects.select_for_update().get_or_create(once=once, defaults=told)
    if not made and job.state == Job.State.FAILED:
        _queue_again(job)


def has_failed(once: str) -> bool:
    """Return whether this very piece of work was given up."""
    return Job.objects.filter(once=once, state=Job.State.FAILED).exists()


def is_waiting(once: str) -> bool:
    """Return whether this very piece of work, or a part of it (its name, a colon and more), is still to be done."""
    named = Q(once=once) | Q(once__startswith=f"{once}:")
    return Job.objects.filter(named, state__in=(Job.State.QUEUED, Job.State.RUNNING)).exists()


def failed() -> list[Job]:
    """Return the jobs that were given up, oldest first."""
    return list(Job.objects.filter(state=Job.State.FAILED).order_by("pk"))


@transaction.atomic
def retry(number: int, actor: str) -> Job:
    """Queue a job that was given up again.

    Raises
    ------
    Refused
        When there is no such job, or it was not given up.
    """
    job = Job.objects.select_for_update().filter(pk=number).first()
    if job is None or job.state != Job.State.FAILED:
        raise Refused("No job of this number has failed", where=f"job {number}", todo="See which have: tre jobs")
    _queue_again(job)
    record("runs.job_retried", actor=actor, subject=f"job:{number}", data={"kind": job.kind})
    return job


def _queue_again(job: Job) -> None:
    job.state, job.attempts, job.due, job.error = Job.State.QUEUED, 0, timezone.now(), ""
    job.save(update_fields=["state", "attempts", "due", "error"])


def work_once(*, slow: bool | None = None) -> bool:
    """Do one job that is due, if there is one; return whether there was.

    Parameters
    ----------
    slow : bool, optional
        Only the slow kinds of jobs, or only the others; any by default.
    """
    _discover()
    job = _claim(slow)
    if job is None:
        return False
    stop = threading.Event()
    keeper = threading.Thread(target=_keep_lease, args=(job.pk, job.lease, stop), daemon=True)
    keeper.start()
    try:
        _run(job)
    finally:
        stop.set()
        keeper.join()
    return True


def work_forever(pause: float = 0.5, *, slow: bool | None = None) -> None:
    """Do jobs until the process is stopped; a database that is away is waited for."""
    idle, outage = threading.Event(), Outage()
    while True:
        if outage.outlast(partial(work_once, slow=slow)) is False:
            idle.wait(pause)


@cache
def _discover() -> None:
    autodiscover_modules("jobs")


@transaction.atomic
def _claim(slow: bool | None = None) -> Job | None:
    now = timezone.now()
    jobs = Job.objects.filter(Q(state=Job.State.QUEUED) | Q(state=Job.State.RUNNING), due__lte=now)
    if slow is not None:
        of_slow = reduce(or_, (Q(kind__startswith=each) for each in SLOW))
        jobs = jobs.filter(of_slow if slow else ~of_slow)
    skip = connection.features.has_select_for_update_skip_locked
    job = jobs.select_for_update(skip_locked=skip).order_by("due", "id").first()
    if job is None:
        return None
    if job.attempts >= MOST_ATTEMPTS:  # each worker that took it died with it
        error = "Its worker died five times."
        Job.objects.filter(pk=job.pk).update(state=Job.State.FAILED, error=error)
        record("runs.job_failed", actor="worker", subject=f"job:{job.pk}", data={"kind": job.kind})
        _GIVEN_UP.get(job.kind, _nothing)(job.payload, error)
        return None
    job.state, job.lease, job.due = Job.State.RUNNING, secrets.token_hex(16), now + LEASE
    job.attempts += 1
    job.save(update_fields=["state", "lease", "due", "attempts"])
    return job


def _keep_lease(job: int, lease: str, stop: threading.Event) -> None:
    try:
        while not stop.wait(LEASE.total_seconds() / 3):
            try:
                Job.objects.filter(pk=job, lease=lease).update(due=timezone.now() + LEASE)
            except LOST:  # the next time connects anew; a lease that ran out meanwhile passes to another
                connection.close()
    finally:
        connection.close()


def _run(job: Job) -> None:
    try:
        _HANDLERS[job.kind](job.payload)
    except Refused as error:  # asked again, the answer would be the same
        _fail(job, error.sentence())
    except TreError as error:  # a disk that was full, a process that was killed: it may pass
        _log.warning("job %s (%s) failed: %s", job.pk, job.kind, error.sentence())
        _later(job, error.sentence())
    except Exception as error:  # a worker is an entry point: one bad job must not stop the others
        if is_full(error):
            _wait_for_room(job)
            return
        _log.exception("job %s (%s) failed", job.pk, job.kind)
        _later(job, f"It failed {MOST_ATTEMPTS} times; the operator's log says why.")
    else:
        _finish(job, Job.State.DONE)


def _later(job: Job, error: str) -> None:
    """Queue a job that failed for a later attempt, or give it up when it has had them all."""
    if job.attempts >= MOST_ATTEMPTS:
        _fail(job, error)
    else:
        _finish(job, Job.State.QUEUED, due=timezone.now() + timedelta(seconds=2**job.attempts))


def _wait_for_room(job: Job) -> None:
    """Queue a job that met a full disk again, as often as it takes: it is no fault of the job's."""
    _log.warning("job %s (%s) waits: the disk is full", job.pk, job.kind)
    _finish(job, Job.State.QUEUED, due=timezone.now() + _UNTIL_ROOM, attempts=job.attempts - 1)


@transaction.atomic
def _fail(job: Job, error: str) -> None:
    if _finish(job, Job.State.FAILED, error=error):
        record("runs.job_failed", actor="worker", subject=f"job:{job.pk}", data={"kind": job.kind, "error": error})
        _GIVEN_UP.get(job.kind, _nothing)(job.payload, error)


def _nothing(payload: Mapping[str, Any], error: str) -> None:
    """Do nothing: most jobs that are given up wait for the operator."""


def _finish(job: Job, state: Job.State, **more: Any) -> bool:
    """Write the end of a job, unless its lease has passed to another worker."""
    held = Job.objects.filter(pk=job.pk, lease=job.lease)
    return bool(held.update(state=state, lease="", **more))
