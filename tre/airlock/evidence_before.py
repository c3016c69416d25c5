"""The entries of requests that were submitted before there were turns: what the log was told of them, and how sealed.

They told of one turn, of no groups, no kinds and no roles; their files were all let out. A request that was under way
then is still judged by them.
"""

from __future__ import annotations

from tre.airlock.models import FileVote, Request, Review
from tre.airlock.seals import seal


def submission(request: Request) -> dict[str, object]:
    """Return what the log was told of a submission."""
    files = request.held()
    listed = sorted([file.name, file.sha256, file.size] for file in files)
    return {
        "project": request.project.code,
        "files": [{"sha256": file.sha256, "size": file.size} for file in files],
        "seal": seal("submission", request.pk, request.project.code, request.author.username, listed),
    }


def verdict(review: Review) -> dict[str, object]:
    """Return what the log was told of a review."""
    votes = list(review.votes.select_related("file"))
    said = sorted([vote.file.name, vote.sha256, vote.choice] for vote in votes)
    return {
        "choice": review.choice,
        "files": [{"sha256": sha256, "choice": choice} for sha256, choice in sorted(_plain(votes))],
        "seal": seal("review", review.request_id, review.checker.username, review.choice, said),
    }


def _plain(votes: list[FileVote]) -> list[tuple[str, str]]:
    return [(vote.sha256, vote.choice) for vote in votes]
