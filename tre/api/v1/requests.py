"""Requests: which there are, what waits for review, and what one holds."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from tre.airlock import queue as queues
from tre.airlock import seeing
from tre.airlock.changed import changed, version_before
from tre.airlock.models import RequestFile
from tre.airlock.pictures import drawn, sent_picture
from tre.airlock.shown import shown_of
from tre.api.auth import acts, person_of
from tre.api.document import a_file
from tre.api.told.common import Number, Page, PageNumber
from tre.api.told.requests import (
    ChangesAsked,
    ChangesTold,
    ContentAsked,
    ContentTold,
    FileTold,
    PictureAsked,
    QueueAsked,
    RequestRow,
    RequestTold,
    WaitingRow,
    reads_words,
)
from tre.policy.decision import require

router = Router(tags=["Requests"])


@router.get("/requests", response=Page[RequestRow])
@acts("view_request")
def listed(request: HttpRequest, page: PageNumber = 1) -> Page[RequestRow]:
    """List the requests that the caller may see, newest first."""
    found = queues.others(person_of(request), set(), page)
    return Page[RequestRow](items=[RequestRow.of(each) for each in found.rows], page=page, more=found.more)


@router.get("/requests/queue", response=Page[WaitingRow])
@acts("review_request")
def queue(request: HttpRequest, asked: Query[QueueAsked], page: PageNumber = 1) -> Page[WaitingRow]:
    """List what waits for the caller's review, own places first."""
    found = queues.waiting(person_of(request), asked.sort, page)
    return Page[WaitingRow](items=[WaitingRow.waiting(each) for each in found.rows], page=page, more=found.more)


@router.get("/requests/{int:number}", response=RequestTold)
@acts("view_request")
def one(request: HttpRequest, number: Number, turn: Number | None = None) -> RequestTold:
    """Show one request with its files and findings, in its last turn or an earlier one."""
    person = person_of(request)
    return RequestTold.seen(seeing.request_of(number, person), person, turn)


@router.get("/requests/{int:number}/files/{int:file}", response=FileTold)
@acts("view_request")
def file(request: HttpRequest, number: Number, file: Number) -> FileTold:
    """Show one file of any turn, with what was found in it."""
    person = person_of(request)
    found = seeing.file_of(number, file, person)
    return FileTold.of(found, words=reads_words(found.request, person))


@router.get("/requests/{int:number}/files/{int:file}/contents", response=ContentTold)
@acts("review_request")
def contents(request: HttpRequest, number: Number, file: Number, asked: Query[ContentAsked]) -> ContentTold:
    """Show one page of a file to who may review it now. Its author sees it in the workspace, and on its page."""
    found = _to_review(request, number, file)
    return ContentTold.of(shown_of(found.sha256, asked.ask(found.name)))


@router.get("/requests/{int:number}/files/{int:file}/drawing", openapi_extra=a_file("image/png"))
@acts("review_request")
def drawing(request: HttpRequest, number: Number, file: Number, asked: Query[PictureAsked]) -> HttpResponse:
    """Send a picture of a page of a file, drawn anew, to who may review it now."""
    found = _to_review(request, number, file)
    return sent_picture(drawn(found.sha256, asked.ask(found.name), asked.cell, asked.picture))


@router.get("/requests/{int:number}/files/{int:file}/changes", response=ChangesTold)
@acts("review_request")
def changes(request: HttpRequest, number: Number, file: Number, asked: Query[ChangesAsked]) -> ChangesTold:
    """Show what has changed in a part of a file since the turn before, to who may review it now."""
    now = _to_review(request, number, file)
    return ChangesTold.of(changed(version_before(now), now, asked.section, asked.block))


def _to_review(request: HttpRequest, number: int, file: int) -> RequestFile:
    """Return a file to who may review it now: a call reads it out before anybody has looked."""
    person = person_of(request)
    found = seeing.file_of(number, file, person)
    require(person, "review_request", found.request.resource())
    return found
