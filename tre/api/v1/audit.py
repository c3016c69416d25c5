"""The audit log: searched, exported, and proved."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router

from tre.api.auth import acts, person_of
from tre.api.document import a_file
from tre.api.told.audit import EntryTold, FoundTold, Place, SearchAsked
from tre.api.told.common import Number
from tre.audit import search
from tre.audit.export import CONTENT_TYPE, as_read, lines
from tre.audit.proofs import Prover
from tre.policy.decision import require
from tre.policy.domain import PLATFORM

router = Router(tags=["Audit"])


@router.get("/audit", response=FoundTold)
@acts("read_audit")
def log(
    request: HttpRequest, asked: Query[SearchAsked], before: Place | None = None, after: Place | None = None
) -> FoundTold:
    """Search the log: the newest entries, those before a number, or the oldest after one."""
    require(person_of(request), "read_audit", PLATFORM)
    return FoundTold.of(search.page(asked.search(), before, after))


@router.get("/audit/export", openapi_extra=a_file(CONTENT_TYPE))
@acts("read_audit")
def export(request: HttpRequest, asked: Query[SearchAsked]) -> StreamingHttpResponse:
    """Send all entries that are searched for as NDJSON, oldest first: each line is the text that is hashed."""
    require(person_of(request), "read_audit", PLATFORM)
    parts = map(lines, search.every(asked.search()))
    return StreamingHttpResponse(as_read(parts), content_type=CONTENT_TYPE)


@router.get("/audit/{int:number}", response=EntryTold)
@acts("read_audit")
def entry(request: HttpRequest, number: Number) -> EntryTold:
    """Show one entry."""
    require(person_of(request), "read_audit", PLATFORM)
    return EntryTold.of(search.entry_of(number))


@router.get("/audit/{int:number}/proof", response=dict[str, Any])
@acts("read_audit")
def proof(request: HttpRequest, number: Number) -> dict[str, Any]:
    """Prove that an entry stands in the log that was signed, as `tre audit check` takes it."""
    require(person_of(request), "read_audit", PLATFORM)
    return Prover().prove(search.entry_of(number))
