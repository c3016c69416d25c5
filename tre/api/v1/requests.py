"""Requests: which there are, what waits for review, and what one holds."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router

from tre.airlock import queue as queues
from tre.airlock import seeing
from tre.airlock.shown import shown_of
from tre.api.auth import acts, person_of
from tre.api.told.common import Number, Page, PageNumber
from tre.api.told.requests import (
    ContentAsked,
    ContentTold,
    FileTold,
    NoticeTold,
    QueueAsked,
    RequestRow,
    RequestTold,
    WaitingRow,
)
from tre.disclosure.showing import Ask
from tre.notices.services import notices_of
from tre.policy.decision import require

_MOST_NOTICES = 200
router = Router(tags=["Requests"])


@router.get("/requests", response=Page[RequestRow])
@acts("view_request")
def listed(request: HttpRequest, page: PageNumber = 1) -> Page[RequestRow]:
    """List the requests that the caller may see, newest first."""
    found = queues.others(person_of(request), set(), page)
    return Page[RequestRow](items=[RequestRow.of(each) for each in found.rows], page=page, more=found.more)


@router.get("/requests/queue", response=list[WaitingRow])
@acts("review_request")
def queue(request: HttpRequest, asked: Query[QueueAsked]) -> list[WaitingRow]:
    """List what waits for the caller's review, own places first; the first page of it."""
    return [WaitingRow.waiting(each) for each in queues.waiting(person_of(request), asked.sort).rows]


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
    return FileTold.of(seeing.file_of(number, file, person_of(request)))


@router.get("/requests/{int:number}/files/{int:file}/contents", response=ContentTold)
@acts("review_request")
def contents(request: HttpRequest, number: Number, file: Number, asked: Query[ContentAsked]) -> ContentTold:
    """Show one page of a file to who may review it now. Its author sees it in the workspace, and on its page."""
    person = person_of(request)
    found = seeing.file_of(number, file, person)
    require(person, "review_request", found.request.resource())
    inside = tuple(map(int, asked.inside.split("."))) if asked.inside else ()
    return ContentTold.of(shown_of(found.sha256, Ask(inside, asked.section, asked.page, "" if inside else found.name)))


@router.get("/notices", response=list[NoticeTold])
@acts("view_request")
def notices(request: HttpRequest) -> list[NoticeTold]:
    """List what the caller is told, newest first; at most 200."""
    return [NoticeTold.of(each) for each in notices_of(person_of(request))[:_MOST_NOTICES]]
