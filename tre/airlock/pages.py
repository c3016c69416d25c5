"""What a request's page shows to one person: groups with their files, what may be done, and what was said before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.urls import reverse

from tre.airlock.assignments import assigned, has_handed_in, holds_place
from tre.airlock.attacks import are_waited_for
from tre.airlock.deciding import Choice, Voice, conflicts
from tre.airlock.differencing import releases_named
from tre.airlock.domain import CHANGEABLE, can
from tre.airlock.forms import CommentForm, ReasonForm, VoteForm
from tre.airlock.model_review import models_of
from tre.airlock.models import Comment, Group, Release, Request, RequestFile, Turn
from tre.airlock.openings import Opening, opening, openings
from tre.airlock.release.deliveries import target_of
from tre.airlock.released_before import released_before
from tre.airlock.reviews import last_reviews
from tre.airlock.seeing import (
    Earlier,
    earlier_decisions,
    is_author,
    is_of_project,
    saved_votes,
    visible_comments,
    visible_reviews,
)
from tre.airlock.services import why_halted
from tre.disclosure import Inspection
from tre.people.domain import ROLES
from tre.policy.decision import decide
from tre.policy.domain import Principal
from tre.runs.attested.lookup import attested_among
from tre.runs.attested.models import Run


@dataclass(frozen=True)
class Made:
    """How the platform made a file; what it was asked is for checkers, since a notebook wrote that."""

    run: Run
    specification: str


@dataclass(frozen=True)
class ShownFile:
    """One file as the page shows it."""

    file: RequestFile
    inspection: Inspection | None
    opening: Opening | None
    form: VoteForm | None
    saved: bool
    earlier: list[Earlier]
    named: list[tuple[str, Request]]
    comments: list[Comment]
    before: RequestFile | None
    conflicting: bool
    made: Made | None


@dataclass(frozen=True)
class ShownGroup:
    """One group as the page shows it."""

    group: Group
    files: list[ShownFile]
    comments: list[Comment]


def page_of(found: Request, person: Principal, turn: int, sent: Mapping[Any, forms.Form]) -> dict[str, Any]:
    """Return what a request's template shows.

    Parameters
    ----------
    turn : int
        Which turn is shown; what may be done is shown with the last alone.
    sent : mapping
        Forms that were sent and are not complete: votes by the number of their file, others by their name.
    """
    now = turn == found.turn
    may = offered(found, person) if now else {}
    groups = _groups(found, person, turn, sent, votes=may.get("review", False))
    mine = is_author(found, person)
    files = [each.file for group in groups for each in group.files]
    commenting = CommentForm(files, as_author=mine) if may.get("comment") and files else None
    return {
        "airlock_request": found,
        "turn": turn,
        "now": now,
        "turns": list(Turn.objects.filter(request=found)),
        "shown_turn": Turn.objects.filter(request=found, number=turn).first(),
        "groups": groups,
        "files": [each for group in groups for each in group.files],
        "attacks_wait": now and may.get("review", False) and are_waited_for(found),
        "released_before": released_before(found, person),
        "left_out": found.files.filter(turn=turn - 1).exclude(name__in=[each.name for each in files]),
        "models": models_of(found, files),
        "may": may,
        "reviews": visible_reviews(found, person, turn),
        "reviewed_by_me": has_handed_in(found, person.username),
        "release": Release.objects.filter(request=found).first() if now else None,
        "mine": mine,
        "halted": why_halted(found),
        "target": target_of(found) if now else "",
        "commenting": sent.get("comment", commenting),
        "reason": sent.get("reason", ReasonForm()),
        "taken": assigned(found).count(),
        "role_name": ROLES.get(found.role, "").lower(),
        "wrong": any(form.errors for form in sent.values()),
    }


def offered(found: Request, person: Principal) -> dict[str, bool]:
    """Return what a person is offered to do about a request; services ask again."""
    resource, stands = found.resource(), found.place

    def may(act: str, fits: bool) -> bool:
        return fits and decide(person, act, resource).allowed  # what the state forbids is not asked

    reviews = may("review_request", found.state == "in_review")
    place = reviews and holds_place(found, person.username)
    waits = place and has_handed_in(found, person.username)
    full = assigned(found).count() >= found.places
    return {
        "review": reviews and (place or not full) and not (waits and found.phase == "independent"),
        "take": reviews and not place and not full,
        "give_back": place and not waits,
        "escalate": place,
        "comment": may("comment_request", found.state != CHANGEABLE),
        "withdraw": may("withdraw_request", can(stands, "withdraw")),
        "change": may("change_request", found.state == CHANGEABLE),
        "revise": may("change_request", can(stands, "revise")),
        "recall": may("recall_output", can(stands, "recall")),
    }


def _groups(
    found: Request, person: Principal, turn: int, sent: Mapping[Any, forms.Form], *, votes: bool
) -> list[ShownGroup]:
    files = list(found.files.filter(turn=turn).select_related("group"))
    comments = visible_comments(found, person, turn)
    # What other requests hold is for checkers: an author's colleague may have asked for the same.
    others = {} if is_of_project(found, person) else earlier_decisions(found, files)
    named = _named(person, files)
    before = {file.name: file for file in found.files.filter(turn=turn - 1)}
    saved = saved_votes(found, person) if votes else {}
    first = _openings(files)
    made = _made(found, files, told=not is_of_project(found, person))
    disputed = set(_disputed(found)) if turn == found.turn else set()
    shown = [
        ShownFile(
            file, file.inspected(), first.get(file.pk), _form(file, saved, sent) if votes and file.leaves else None,
            file.pk in saved, others.get(file.pk, []), named.get(file.pk, []),
            [each for each in comments if each.file_id == file.pk], before.get(file.name), file.pk in disputed,
            made.get(file.sha256),
        )
        for file in files
    ]  # fmt: skip
    return [
        ShownGroup(
            group,
            [each for each in shown if each.file.group_id == group.pk],
            [each for each in comments if each.group_id == group.pk and each.file_id is None],
        )
        for group in found.groups.filter(turn=turn)
    ]


def _made(found: Request, files: list[RequestFile], *, told: bool) -> dict[str, Made]:
    """Return how the platform made those of a request's files that it made, by SHA-256."""
    outputs = attested_among(found.project, [file.sha256 for file in files])
    return {
        sha256: Made(each.run, json.dumps(each.run.spec, indent=1) if told else "") for sha256, each in outputs.items()
    }


def _form(file: RequestFile, saved: Mapping[int, Any], sent: Mapping[Any, forms.Form]) -> VoteForm:
    held = sent.get(file.pk)
    return held if isinstance(held, VoteForm) else VoteForm.of(file, saved.get(file.pk))


def _disputed(found: Request) -> tuple[int, ...]:
    """Return the files that the reviews do not agree on, once their checkers may see each other's."""
    if found.phase != "consolidation":
        return ()
    voices = [
        Voice({vote.file_id: cast(Choice, vote.choice) for vote in each.votes.all()}) for each in last_reviews(found)
    ]
    return conflicts(voices, [file.pk for file in found.leaving()], found.checkers)


def _named(person: Principal, files: list[RequestFile]) -> dict[int, list[tuple[str, Request]]]:
    """Return the releases that findings name, by file, for who may see these too: their projects are others'."""
    named = releases_named(files)
    return {
        file: [each for each in several if decide(person, "view_request", each[1].resource()).allowed]
        for file, several in named.items()
    }


def _openings(files: list[RequestFile]) -> dict[int, Opening]:
    """Return the first part of the files that were inspected, as far as there is time to read them."""
    inspected = {file: found for file in files if (found := file.inspected())}
    shown = openings([(file.sha256, file.name) for file in inspected])
    return {
        file.pk: opening(shown[file.sha256], _drawing(file), found.findings, f"file-{file.pk}-finding-")
        for file, found in inspected.items()
        if file.sha256 in shown
    }


def _drawing(file: RequestFile) -> str:
    return f"{reverse('airlock_drawing', args=[file.request_id, file.pk])}?section=0"
