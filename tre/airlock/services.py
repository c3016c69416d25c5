"""What happens to a request. Every change of state is one transaction, and writes its audit entry in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from tre.airlock.domain import (
    AUDIT_EVENTS,
    MOST_BYTES,
    REVIEWERS,
    Event,
    Vote,
    check_models,
    check_names,
    check_votes,
    choice_of,
    follow,
    outcome,
)
from tre.airlock.evidence import REVIEWED, SUBMITTED, submission, verdict
from tre.airlock.models import FileVote, Request, RequestFile, Review
from tre.airlock.storage import Frozen, storage
from tre.audit.models import Entry
from tre.audit.services import record
from tre.disclosure.model import storable
from tre.errors import Refused
from tre.people.models import Account
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.projects.models import Project
from tre.runs.queue import enqueue


@dataclass(frozen=True)
class Upload:
    """A file on its way in: the name that it would leave under, and its bytes."""

    name: str
    chunks: Iterable[bytes]


def submit(actor: Principal, project: Project, context: str, uploads: Sequence[Upload]) -> Request:
    """Freeze the files and open a request for them.

    The same files with the same context, submitted again by the same person, are the same request.

    Raises
    ------
    Refused
        When the person may not, a file's name or size is not allowed, a model's folder holds other files, or there is
        no context.
    """
    require(actor, "submit_output", project.resource())
    context = storable(context).strip()
    if not context:
        raise Refused("A request needs its context", where="context", todo="Say what the files are and how made")
    names = [upload.name for upload in uploads]
    check_names(names)
    check_models(names)
    store, frozen = storage(), list[tuple[str, Frozen]]()
    left = MOST_BYTES
    for upload in uploads:
        kept = store.freeze(upload.chunks, left)
        left -= kept.size
        frozen.append((upload.name, kept))
    return _open(actor, project, context, frozen)


@transaction.atomic
def _open(actor: Principal, project: Project, context: str, frozen: Sequence[tuple[str, Frozen]]) -> Request:
    told = [project.code, actor.username, context, *sorted(f"{name}\n{kept.sha256}" for name, kept in frozen)]
    once = hashlib.sha256("\0".join(told).encode()).hexdigest()
    author = Account.objects.get(username=actor.username)
    request, made = Request.objects.get_or_create(
        once=once, defaults={"project": project, "author": author, "context": context}
    )
    if not made:
        return request
    RequestFile.objects.bulk_create(
        RequestFile(request=request, name=name, sha256=kept.sha256, size=kept.size) for name, kept in frozen
    )
    record(SUBMITTED, actor=actor.username, subject=f"request:{request.pk}", data=submission(request))
    enqueue("airlock.inspect", {"request": request.pk}, once=f"airlock.inspect:{request.pk}")
    return request


def move(request: Request, event: Event, actor: str, data: Mapping[str, object] | None = None) -> None:
    """Change a locked request's state by an event, with its audit entry, in the caller's transaction.

    Raises
    ------
    Refused
        When the event cannot happen in this state.
    """
    request.state = follow(request.state, event)  # type: ignore[arg-type]  # the field's choices are the states
    request.save(update_fields=["state", "changed"])
    record(AUDIT_EVENTS[event], actor=actor, subject=f"request:{request.pk}", data=data)


def locked(number: int) -> Request:
    """Return a request, locked until the transaction ends.

    Raises
    ------
    Refused
        When there is none of this number.
    """
    request = Request.objects.select_for_update().filter(pk=number).first()
    if request is None:
        raise Refused("There is no such request", where=f"request {number}")
    return request


@transaction.atomic
def review(number: int, actor: Principal, votes: Sequence[Vote]) -> Review:
    """Hand in one checker's review, and decide when enough agree.

    Raises
    ------
    Refused
        When the person may not review this request, has done so already, leaves a file out, or was shown other bytes
        than the request holds.
    """
    request = locked(number)
    require(actor, "review_request", request.resource())
    checker = Account.objects.get(username=actor.username)
    if request.reviews.filter(checker=checker).exists():
        raise Refused("You have reviewed this request already", where=f"request {number}")
    held = dict(request.files.values_list("pk", "sha256"))
    check_votes(votes, list(held))
    if any(vote.sha256 != held[vote.file] for vote in votes):
        raise Refused("A file is not the one that you were shown", where=f"request {number}", todo="Look at it again")
    made = Review.objects.create(request=request, checker=checker, choice=choice_of(votes))
    FileVote.objects.bulk_create(_cast(made, vote) for vote in votes)
    record(REVIEWED, actor=actor.username, subject=f"request:{number}", data=verdict(made))
    decided = outcome([each.said() for each in request.reviews.all()])
    if decided is not None:
        move(request, decided, "airlock", {"reviews": request.reviews.count()})
        if decided == "approve":
            enqueue("airlock.release", {"request": number}, once=f"airlock.release:{number}")
    return made


def _cast(review: Review, vote: Vote) -> FileVote:
    comment = storable(vote.comment).strip()
    return FileVote(review=review, file_id=vote.file, sha256=vote.sha256, choice=vote.choice, comment=comment)


@transaction.atomic
def withdraw(number: int, actor: Principal) -> Request:
    """Take one's own request back.

    Raises
    ------
    Refused
        When the person may not, or it is too late.
    """
    request = locked(number)
    require(actor, "withdraw_request", request.resource())
    move(request, "withdraw", actor.username)
    # The same files may be asked for anew later: as another request.
    request.once = f"withdrawn:{request.pk}"
    request.save(update_fields=["once"])
    return request


def release_identity(request: Request) -> str:
    """Return the release's name: the same for the same request and files, so that a second run finds the first."""
    told = "\n".join(f"{file.name} {file.sha256}" for file in request.files.all())
    return f"release-{request.pk}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


def visible_reviews(request: Request, person: Principal) -> list[Review]:
    """Return the reviews that a person may see.

    Checkers are blind to each other until two are in, or their own is; the author sees them once it is decided.
    """
    reviews = list(request.reviews.select_related("checker").prefetch_related("votes__file"))
    if person.username == request.author.username:
        return [] if request.state == "in_review" else reviews
    if len(reviews) >= REVIEWERS or request.state != "in_review":
        return reviews
    return [each for each in reviews if each.checker.username == person.username]


@dataclass(frozen=True)
class Earlier:
    """What became of the same bytes in another request, and what was voted on them there."""

    request: Request
    votes: tuple[FileVote, ...]


def earlier_decisions(request: Request) -> dict[int, list[Earlier]]:
    """Return, for each file of a request by its number, the other requests that held the same bytes, newest first.

    Bytes that were rejected come back with another name or another word of context: whoever reviews them should know.
    Votes of a review that still goes on are left out, for its checkers are blind to each other.
    """
    files = list(request.files.all())
    same = RequestFile.objects.filter(sha256__in=[file.sha256 for file in files]).exclude(request=request)
    found: dict[str, list[Earlier]] = {}
    for each in same.select_related("request").prefetch_related("votes").order_by("-request_id", "id"):
        votes = () if each.request.state == "in_review" else tuple(each.votes.all())
        found.setdefault(each.sha256, []).append(Earlier(each.request, votes))
    return {file.pk: found.get(file.sha256, []) for file in files}


def why_halted(request: Request) -> str:
    """Return why the release of a request was halted, or an empty text when it was not."""
    halts = Entry.objects.filter(event=AUDIT_EVENTS["halt"], subject=f"request:{request.pk}")
    last = halts.order_by("-number").first() if request.state == "blocked" else None
    return str(last.data.get("why", "")) if last else ""
