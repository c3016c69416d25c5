"""Asking: a request in one call, a draft as it stands, and the next version of what came back.

What was submitted never changes. When it comes back its author begins the next turn with a copy of every row, and what
was found in the turn before and said of it stays with the rows that it was said of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from tre.airlock.deciding import REVIEWERS
from tre.airlock.domain import CHANGEABLE
from tre.airlock.drafts import Upload, changeable, freeze, kept_text, note_members, put_files, require_change
from tre.airlock.evidence import submission
from tre.airlock.models import Group, Request, RequestFile, Turn
from tre.airlock.naming import (
    LEAVING,
    MOST_BYTES,
    MOST_TURNS,
    TOLD_TOGETHER,
    check_kinds,
    check_models,
    check_names,
    check_text,
)
from tre.airlock.release.deliveries import choose
from tre.airlock.services import locked, move
from tre.airlock.storage import Frozen
from tre.disclosure.model import storable
from tre.errors import Refused
from tre.people.models import Account
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.projects.models import Project
from tre.runs.queue import enqueue

GROUP = "Files"  # where nobody names a group


def submit(
    actor: Principal, project: Project, context: str, uploads: Sequence[Upload], controls: str = TOLD_TOGETHER
) -> Request:
    """Freeze the files and ask for their release, all in one call and one group.

    The same files with the same context, submitted again by the same person, are the same request.

    Raises
    ------
    Refused
        When the person may not, a file's name or size is not allowed, a model's folder holds other files, or there is
        no context.
    """
    require(actor, "submit_output", project.resource())
    context = kept_text(context, "A request's context", "Say what the files are and how made")
    names = [upload.name for upload in uploads]
    check_names(names)
    check_models(names)
    return _submit_at_once(actor, project, (context, storable(controls).strip()), freeze(uploads, MOST_BYTES))


@transaction.atomic
def _submit_at_once(
    actor: Principal, project: Project, texts: tuple[str, str], frozen: Sequence[tuple[str, Frozen]]
) -> Request:
    context, controls = texts
    told = [project.code, actor.username, context, *sorted(f"{name}\n{kept.sha256}" for name, kept in frozen)]
    once = hashlib.sha256("\0".join(told).encode()).hexdigest()
    author = Account.objects.get(username=actor.username)
    request, made = Request.objects.get_or_create(
        once=once, defaults={"project": project, "author": author, "context": context, "state": CHANGEABLE}
    )
    if not made:
        return request
    Turn.objects.create(request=request, number=1)
    group = Group.objects.create(request=request, name=GROUP, context=context, controls=controls)
    put_files(group, frozen, None)
    _submit(request, actor)
    return request


@transaction.atomic
def submit_draft(number: int, actor: Principal, answer: str = "", target: str = "") -> Request:
    """Submit a draft as it stands.

    Parameters
    ----------
    answer : str
        What the author says to the turn before; needed from the second turn on.
    target : str
        Which of its project's places its release is delivered to, where there are several; none by default.

    Raises
    ------
    Refused
        When the person may not, a group lacks its context or controls, the files' names or kinds do not fit together,
        the author does not answer, or the project may send nothing there.
    """
    request = changeable(number, actor)
    turn = Turn.objects.get(request=request, number=request.turn)
    if request.turn > 1:
        turn.answer = kept_text(answer, "Your answer", "Say what has changed since the turn before")
        turn.save(update_fields=["answer"])
    for place, group in enumerate(request.groups.filter(turn=request.turn), start=1):
        where = f"of group {place}"
        check_text(group.context, f"The context {where}", "Say what its files are and how they were made")
        check_text(group.controls, f"The controls {where}", "Say what was suppressed or rounded, and why it is safe")
    _submit(request, actor)
    choose(request, target, actor)
    return request


@transaction.atomic
def revise(number: int, actor: Principal) -> Request:
    """Begin the next version of a request that came back, with the files and groups of this one.

    Raises
    ------
    Refused
        When the person may not, or it is not to be changed.
    """
    request = locked(number)
    require_change(request, actor)
    if request.turn >= MOST_TURNS:
        raise Refused(f"A request has {MOST_TURNS} turns", todo="Ask for it anew, as another request")
    before = Turn.objects.get(request=request, number=request.turn)
    files, groups = request.held(), request.groups.filter(turn=request.turn)
    move(request, "revise", actor.username, {"turn": request.turn + 1})
    request.turn += 1
    # how many have to agree is found anew when it is inspected; what the turn before needed is no part of this one
    request.checkers = request.places = REVIEWERS
    request.save(update_fields=["turn", "checkers", "places"])
    Turn.objects.create(request=request, number=request.turn, members=before.members)
    copies = {
        group.pk: Group.objects.create(
            request=request, turn=request.turn, name=group.name, context=group.context, controls=group.controls
        )
        for group in groups
    }
    RequestFile.objects.bulk_create(
        RequestFile(
            request=request, turn=request.turn, group=copies[file.group_id], name=file.name, kind=file.kind,
            sha256=file.sha256, size=file.size,
        )
        for file in files
    )  # fmt: skip
    note_members(request)
    return request


def _submit(request: Request, actor: Principal) -> None:
    files = request.held()
    names = [file.name for file in files]
    check_names(names)
    check_models([file.name for file in files if file.kind in LEAVING])
    check_kinds({file.name: file.kind_told() for file in files})
    note_members(request)
    Turn.objects.filter(request=request, number=request.turn).update(submitted=timezone.now())
    move(request, "submit", actor.username, submission(request))
    enqueue("airlock.inspect", {"request": request.pk}, once=f"airlock.inspect:{request.pk}:{request.turn}")
