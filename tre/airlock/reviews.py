"""Reviewing: votes are saved one by one, handed in together, and decide when enough of them agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from django.db import transaction
from django.utils import timezone

from tre.airlock import attacks
from tre.airlock.assignments import assigned, check_independent, take_place
from tre.airlock.deciding import Choice, Voice, Vote, check_votes, choice_of, decision
from tre.airlock.evidence import REVIEWED, verdict
from tre.airlock.models import Comment, FileVote, Request, Review
from tre.airlock.services import PLATFORM, locked, move
from tre.airlock.telling import ask_for_another
from tre.audit.services import record
from tre.disclosure.model import storable
from tre.errors import Refused
from tre.people.models import Account
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.runs.queue import enqueue


@transaction.atomic
def save_vote(number: int, actor: Principal, vote: Vote) -> FileVote:
    """Save one vote; it counts when the review is handed in.

    Raises
    ------
    Refused
        When the person may not review this request, has handed their review in, no place is left, the file does not
        leave, or other bytes were shown than the request holds.
    """
    request = _reviewed(number, actor)
    return _save(request, _open(request, actor), vote)


@transaction.atomic
def hand_in(number: int, actor: Principal) -> Review:
    """Hand in one's saved votes, and decide when enough agree.

    When reviews are consolidated, who handed in before stands by that review, or by what was changed of it since.

    Raises
    ------
    Refused
        When the person may not review this request, has handed their review in, leaves a file out, asks for changes
        without saying which, or approves a model on which the report of attacks is not there yet.
    """
    request = _reviewed(number, actor)
    return _hand_in(request, _open(request, actor), actor)


@transaction.atomic
def review(number: int, actor: Principal, votes: Sequence[Vote]) -> Review:
    """Save votes and hand them in.

    Raises
    ------
    Refused
        As :func:`save_vote` and :func:`hand_in` do; nothing is saved then.
    """
    request = _reviewed(number, actor)
    mine = _open(request, actor)
    for vote in votes:
        _save(request, mine, vote)
    return _hand_in(request, mine, actor)


def last_reviews(request: Request) -> list[Review]:
    """Return the last review of each checker that was handed in for the request's turn, in the order of the first."""
    handed_in = request.reviews.filter(turn=request.turn, handed_in__isnull=False)
    last = {review.checker_id: review for review in handed_in.order_by("round", "id").prefetch_related("votes")}
    return list(last.values())


def _reviewed(number: int, actor: Principal) -> Request:
    request = locked(number)
    require(actor, "review_request", request.resource())
    check_independent(request, actor)
    return request


def _open(request: Request, actor: Principal) -> Review:
    """Return the review that this checker has not handed in; made, with a place, when there is none."""
    mine = request.reviews.filter(turn=request.turn, checker__username=actor.username).order_by("round").last()
    if mine is not None and mine.handed_in and request.phase != "consolidation":
        raise Refused("You have reviewed this request already", where=f"request {request.pk}")
    take_place(request, actor)
    if mine is not None and mine.handed_in is None:
        return mine
    checker = Account.objects.get(username=actor.username)
    number = 1 if mine is None else mine.round + 1
    made = Review.objects.create(request=request, turn=request.turn, checker=checker, round=number, phase=request.phase)
    if mine is not None:
        FileVote.objects.bulk_create(
            FileVote(review=made, file=vote.file, sha256=vote.sha256, choice=vote.choice, comment=vote.comment)
            for vote in mine.votes.select_related("file")
        )
    return made


def _save(request: Request, mine: Review, vote: Vote) -> FileVote:
    file = next((each for each in request.leaving() if each.pk == vote.file), None)
    if file is None:
        raise Refused("The request lets no such file out", where=f"request {request.pk}")
    if vote.sha256 != file.sha256:
        raise Refused("A file is not the one that you were shown", where=f"request {request.pk}", todo="Look again")
    told = {"sha256": vote.sha256, "choice": vote.choice, "comment": storable(vote.comment).strip()}
    saved, _ = FileVote.objects.update_or_create(review=mine, file=file, defaults=told)
    return saved


def _hand_in(request: Request, mine: Review, actor: Principal) -> Review:
    files = request.leaving()
    rows = list(mine.votes.all())
    votes = [Vote(row.file_id, cast(Choice, row.choice), row.comment, row.sha256) for row in rows]
    said = request.comments.filter(
        turn=request.turn, author=mine.checker, audience=Comment.Audience.PUBLIC, file__isnull=False
    )
    check_votes(votes, [file.pk for file in files], set(said.values_list("file", flat=True)))
    models = {file.pk for file in files if file.kind == "model"}
    if any(vote.choice == "approve" and vote.file in models for vote in votes) and attacks.are_waited_for(request):
        raise Refused(
            "The attacks on a model are not reported yet",
            where=f"request {request.pk}",
            todo="Save your votes, and hand in once the report is there",
        )
    mine.choice, mine.phase = choice_of([vote.choice for vote in votes]), request.phase
    mine.roles, mine.checkers, mine.handed_in = sorted(actor.roles), request.checkers, timezone.now()
    mine.save(update_fields=["choice", "phase", "roles", "checkers", "handed_in"])
    record(REVIEWED, actor=actor.username, subject=f"request:{request.pk}", data=verdict(mine))
    _decide(request, [file.pk for file in files])
    return mine


def _decide(request: Request, files: Sequence[int]) -> None:
    """Follow what the reviews that are in come to, where they come to something."""
    reviews = last_reviews(request)
    voices = [
        Voice({vote.file_id: cast(Choice, vote.choice) for vote in each.votes.all()}, frozenset(each.roles))
        for each in reviews
    ]
    decided = decision(voices, files, request.checkers, request.role)
    data = {"turn": request.turn, "reviews": len(reviews)}
    if decided is not None:
        move(request, decided, PLATFORM, data)
        if decided == "approve":
            enqueue("airlock.release", {"request": request.pk}, once=f"airlock.release:{request.pk}:{request.turn}")
    elif request.phase == "independent" and len(reviews) >= request.checkers:
        move(request, "consolidate", PLATFORM, data)
    elif request.phase == "consolidation" and _all_stand(request, reviews):
        request.places = request.checkers + 1  # the third voice
        request.save(update_fields=["places"])
        ask_for_another(request)


def _all_stand(request: Request, reviews: Sequence[Review]) -> bool:
    """Return whether everybody who holds a place has handed in again since they saw what the others said."""
    again = {each.checker_id for each in reviews if each.phase == "consolidation"}
    return set(assigned(request).values_list("checker", flat=True)) <= again
