"""What checkers do about a request. Handing in and recalling ask for a one-time code: a person is there."""

from __future__ import annotations

from django.http import HttpRequest

from tre.airlock import assignments, comments, recalls, reviews
from tre.airlock.comments import Lines
from tre.airlock.models import Absence
from tre.airlock.seeing import file_of, request_of
from tre.api.auth import acts, asks_again, person_of
from tre.api.located import made_at
from tre.api.once import once
from tre.api.told.common import Number
from tre.api.told.requests import (
    AbsenceSaid,
    AbsenceTold,
    CommentSaid,
    CommentTold,
    HandedIn,
    Reason,
    RequestTold,
    VoteGiven,
    VoteTold,
)
from tre.api.v1.requests import router
from tre.api.v1.seen import seen_now
from tre.errors import Refused


@router.post("/requests/{int:number}/take", response=RequestTold)
@acts("review_request")
def take(request: HttpRequest, number: Number) -> RequestTold:
    """Take a place at a request."""
    assignments.take(number, person_of(request))
    return seen_now(request, number)


@router.post("/requests/{int:number}/give-back", response=RequestTold)
@acts("review_request")
def give_back(request: HttpRequest, number: Number) -> RequestTold:
    """Give one's place at a request back."""
    assignments.give_back(number, person_of(request))
    return seen_now(request, number)


@router.post("/requests/{int:number}/third", response=RequestTold)
@acts("review_request")
def third(request: HttpRequest, number: Number, reason: Reason) -> RequestTold:
    """Ask for a third checker."""
    assignments.escalate(number, person_of(request), reason.why)
    return seen_now(request, number)


@router.put("/requests/{int:number}/files/{int:file}/vote", response=VoteTold)
@acts("review_request")
def vote(request: HttpRequest, number: Number, file: Number, given: VoteGiven) -> VoteTold:
    """Save one vote; it counts when the review is handed in."""
    return VoteTold.of(reviews.save_vote(number, person_of(request), given.vote(file)))


@router.post("/requests/{int:number}/review", response=RequestTold)
@acts("review_request")
@asks_again
def hand_in(request: HttpRequest, number: Number, handed: HandedIn) -> RequestTold:
    """Hand in one's review: the votes that are sent, or those that were saved."""
    person = person_of(request)
    request_of(number, person, "review_request")
    if handed.votes:
        reviews.review(number, person, [each.vote(each.file) for each in handed.votes])
    else:
        reviews.hand_in(number, person)
    return seen_now(request, number)


@router.post("/requests/{int:number}/comments", response={201: CommentTold})
@made_at("/requests/{number}")
@acts("comment_request")
@once
def comment(request: HttpRequest, number: Number, said: CommentSaid) -> CommentTold:
    """Say something of a group, or of lines of a file."""
    person = person_of(request)
    about = file_of(number, said.file, person) if said.file else None
    group = about.group_id if about else said.group
    if group is None:
        raise Refused("A comment is about a group or a file", where="group", todo="Name one of them")
    lines = Lines(said.first_line, said.last_line or said.first_line) if said.first_line else None
    made = comments.comment(
        number, person, group, said.text, file=about.pk if about else None, lines=lines,
        checkers_only=said.audience == "checkers",
    )  # fmt: skip
    return CommentTold.of(made)


@router.post("/requests/{int:number}/recall", response=RequestTold)
@acts("recall_output")
@asks_again
def recall(request: HttpRequest, number: Number, reason: Reason) -> RequestTold:
    """Recall what was released: everybody who has it is told."""
    recalls.recall(number, person_of(request), reason.why)
    return seen_now(request, number)


@router.get("/absences", response=list[AbsenceTold])
@acts("review_request")
def absences(request: HttpRequest) -> list[AbsenceTold]:
    """List the caller's days of absence."""
    held = Absence.objects.filter(checker__username=person_of(request).username)
    return [AbsenceTold.of(each) for each in held]


@router.post("/absences", response={201: AbsenceTold})
@made_at("/absences")
@acts("review_request")
@once
def away(request: HttpRequest, said: AbsenceSaid) -> AbsenceTold:
    """Say that one is away; places are given back on the first day."""
    return AbsenceTold.of(assignments.declare_absence(person_of(request), said.first, said.last))


@router.delete("/absences/{int:number}", response={204: None})
@acts("review_request")
def end_absence(request: HttpRequest, number: Number) -> None:
    """Take an absence of one's own back, or end it today."""
    assignments.end_absence(number, person_of(request))
