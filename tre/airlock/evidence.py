"""What a release rests on: the submission, the scrutiny and the reviews as the audit log has them, sealed.

The tables can be changed by whoever owns the database, and so can the log, which has no key. So each of these carries a
seal in its entry: HMAC-SHA-256 (RFC 2104) over all that was submitted or said, names included, under a key that the
database does not hold. A keyed seal tells nothing of the names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import cast

from tre.airlock import evidence_before
from tre.airlock.deciding import REVIEWERS, Choice, Said, check_releasable
from tre.airlock.domain import AUDIT_EVENTS
from tre.airlock.models import Request, RequestFile, Review, Turn
from tre.airlock.policy import airlock_policy
from tre.airlock.scrutiny import Scrutiny, Shown
from tre.airlock.seals import holds, seal
from tre.audit.models import Entry
from tre.errors import Refused
from tre.runs.attested.lookup import is_safe_table

SUBMITTED, REVIEWED, PASSED = AUDIT_EVENTS["submit"], "airlock.reviewed", AUDIT_EVENTS["pass_to_review"]


def submission(request: Request) -> dict[str, object]:
    """Return what the log is told of a submission. Names are left out: one may hold what must never be written."""
    files, turn = request.held(), Turn.objects.get(request=request, number=request.turn)
    listed = sorted([file.name, file.sha256, file.size, file.kind, file.group.name] for file in files)
    groups = sorted(
        [group.name, _digest(group.context), _digest(group.controls)]
        for group in request.groups.filter(turn=request.turn)
    )
    who = [request.project.code, request.author.username, turn.members]
    return {
        "project": request.project.code,
        "turn": request.turn,
        "members": turn.members,
        "files": [{"sha256": file.sha256, "size": file.size, "kind": file.kind} for file in files],
        "seal": seal("submission of a turn", request.pk, request.turn, who, listed, groups),
    }


def scrutinised(request: Request, scrutiny: Scrutiny) -> dict[str, object]:
    """Return what the log is told of how closely a turn is looked at."""
    told = [scrutiny.risk, scrutiny.checkers, scrutiny.role, scrutiny.low_risk]
    return {
        "turn": request.turn, "risk": scrutiny.risk, "checkers": scrutiny.checkers, "role": scrutiny.role,
        "low_risk": scrutiny.low_risk, "seal": seal("scrutiny", request.pk, request.turn, told),
    }  # fmt: skip


def verdict(review: Review) -> dict[str, object]:
    """Return what the log is told of a review: what it came to, and the hashes that were voted on."""
    votes = list(review.votes.select_related("file"))
    who = [review.turn, review.round, review.phase, review.checker.username, review.roles, review.checkers]
    said = sorted([vote.file.name, vote.sha256, vote.choice] for vote in votes)
    return {
        "turn": review.turn,
        "round": review.round,
        "phase": review.phase,
        "choice": review.choice,
        "roles": review.roles,
        "checkers": review.checkers,
        "files": sorted(
            ({"sha256": each.sha256, "choice": each.choice} for each in votes), key=lambda it: [*it.values()]
        ),
        "seal": seal("review of a turn", review.request_id, who, review.choice, said),
    }


def scrutiny_now(files: Iterable[RequestFile]) -> Scrutiny:
    """Return how closely files are looked at, by what was found in them and today's policy."""
    shown = []
    for file in files:
        found = file.inspected()
        if found is not None:
            worst = {each.rule: each.severity for each in reversed(found.findings)}  # the most severe come first
            made = is_safe_table(file.request.project, file.sha256)
            shown.append(Shown(file.kind_told(), found.type, found.verdict, found.profile, worst, made))
    return airlock_policy().scrutiny(shown)


def check_decided(request: Request) -> None:
    """Recompute, from the sealed evidence, that a request may be released.

    Raises
    ------
    Refused
        When a file was not inspected or was blocked, or anything differs from what the log tells
        (:func:`tre.airlock.deciding.check_releasable`).
    """
    files = request.held()
    if not all(_inspected(file) for file in files):
        raise _broken("A file was not inspected, or was blocked")
    said, asked = _said(request)
    members, older = _submitted(request)
    needed = scrutiny_now(files).at_least(REVIEWERS) if older else _scrutiny(request, files)
    past = request.project.past_members.values_list("account__username", flat=True)
    barred = {request.author.username, *request.project.members.values_list("username", flat=True), *past, *members}
    leaving = {file.name: file.sha256 for file in request.leaving()}
    check_releasable(leaving, said, barred, max([needed.checkers, *asked]), needed.role)


def _inspected(file: RequestFile) -> bool:
    try:
        found = file.inspected()
    except ValueError:  # no inspection that the platform wrote
        return False
    return found is not None and found.verdict != "block" and found.sha256 == file.sha256


def _said(request: Request) -> tuple[list[Said], list[int]]:
    """Return each checker's last review of the turn, and how many checkers were asked for when each was handed in."""
    handed_in = request.reviews.filter(turn=request.turn, handed_in__isnull=False).select_related("checker")
    rows = {(review.checker.username, review.round): review for review in handed_in}
    entries = entries_of(request, REVIEWED)
    older = set()
    for entry in entries:
        review = rows.get((entry.actor, entry.data.get("round", 1)))
        told = verdict if "turn" in entry.data else evidence_before.verdict
        if review is None or not holds(entry, told(review)):
            raise _broken("A review is not what was handed in")
        if "turn" not in entry.data:
            older.add(review)
    if len(entries) != len(rows):
        raise _broken("The reviews are not those that were handed in")
    last = {review.checker.username: review for _, review in sorted(rows.items())}
    said = [_as_said(review, older) for review in last.values()]
    return said, [review.checkers for review in rows.values() if review not in older]


def _as_said(review: Review, older: set[Review]) -> Said:
    # Whatever text the database holds: it counts only where the sealed entry says the same.
    votes = {vote.file.name: (vote.sha256, cast(Choice, vote.choice)) for vote in review.votes.select_related("file")}
    return Said(review.checker.username, frozenset([] if review in older else review.roles), votes)


def _submitted(request: Request) -> tuple[list[str], bool]:
    """Return who was in the project while what was submitted was put together, and whether before there were turns."""
    told, before = submission(request), evidence_before.submission(request)
    entries = entries_of(request, SUBMITTED)
    if any(holds(entry, told) for entry in entries):
        return list(cast(list[str], told["members"])), False
    if any(holds(entry, before) for entry in entries) and request.held() == request.leaving():
        return [], True
    raise _broken("The files are not those that were submitted")


def _scrutiny(request: Request, files: Iterable[RequestFile]) -> Scrutiny:
    """Return the closer of what was said at inspection and what policy says of the same findings now."""
    now = scrutiny_now(files)
    for entry in entries_of(request, PASSED):
        told = entry.data.get("scrutiny", {})
        kept = Scrutiny(*(told.get(name) for name in ("risk", "checkers", "role", "low_risk")))
        if told != scrutinised(request, kept):
            raise _broken("How closely it was to be looked at is not what inspection said")
        closer = now.at_least(kept.checkers)
        return Scrutiny(closer.risk, closer.checkers, closer.role or kept.role)
    raise _broken("It was not passed to review")


def entries_of(request: Request, event: str) -> list[Entry]:
    """Return what the log tells of the turn that a request is in, by one event."""
    told = Entry.objects.filter(event=event, subject=f"request:{request.pk}").order_by("number")
    return [entry for entry in told if _turn_of(entry) == request.turn]


def _turn_of(entry: Entry) -> object:
    return entry.data.get("turn", entry.data.get("scrutiny", {}).get("turn", 1))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _broken(what: str) -> Refused:
    return Refused(what, where="release", todo="Stop and tell the auditor")
