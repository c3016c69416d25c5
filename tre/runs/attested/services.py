"""Asking for runs, cancelling them and asking again. Every change of state is one transaction, with its audit entry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from tre.audit.services import record
from tre.errors import Missing, Refused
from tre.people.models import Account
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.projects.models import Project
from tre.projects.services import current_extract
from tre.runs.attested.domain import AUDIT_EVENTS, QUICK, UNDER_WAY, Event, check_room, follow
from tre.runs.attested.models import Run
from tre.runs.attested.money import reserve_beforehand, settle
from tre.runs.attested.policy import runs_policy
from tre.runs.attested.public import with_contract
from tre.runs.attested.specs import checked
from tre.runs.queue import enqueue

PLATFORM = "worker"
LATER, SOON = "attested.execute", "runs.execute"  # the queue has a worker of its own for what is slow


@transaction.atomic
def ask(actor: Principal, project: Project, kind: str, spec: object, once: str) -> Run:
    """Have the platform carry out a specification on the project's extract of now.

    Parameters
    ----------
    once : str
        The name of this very run: asked again for the same, the first is returned.

    Raises
    ------
    Refused
        When the person may not, the specification is not whole, there is no extract, the policy does not offer the
        kind, the project has as many runs under way as it may, or a ledger does not cover a question.
    """
    require(actor, "ask_run", project.resource())
    known, whole = checked(kind, spec)
    extract = current_extract(project)
    if extract is not None:
        whole = with_contract(known, whole, extract.manifest["tables"])
    named = f"{project.code}:{actor.username}:{once}"
    if not 0 < len(once) <= 64:
        raise Refused("A run needs a name of its own, of up to 64 characters", where="once")
    Project.objects.select_for_update().get(pk=project.pk)  # two at once are counted one after the other
    before = Run.objects.filter(once=named).first()
    if before is not None:
        if (before.kind, before.spec) != (known, whole):
            raise Refused("A run of this name was asked for another specification", where="once")
        return before
    policy = runs_policy()
    if known not in policy.within:
        raise Refused("The policy does not offer this kind of run", where=known)
    if extract is None:
        raise Refused("The project has no extract that may be used", todo="Ask for one first")
    check_room(project.runs.filter(state__in=UNDER_WAY).count(), policy.under_way)
    author = Account.objects.get(username=actor.username)
    run = Run.objects.create(project=project, author=author, extract=extract, kind=known, spec=whole, once=named)
    reserve_beforehand(run)
    told = {"project": project.code, "kind": known, "extract": extract.number, "spec_sha256": digest(whole)}
    record("runs.asked", actor=actor.username, subject=run.subject(), data=told)
    _queue(run)
    return run


def _queue(run: Run) -> None:
    job = SOON if run.kind in QUICK else LATER
    enqueue(job, {"run": run.pk, "attempt": run.attempt}, once=f"{job}:{run.pk}:{run.attempt}")


def digest(value: object) -> str:
    """Return the SHA-256 of JSON values, in one order and without blanks."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def locked(number: int) -> Run:
    """Return a run, locked until the transaction ends.

    Raises
    ------
    Refused
        When there is none of this number.
    """
    run = Run.objects.select_for_update().filter(pk=number).first()
    if run is None:
        raise Refused("There is no such run", where=f"run {number}")
    return run


def move(run: Run, event: Event, actor: str, data: Mapping[str, object] | None = None, **more: object) -> None:
    """Change a locked run's state by an event, with its audit entry, in the caller's transaction.

    Parameters
    ----------
    more
        What else changes with it, by the field's name.

    Raises
    ------
    Refused
        When the event cannot happen in this state.
    """
    run.state = follow(run.state, event)  # type: ignore[arg-type]  # the field's choices are the states
    moment = {"began": timezone.now()} if event == "begin" else {}
    if run.state not in UNDER_WAY:
        moment["ended"] = timezone.now()
    for name, value in {**moment, **more}.items():
        setattr(run, name, value)
    run.save(update_fields=["state", *moment, *more])
    record(AUDIT_EVENTS[event], actor=actor, subject=run.subject(), data=data)


def run_of(number: int, actor: Principal) -> Run:
    """Return a run that a person may see.

    Raises
    ------
    Missing
        When there is none of this number.
    NotAllowed
        When they may not.
    """
    found = Run.objects.select_related("project", "author", "extract").filter(pk=number).first()
    if found is None:
        raise Missing("There is no such run", where=f"run {number}")
    require(actor, "view_runs", found.project.resource())
    return found


@transaction.atomic
def cancel(number: int, actor: Principal) -> Run:
    """Stop a run of one's project; what it made until then is thrown away, and budget that it has spent is spent.

    Raises
    ------
    Refused
        When the person may not, or it is over.
    """
    run = locked(number)
    require(actor, "ask_run", run.project.resource())
    settle(run, touched=run.state == "running")
    move(run, "cancel", actor.username, step="")
    return run


@transaction.atomic
def retry(number: int, actor: Principal) -> Run:
    """Ask again for a run that failed or was cancelled: the same specification on the same extract.

    Raises
    ------
    Refused
        When the person may not, it is under way or done, the project has as many under way as it may, or a ledger does
        not cover a question.
    """
    run = locked(number)
    require(actor, "ask_run", run.project.resource())
    Project.objects.select_for_update().get(pk=run.project_id)
    check_room(run.project.runs.filter(state__in=UNDER_WAY).count(), runs_policy().under_way)
    run.attempt += 1
    reserve_beforehand(run)
    move(run, "retry", actor.username, error="", step="", log=[], ended=None, attempt=run.attempt)
    _queue(run)
    return run


def reads_words(project: Project, username: str) -> bool:
    """Return whether a person is told outside the workspace what a notebook could have worded.

    That is a specification, a refusal that names a part of it, and the hashes of files that it wrote. Nobody is told
    who has a workspace in the project: it tells them there, and what leaves it leaves by the airlock.
    """
    return not project.members.filter(username=username).exists()
