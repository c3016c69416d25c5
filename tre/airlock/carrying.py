"""What of one turn holds in the next: a checker's approval of a file whose bytes, name and kind are the same."""

from __future__ import annotations

from tre.airlock.assignments import assigned
from tre.airlock.models import Assignment, FileVote, Request, RequestFile, Review
from tre.airlock.reviews import last_reviews
from tre.audit.services import record


def carry_votes(request: Request) -> None:
    """Give the checkers of the turn before their places again, with their approvals of what has not changed.

    Nothing of it counts before they hand in again; a vote on a changed file is not there any more. Whoever was given a
    place may give it back.
    """
    before = Request(pk=request.pk, turn=request.turn - 1)
    same = _unchanged(request, before)
    for review in last_reviews(before)[: request.places]:
        if assigned(request).filter(checker=review.checker_id).exists():
            continue
        Assignment.objects.create(request=request, turn=request.turn, checker=review.checker)
        kept = Review.objects.create(request=request, turn=request.turn, checker=review.checker, phase=request.phase)
        FileVote.objects.bulk_create(
            FileVote(review=kept, file=same[vote.file_id], sha256=vote.sha256, choice=vote.choice)
            for vote in review.votes.all()
            if vote.choice == "approve" and vote.file_id in same
        )
        data = {"turn": request.turn}
        record("airlock.place_kept", actor=review.checker.username, subject=f"request:{request.pk}", data=data)


def _unchanged(request: Request, before: Request) -> dict[int, RequestFile]:
    """Return, by the number of each file of the turn before, the file of this turn that it is the same as."""
    now = {(file.name, file.sha256, file.kind): file for file in request.leaving()}
    then = ((file.pk, (file.name, file.sha256, file.kind)) for file in before.leaving())
    return {number: now[known] for number, known in then if known in now}
