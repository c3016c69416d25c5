"""Requests for tests: made, inspected and reviewed as the product does it."""

from __future__ import annotations

import shutil

import pytest

from tests.factories import as_seen_now, person, project
from tre.airlock import differencing, jobs, reviews, submissions
from tre.airlock.deciding import Vote
from tre.airlock.drafts import Upload
from tre.airlock.models import Group, Request, RequestFile, Review, Turn
from tre.airlock.naming import MOST_BYTES
from tre.airlock.storage import storage
from tre.audit.models import Entry
from tre.config.options import load
from tre.disclosure import Inspection
from tre.projects.models import Project
from tre.runs.queue import work_once

SAFE = b"age_band,persons\n60s,120\n70s,340\n80s,210\n"


def open_study() -> Project:
    """Return a project with a researcher, ann, and three checkers: cat, dan and eve."""
    for part in ("airlock", "release"):  # requests of other tests had the same numbers
        shutil.rmtree(load().path(part), ignore_errors=True)
    person("ann", "researcher")
    made = project("frailty", "ann")
    for checker in ("cat", "dan", "eve"):
        person(checker, "output_checker")
    return made


def quick_inspection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let inspection find nothing: what it finds is no matter to the test; that it was made is."""

    def quick(files: list[RequestFile], context: object) -> None:
        for file in files:
            found = Inspection(file.sha256, "csv", file.size, "pass", (), None, "acro", ())
            RequestFile.objects.filter(pk=file.pk).update(inspection=found.to_json())
            differencing.keep(file, ())

    monkeypatch.setattr(jobs, "_inspect", quick)


def submit(study: Project, *files: tuple[str, bytes], context: str = "Counts by age.") -> Request:
    """Ask, as ann, for the release of files; of one safe table when none is named."""
    uploads = [Upload(name, [content]) for name, content in files or (("table.csv", SAFE),)]
    return submissions.submit(as_seen_now("ann"), study, context, uploads)


def work() -> None:
    """Do every job that is due."""
    while work_once():
        pass


def inspected(study: Project, *files: tuple[str, bytes], context: str = "Counts by age.") -> Request:
    """Submit files and let the platform inspect them."""
    made = submit(study, *files, context=context)
    work()
    return Request.objects.get(pk=made.pk)


def vote(request: Request, who: str, choice: str = "approve", comment: str = "Because.") -> Review:
    """Hand in a review with the same vote on every file."""
    votes = [Vote(file.pk, choice, comment, file.sha256) for file in Request.objects.get(pk=request.pk).leaving()]
    return reviews.review(request.pk, as_seen_now(who), votes)


def state(request: Request) -> str:
    """Return a request's state as it is now."""
    return Request.objects.get(pk=request.pk).state


def events(request: Request) -> list[str]:
    """Return what the log tells of a request, in order."""
    told = Entry.objects.filter(subject=f"request:{request.pk}").order_by("number")
    return list(told.values_list("event", flat=True))


def placed(study: Project, author: str, at: str, content: bytes = SAFE, turns: int = 1) -> RequestFile:
    """Put a request straight into a state, as no service would, and return the file of its last turn."""
    account = study.members.get(username=author)
    once = f"{at} {Request.objects.count()}"
    phase = "independent" if at == "in_review" else ""
    made = Request.objects.create(
        project=study, author=account, context="Counts.", state=at, phase=phase, turn=turns, once=once
    )
    kept = storage().freeze([content], MOST_BYTES)
    for number in range(1, turns + 1):
        Turn.objects.create(request=made, number=number)
        told = {"context": "Counts.", "controls": "Rounded."}
        group = Group.objects.create(request=made, turn=number, name="Tables", **told)
        file = RequestFile.objects.create(
            request=made, turn=number, group=group, name="table.csv", sha256=kept.sha256, size=kept.size
        )
    return file
