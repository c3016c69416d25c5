"""Attested runs: what the platform carried out, cancelling it, and having it carried out again. A workspace asks."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from tre.api.auth import acts, asks_again, person_of
from tre.api.told.common import Number, Page, PageNumber, cut
from tre.api.told.runs import RunRow, RunTold
from tre.policy.decision import require
from tre.projects.services import get
from tre.runs.attested import services
from tre.runs.attested.services import reads_words, run_of

router = Router(tags=["Attested runs"])


@router.get("/projects/{slug:code}/runs", response=Page[RunRow])
@acts("view_runs")
def listed(request: HttpRequest, code: str, page: PageNumber = 1) -> Page[RunRow]:
    """List what the platform carried out for a project, newest first; never what it was asked, nor its files."""
    project = get(code)
    require(person_of(request), "view_runs", project.resource())
    found, more = cut(list(project.runs.select_related("author", "extract").prefetch_related("outputs")), page)
    words = reads_words(project, person_of(request).username)
    return Page[RunRow](items=[RunRow.of(each, words=words) for each in found], page=page, more=more)


@router.get("/runs/{int:number}", response=RunTold)
@acts("view_runs")
def one(request: HttpRequest, number: Number) -> RunTold:
    """Show one run: where it stands, its course, what it made by hash, and what that was made from."""
    return _now(request, number)


@router.post("/runs/{int:number}/cancel", response=RunTold)
@acts("ask_run")
def cancel(request: HttpRequest, number: Number) -> RunTold:
    """Stop a run; what it made until then is thrown away."""
    services.cancel(run_of(number, person_of(request)).pk, person_of(request))
    return _now(request, number)


@router.post("/runs/{int:number}/retry", response=RunTold)
@acts("ask_run")
@asks_again
def retry(request: HttpRequest, number: Number) -> RunTold:
    """Have a run that came to nothing carried out again, as it was asked for: it may spend privacy budget once more."""
    services.retry(run_of(number, person_of(request)).pk, person_of(request))
    return _now(request, number)


def _now(request: HttpRequest, number: int) -> RunTold:
    person = person_of(request)
    return RunTold.seen(run_of(number, person), person)
