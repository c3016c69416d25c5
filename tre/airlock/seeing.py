"""Who sees what of a request: checkers are blind to each other until every review is in, and the author until then too.

Nothing is forgotten: what was said of an earlier turn is shown with that turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tre.airlock.models import Comment, FileVote, Request, RequestFile, Review
from tre.errors import Missing
from tre.policy.decision import require
from tre.policy.domain import Principal

_OPEN = ("independent", "consolidation")


def request_of(number: int, person: Principal, act: str = "view_request") -> Request:
    """Return a request about which a person may do an act.

    Raises
    ------
    Missing
        When there is none of this number.
    NotAllowed
        When they may not.
    """
    found = Request.objects.select_related("project", "author").filter(pk=number).first()
    if found is None:
        raise Missing("There is no such request", where=f"request {number}")
    require(person, act, found.resource())
    return found


def file_of(number: int, file: int, person: Principal) -> RequestFile:
    """Return a file of any turn of a request that a person may see.

    Raises
    ------
    Missing
        When there is none.
    NotAllowed
        When they may not.
    """
    found = request_of(number, person).files.select_related("group").filter(pk=file).first()
    if found is None:
        raise Missing("The request has no such file", where=f"request {number}")
    return found


def is_author(request: Request, person: Principal) -> bool:
    """Return whether a request is the person's own."""
    return person.username == request.author.username


def is_of_project(request: Request, person: Principal) -> bool:
    """Return whether a person is the author, or is or was a member of the project, a checker of others' too.

    What checkers keep from an author, until it is decided or for good, they keep from these.
    """
    return is_author(request, person) or request.project.code in person.projects | person.past_projects


def visible_reviews(request: Request, person: Principal, turn: int | None = None) -> list[Review]:
    """Return the reviews of a turn that a person may see, of the turn it is in by default.

    Those of an earlier turn are seen by whoever sees the request. In this turn the author sees none before it is
    decided, and a checker their own alone while reviews are independent. What is not handed in is its checker's own.
    """
    wanted = turn or request.turn
    found = request.reviews.filter(turn=wanted).select_related("checker").prefetch_related("votes__file")
    handed_in = [each for each in found if each.handed_in is not None]
    if wanted != request.turn or request.phase not in _OPEN:
        return handed_in
    if is_of_project(request, person):
        return []
    if request.phase == "consolidation":
        return handed_in
    return [each for each in handed_in if each.checker.username == person.username]


def visible_comments(request: Request, person: Principal, turn: int | None = None) -> list[Comment]:
    """Return the comments of a turn that a person may see, of the turn it is in by default; as reviews are seen."""
    wanted = turn or request.turn
    found = request.comments.filter(turn=wanted).select_related("author", "file", "group")
    if is_of_project(request, person):
        found = found.filter(audience=Comment.Audience.PUBLIC)
        hidden = wanted == request.turn and request.phase in _OPEN
    else:
        hidden = wanted == request.turn and request.phase == "independent"
    own = {person.username, request.author.username}
    return [each for each in found if not hidden or each.author.username in own]


def saved_votes(request: Request, person: Principal) -> dict[int, FileVote]:
    """Return a checker's own votes that they have not handed in, by the number of their file."""
    mine = request.reviews.filter(turn=request.turn, checker__username=person.username).order_by("round").last()
    if mine is None or (mine.handed_in is not None and request.phase != "consolidation"):
        return {}
    return {vote.file_id: vote for vote in mine.votes.all()}


@dataclass(frozen=True)
class Earlier:
    """What became of the same bytes in another request, and what was voted on them there."""

    request: Request
    votes: tuple[FileVote, ...]


def earlier_decisions(request: Request, files: Sequence[RequestFile]) -> dict[int, list[Earlier]]:
    """Return, for each file by its number, the other requests that held the same bytes, newest first.

    Bytes that were rejected come back with another name or another word of context: whoever reviews them should know.
    Votes of a review that still goes on are left out, for its checkers are blind to each other.
    """
    same = RequestFile.objects.filter(sha256__in=[file.sha256 for file in files]).exclude(request=request)
    same = same.exclude(request__state="draft").select_related("request")
    found: dict[str, list[Earlier]] = {}
    for each in same.prefetch_related("votes__review").order_by("-request_id", "-turn", "id"):
        goes_on = each.turn == each.request.turn and each.request.phase in _OPEN
        votes = () if goes_on else tuple(vote for vote in each.votes.all() if vote.review.handed_in is not None)
        found.setdefault(each.sha256, []).append(Earlier(each.request, votes))
    return {file.pk: found.get(file.sha256, []) for file in files}


def author_comments(request: Request) -> list[dict[str, object]]:
    """Return what checkers have asked the author for, of the last turn that is decided: by file, or by group."""
    author = Principal(request.author.username)
    turn = request.turn if request.state != "draft" else request.turn - 1
    votes: list[dict[str, object]] = [
        {"about": vote.file.name, "text": vote.comment, "choice": vote.choice}
        for each in visible_reviews(request, author, turn)
        for vote in each.votes.all()
        if vote.comment
    ]
    said: list[dict[str, object]] = [
        {"about": each.file.name if each.file else each.group.name, "text": each.text, "choice": ""}
        for each in visible_comments(request, author, turn)
    ]
    return [*votes, *said]
