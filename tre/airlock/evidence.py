"""What a release rests on: the submission and the reviews as the audit log has them, sealed by the platform.

The tables can be changed by whoever owns the database, and so can the log, which has no key. So each submission and
review carries a seal in its entry: HMAC-SHA-256 (RFC 2104) over all that was submitted or said, names included, under a
key that the database does not hold. A keyed seal tells nothing of the names.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from typing import cast

from tre.airlock.domain import Choice, Said, check_releasable
from tre.airlock.models import FileVote, Request, RequestFile, Review
from tre.audit.models import Entry
from tre.errors import Refused
from tre.keys.custody import custody

SUBMITTED, REVIEWED = "airlock.submitted", "airlock.reviewed"


def submission(request: Request) -> dict[str, object]:
    """Return what the log is told of a submission. Names are left out: one may hold what must never be written."""
    files = list(request.files.all())
    return {
        "project": request.project.code,
        "files": [{"sha256": file.sha256, "size": file.size} for file in files],
        "seal": _seal("submission", request.pk, request.project.code, request.author.username, _listed(files)),
    }


def verdict(review: Review) -> dict[str, object]:
    """Return what the log is told of a review: what it came to, and the hashes that were voted on."""
    votes = list(review.votes.select_related("file"))
    said = sorted([vote.file.name, vote.sha256, vote.choice] for vote in votes)
    return {
        "choice": review.choice,
        "files": [{"sha256": sha256, "choice": choice} for sha256, choice in sorted(_votes(votes))],
        "seal": _seal("review", review.request_id, review.checker.username, review.choice, said),
    }


def check_decided(request: Request) -> None:
    """Recompute, from the sealed evidence, that a request may be released.

    Raises
    ------
    Refused
        When a file was not inspected or was blocked, or anything differs from what the log tells
        (:func:`tre.airlock.domain.check_releasable`).
    """
    files, reviews = list(request.files.all()), list(request.reviews.select_related("checker"))
    if not all(_inspected(file) for file in files):
        raise Refused("A file was not inspected, or was blocked", where="release", todo="Stop and tell the auditor")
    submitted = [entry for entry in _entries(request, SUBMITTED) if _holds(entry, submission(request))]
    by_checker = {review.checker.username: review for review in reviews}
    rows = [_said(name, review.choice, _votes(review.votes.all())) for name, review in by_checker.items()]
    logged = []
    for entry in _entries(request, REVIEWED):
        review = by_checker.get(entry.actor)
        if review is None or not _holds(entry, verdict(review)):
            raise Refused("A review is not what was handed in", where="release", todo="Stop and tell the auditor")
        logged.append(_said(entry.actor, entry.data["choice"], _votes_told(entry)))
    barred = {request.author.username, *request.project.members.values_list("username", flat=True)}
    hashes = [str(each["sha256"]) for entry in submitted[:1] for each in entry.data["files"]]
    check_releasable([file.sha256 for file in files], hashes, rows, logged, barred)


def _inspected(file: RequestFile) -> bool:
    try:
        found = file.inspected()
    except ValueError:  # no inspection that the platform wrote
        return False
    return found is not None and found.verdict != "block" and found.sha256 == file.sha256


def _entries(request: Request, event: str) -> list[Entry]:
    return list(Entry.objects.filter(event=event, subject=f"request:{request.pk}").order_by("number"))


def _holds(entry: Entry, told: dict[str, object]) -> bool:
    """Return whether an entry is what would be told now, by its whole content and by its seal."""
    kept, wanted = str(entry.data.get("seal", "")), str(told["seal"])
    return entry.data == told and hmac.compare_digest(kept.encode(), wanted.encode())


def _votes(votes: Iterable[FileVote]) -> list[tuple[str, str]]:
    return [(vote.sha256, vote.choice) for vote in votes]


def _votes_told(entry: Entry) -> list[tuple[str, str]]:
    return [(each["sha256"], each["choice"]) for each in entry.data["files"]]


def _said(checker: str, choice: str, votes: Iterable[tuple[str, str]]) -> Said:
    # Whatever text the database holds: it counts only where the sealed entry says the same.
    return Said(checker, cast(Choice, choice), cast(tuple[tuple[str, Choice], ...], tuple(sorted(votes))))


def _listed(files: Iterable[RequestFile]) -> list[list[object]]:
    return sorted([file.name, file.sha256, file.size] for file in files)


def _seal(*told: object) -> str:
    body = json.dumps(told, separators=(",", ":")).encode()
    return hmac.new(custody().derive("airlock-seal"), body, hashlib.sha256).hexdigest()
