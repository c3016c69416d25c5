"""The work on runs that waits in the queue: carrying one out, and attesting to what came of it. Safe to run again."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from tre.airlock.storage import Frozen, storage
from tre.config.options import REPOSITORY, load
from tre.disclosure import inspect
from tre.errors import Refused, TreError
from tre.hashing import sha256_of, sha256_of_all
from tre.keys.custody import custody
from tre.people.services import principal_of
from tre.policy.decision import require
from tre.projects.disclosure import context_of
from tre.projects.domain import USABLE
from tre.runs.attested.kinds import aggregate, notebook, private, training
from tre.runs.attested.kinds.work import Made, Output, Work
from tre.runs.attested.models import Run, RunOutput
from tre.runs.attested.money import settle
from tre.runs.attested.policy import runs_policy
from tre.runs.attested.services import LATER, PLATFORM, SOON, digest, locked, move
from tre.runs.attested.statement import Course, Subject, sign, statement
from tre.runs.queue import given_up, handler
from tre.runs.runner import JobStopped

_CARRY_OUT: dict[str, Callable[[Work], Made]] = {
    "aggregate": aggregate.carry_out,
    "training": training.carry_out,
    "notebook": notebook.carry_out,
    "private": private.carry_out,
}
_CODE = ("tre", "spark_jobs", "ml", "policies")  # the platform's own code and policies
_CHUNK = 1024 * 1024
_WITHOUT_RESULT = "It ended without a result; the operator's log says why."
_TOO_LONG = "It took longer than the policy lets a run of its kind."
_HELD_BACK = "What it told of its course is not shown: inspection found something in it."


@handler(SOON)
@handler(LATER)
def execute(payload: dict[str, Any]) -> None:
    """Carry a run out, freeze what it made, and sign how it came about."""
    run, touched = _begun(payload["run"], payload.get("attempt"))
    attempt = payload.get("attempt", run.attempt)
    folder = load().path("run", "attested", f"{run.pk}-{attempt}")
    if run.state != "running" or run.attempt != attempt:
        settle(run, attempt, touched=False)
        shutil.rmtree(folder, ignore_errors=True)
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.rmtree(folder / "out", ignore_errors=True)  # what an attempt that was cut off left
    steps = _Steps(run)
    work = Work(run, folder, steps.tell, _Unwanted(run))
    try:
        _check(run)
        made = _CARRY_OUT[run.kind](work)
        touched = True
        steps.tell("freezing what it made")
        _finish(run, made, _frozen(made.outputs), steps.told)
    except JobStopped:
        _fail(run, _TOO_LONG, steps.told, touched=True)
    except Refused as error:  # a job refuses before it looks at a row
        _fail(run, error.sentence(), steps.told, touched=touched)
    except TreError:
        _fail(run, _WITHOUT_RESULT, steps.told, touched=True)
    shutil.rmtree(folder, ignore_errors=True)  # its bytes are frozen, or nobody's


@given_up(SOON)
@given_up(LATER)
def abandon(payload: dict[str, Any], error: str) -> None:
    """Write down that a run whose workers died, or met an error of the platform's own, came to nothing."""
    run = locked(payload["run"])
    attempt = payload.get("attempt", run.attempt)
    current = run.attempt == attempt
    settle(run, attempt, touched=current and run.state == "running")
    if run.state in ("queued", "running") and current:
        move(run, "fail", PLATFORM, error=error, step="")


@transaction.atomic
def _begun(number: int, attempt: int | None) -> tuple[Run, bool]:
    """Return a run, and whether another worker has begun it: it may have got as far as the data.

    It begins unless that is so, it was cancelled, or it was asked for anew since.
    """
    run = Run.objects.select_for_update().select_related("project", "author", "extract__project").get(pk=number)
    if run.state == "queued" and attempt in (None, run.attempt):
        move(run, "begin", PLATFORM, {"attempt": run.attempt})
        return run, False
    return run, run.state == "running"


def _check(run: Run) -> None:
    """Ask again what was asked when the run was asked for: things may have changed since."""
    require(principal_of(run.author, used_second_factor=True), "ask_run", run.project.resource())
    if run.extract.state != USABLE:
        raise Refused("The extract may no longer be used", where=str(run.extract), todo="Ask for the run anew")


class _Steps:
    """Writes down what a run does now, and keeps all of it."""

    def __init__(self, run: Run) -> None:
        self._run, self.told = run, list[str]()

    def tell(self, step: str) -> None:
        self.told.append(step[:200])
        _going_on(self._run).update(step=step[:200])


class _Unwanted:
    """Tells whether a run was cancelled or has had its time; asked from a thread of its own."""

    def __init__(self, run: Run) -> None:
        self._run, self._until = run, timezone.now() + _time(run)

    def __call__(self) -> bool:
        try:
            return timezone.now() > self._until or not _going_on(self._run).exists()
        finally:
            if threading.current_thread() is not threading.main_thread():
                connection.close()


def _going_on(run: Run) -> QuerySet[Run]:
    """Return the run as it is now, if it is carried out still, by this attempt."""
    return Run.objects.filter(pk=run.pk, state="running", attempt=run.attempt)


def _time(run: Run) -> timedelta:
    return next((each for kind, each in runs_policy().within.items() if kind == run.kind), timedelta(0))


def _frozen(outputs: Sequence[Output]) -> list[tuple[Output, Frozen, str]]:
    """Freeze every output, and the members of its cells beside it."""
    store, left, kept = storage(), runs_policy().most_bytes, []
    for each in outputs:
        frozen = store.freeze(_chunks(each.path), left)
        left -= frozen.size
        members = store.freeze(_chunks(each.members), 2**40).sha256 if each.members else ""
        kept.append((each, frozen, members))
    return kept


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _finish(run: Run, made: Made, kept: Sequence[tuple[Output, Frozen, str]], told: Sequence[str]) -> None:
    """Write down what a run made, and sign it, unless it was cancelled or asked for anew meanwhile."""
    # before the transaction: it holds what others wait for, all of SQLite's writing or the audit log's head
    log, envelope = _inspected(run, told), sign(_statement(run, made, kept), custody().signing_key("attestation"))
    _keep(run, kept, log, envelope)


@transaction.atomic
def _keep(run: Run, kept: Sequence[tuple[Output, Frozen, str]], log: list[str], envelope: dict[str, Any]) -> None:
    held = locked(run.pk)
    if (held.state, held.attempt) != ("running", run.attempt):  # cancelled meanwhile, or another worker was first
        return
    for output, frozen, members in kept:
        RunOutput.objects.create(run=held, name=output.name, sha256=frozen.sha256, size=frozen.size, members=members)
    settle(held, touched=True)
    hashes = [{"sha256": frozen.sha256, "size": frozen.size} for _, frozen, _ in kept]
    data = {"outputs": hashes, "attestation_sha256": digest(envelope)}
    move(held, "finish", PLATFORM, data, attestation=envelope, step="", log=log)


def _statement(run: Run, made: Made, kept: Sequence[tuple[Output, Frozen, str]]) -> dict[str, Any]:
    internal = {
        "project": run.project.code,
        "extract": run.extract.number,
        "tables": {table["name"]: table["source_version"] for table in run.extract.manifest["tables"]},
        "members": {output.name: members for output, _, members in kept if members},
        **made.told,
    }
    began, ended = (
        each.astimezone(UTC).isoformat(timespec="seconds") for each in (run.began or timezone.now(), timezone.now())
    )
    course = Course(run.kind, run.spec, internal, _materials(run), run.subject(), began, ended)
    return statement(course, [Subject(output.name, frozen.sha256) for output, frozen, _ in kept])


def _materials(run: Run) -> dict[str, str]:
    """Return the SHA-256 of all that a run's outputs come out of."""
    return {
        "extract": digest(run.extract.manifest),
        "code": sha256_of_all(REPOSITORY, _CODE),
        "environment": digest([platform.python_version(), sha256_of(REPOSITORY / "requirements.lock")]),
        "disclosure-policy": sha256_of(REPOSITORY / "policies" / "disclosure.yaml"),
    }


def _inspected(run: Run, told: Sequence[str]) -> list[str]:
    """Return what is told of a run's course, once inspection finds nothing in it: it is shown outside the workspace."""
    folder = load().path("run", "tmp")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(suffix=".txt", dir=folder)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n".join(told) + "\n")
        found = inspect(Path(name), context_of(run.project), name="log.txt")
    finally:
        Path(name).unlink()
    return list(told) if found.verdict == "pass" else [_HELD_BACK]


def _fail(run: Run, why: str, told: Sequence[str], *, touched: bool) -> None:
    """Write down why a run failed and settle what it cost, unless it was cancelled or asked for anew meanwhile."""
    *log, said = _inspected(run, [*told, why]) or [_HELD_BACK]
    with transaction.atomic():
        held = locked(run.pk)
        if (held.state, held.attempt) == ("running", run.attempt):
            settle(held, touched=touched)
            move(held, "fail", PLATFORM, error=said, step="", log=log)
