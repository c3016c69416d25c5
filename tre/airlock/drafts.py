"""What an author puts together: a draft, its groups and its files, for as long as it takes.

Nothing is inspected before it is submitted (:mod:`tre.airlock.submissions`). Only the turn that is being put together
changes: what was submitted stays as it was.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Sum

from tre.airlock.domain import CHANGEABLE
from tre.airlock.models import Group, Request, RequestFile, Turn
from tre.airlock.naming import (
    MOST_BYTES,
    MOST_FILES,
    MOST_GROUPS,
    MOST_TEXT,
    Kind,
    check_group,
    check_names,
    check_text,
    kind_of,
    model_folders,
)
from tre.airlock.services import locked
from tre.airlock.storage import Frozen, storage
from tre.audit.services import record
from tre.disclosure.model import storable
from tre.errors import Refused
from tre.people.models import Account
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.projects.models import Project


@dataclass(frozen=True)
class Upload:
    """A file on its way in: the name that it would leave under, and its bytes."""

    name: str
    chunks: Iterable[bytes]


@transaction.atomic
def draft(actor: Principal, project: Project, context: str) -> Request:
    """Begin a request that is put together over time.

    Raises
    ------
    Refused
        When the person may not, or does not say what it is about.
    """
    require(actor, "submit_output", project.resource())
    context = kept_text(context, "A request's context", "Say what it is about")
    author = Account.objects.get(username=actor.username)
    once = f"draft:{secrets.token_hex(16)}"
    request = Request.objects.create(project=project, author=author, context=context, state=CHANGEABLE, once=once)
    Turn.objects.create(request=request, number=1)
    record("airlock.drafted", actor=actor.username, subject=f"request:{request.pk}", data={"project": project.code})
    return request


def add_files(
    number: int, actor: Principal, group: str, uploads: Sequence[Upload], kind: Kind | None = None
) -> Request:
    """Freeze files and put them into a draft; one of a name that is there takes its place.

    Parameters
    ----------
    group : str
        The name of the group that they belong to; made when it is not there yet.
    kind : str, optional
        One of :data:`~tre.airlock.naming.KINDS`; without it a model's files are a model and all others outputs.

    Raises
    ------
    Refused
        When the person may not, it is no draft, or a name, a size or a number is not allowed.
    """
    names = [upload.name for upload in uploads]
    with transaction.atomic():
        request = changeable(number, actor)
        _check_room(request, names)
        left = MOST_BYTES - _bytes_beside(request, names)
    frozen = freeze(uploads, left)
    with transaction.atomic():  # files are copied between the two: others must not wait for that
        request = changeable(number, actor)
        _check_room(request, names)
        if _bytes_beside(request, names) + sum(kept.size for _, kept in frozen) > MOST_BYTES:
            raise Refused(f"A request may have {MOST_BYTES} bytes", todo="Submit less, or in parts")
        request.files.filter(turn=request.turn, name__in=names).delete()
        made = put_files(_group(request, group), frozen, kind)
        _changed(request, actor, "airlock.files_added", made)
    return request


@transaction.atomic
def describe_group(number: int, actor: Principal, name: str, context: str, controls: str) -> Group:
    """Say what the files of a draft's group are and how made, and what was suppressed or rounded and why it is safe.

    Raises
    ------
    Refused
        When the person may not, it is no draft, or a text is too long.
    """
    request = changeable(number, actor)
    group = _group(request, name)
    for text in (context, controls):
        if len(text) > MOST_TEXT:
            raise Refused(f"A text may have {MOST_TEXT} characters", todo="Shorten it")
    group.context, group.controls = storable(context).strip(), storable(controls).strip()
    group.save(update_fields=["context", "controls"])
    _changed(request, actor, "airlock.group_described", [])
    return group


@transaction.atomic
def change_file(number: int, actor: Principal, file: int, group: str, kind: Kind) -> RequestFile:
    """Say of a draft's file which group it is in and of what kind it is.

    Raises
    ------
    Refused
        When the person may not, or it is no draft of theirs that holds the file.
    """
    request = changeable(number, actor)
    found = _file(request, file)
    left, found.group, found.kind = found.group, _group(request, group), kind
    found.save(update_fields=["group", "kind"])
    _tidy(left)
    _changed(request, actor, "airlock.file_changed", [found])
    return found


@transaction.atomic
def remove_file(number: int, actor: Principal, file: int) -> Request:
    """Take a file out of a draft. In an earlier turn it stays.

    Raises
    ------
    Refused
        When the person may not, or it is no draft of theirs that holds the file.
    """
    request = changeable(number, actor)
    found = _file(request, file)
    group = found.group
    RequestFile.objects.filter(pk=found.pk).delete()
    _tidy(group)
    _changed(request, actor, "airlock.file_removed", [found])
    return request


def changeable(number: int, actor: Principal) -> Request:
    """Return a draft of this person's, locked.

    Raises
    ------
    Refused
        When the person may not change it, or it is no draft.
    """
    request = locked(number)
    require_change(request, actor)
    if request.state != CHANGEABLE:
        raise Refused("What a request holds is changed while it is a draft", todo="Begin its next version first")
    return request


def require_change(request: Request, actor: Principal) -> None:
    """Refuse whoever may not change this request, or may not submit anything of its project any more.

    Raises
    ------
    Refused
        With the rule that forbids it.
    """
    require(actor, "change_request", request.resource())
    require(actor, "submit_output", request.project.resource())


def freeze(uploads: Sequence[Upload], left: int) -> list[tuple[str, Frozen]]:
    """Freeze files that have no more bytes together than are left, and return them by name.

    Raises
    ------
    Refused
        When they have more.
    """
    store, frozen = storage(), list[tuple[str, Frozen]]()
    for upload in uploads:
        kept = store.freeze(upload.chunks, left)
        left -= kept.size
        frozen.append((upload.name, kept))
    return frozen


def put_files(group: Group, frozen: Sequence[tuple[str, Frozen]], kind: Kind | None) -> list[RequestFile]:
    """Put frozen files into a draft's group; without a kind each has the one that its name tells."""
    held = group.request.files.filter(turn=group.turn).values_list("name", flat=True)
    models = model_folders([*held, *(name for name, _ in frozen)])
    return RequestFile.objects.bulk_create(
        RequestFile(
            request=group.request, turn=group.turn, group=group, name=name, kind=kind or kind_of(name, models),
            sha256=kept.sha256, size=kept.size,
        )
        for name, kept in frozen
    )  # fmt: skip


def _check_room(request: Request, names: Sequence[str]) -> None:
    check_names(names)
    beside = request.files.filter(turn=request.turn).exclude(name__in=names).count()
    if beside + len(names) > MOST_FILES:
        raise Refused(f"A request may hold {MOST_FILES} files", where=f"{beside + len(names)} files", todo="Make two")


def _bytes_beside(request: Request, names: Sequence[str]) -> int:
    beside = request.files.filter(turn=request.turn).exclude(name__in=names)
    return int(beside.aggregate(size=Sum("size"))["size"] or 0)


def _group(request: Request, name: str) -> Group:
    check_group(name)
    held = request.groups.filter(turn=request.turn)
    found = held.filter(name=name).first()
    if found is None and held.count() >= MOST_GROUPS:
        raise Refused(f"A request may have {MOST_GROUPS} groups", todo="Put files into one that there is")
    return found or Group.objects.create(request=request, turn=request.turn, name=name)


def _tidy(group: Group) -> None:
    """Take a draft's group away that its last file has left."""
    if not group.files.exists():
        group.delete()


def _file(request: Request, file: int) -> RequestFile:
    found = request.files.filter(pk=file, turn=request.turn).first()
    if found is None:
        raise Refused("The draft holds no such file", where=f"request {request.pk}")
    return found


def _changed(request: Request, actor: Principal, event: str, files: Sequence[RequestFile]) -> None:
    note_members(request)
    data = {"turn": request.turn, "files": [{"sha256": file.sha256, "kind": file.kind} for file in files]}
    record(event, actor=actor.username, subject=f"request:{request.pk}", data=data)


def note_members(request: Request) -> None:
    """Keep who is in the project while files are put together: they review none of them, members or not by then."""
    turn = Turn.objects.get(request=request, number=request.turn)
    now = request.project.members.values_list("username", flat=True)
    turn.members = sorted({*turn.members, *now})
    turn.save(update_fields=["members"])


def kept_text(text: str, what: str, todo: str) -> str:
    """Return a text as it is kept.

    Raises
    ------
    Refused
        When it is missing or too long.
    """
    text = storable(text).strip()
    check_text(text, what, todo)
    return text
