"""The auditor's pages: the log, searched; one entry with its proof; and both as files."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tre.audit import search
from tre.audit.errors import AuditBroken
from tre.audit.export import CONTENT_TYPE, as_read, lines
from tre.audit.forms import SearchForm
from tre.audit.models import Entry
from tre.audit.proofs import Prover
from tre.audit.rows import readable
from tre.audit.verification import verify_newest
from tre.people.services import principal
from tre.policy.decision import require
from tre.policy.domain import PLATFORM

_Sent = TypeVar("_Sent", HttpResponse, StreamingHttpResponse)


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """Show entries, those that are searched for or the newest, each proved to stand in the log that was signed."""
    require(principal(request), "read_audit", PLATFORM)
    form = SearchForm(request.GET)
    told: dict[str, Any] = {"form": form, "asked": _asked(request)}
    if not form.is_valid():
        return render(request, "audit/log.html", told, status=400)
    wanted = form.search()
    found = search.page(wanted, _place(request, "before"), _place(request, "after"))
    told |= {"found": found, "asks": wanted.asks(), "narrow": wanted.asks() and wanted != search.Search(wanted.words)}
    try:
        prover = Prover()
        for each in found.entries:
            if each.number <= prover.covered:
                prover.prove(each)
        told |= {"checkpoint": prover.checkpoint, "after": verify_newest(prover.checkpoint) - prover.covered}
    except AuditBroken as error:
        told["broken"] = error.sentence()
    return render(request, "audit/log.html", told)


@require_safe
def entry(request: HttpRequest, number: int) -> HttpResponse:
    """Show one entry whole, with its proof and what that proves."""
    require(principal(request), "read_audit", PLATFORM)
    found = search.entry_of(number)
    with readable(number):
        told: dict[str, Any] = {"entry": found, "data": json.dumps(found.data, indent=2, ensure_ascii=False)}
    told["newer"] = Entry.objects.filter(number=number + 1).exists()
    try:
        prover = Prover()
        if number <= prover.covered:
            told["proof"] = prover.prove(found)
            told["checkpoint"] = prover.checkpoint
            told["checked"] = prover.checked(told["proof"], number)
    except AuditBroken as error:
        told["broken"] = error.sentence()
    return render(request, "audit/entry.html", told)


@require_safe
def proof(request: HttpRequest, number: int) -> HttpResponse:
    """Send an entry's proof, as `tre audit check` takes it."""
    require(principal(request), "read_audit", PLATFORM)
    made = json.dumps(Prover().prove(search.entry_of(number)), ensure_ascii=False, indent=1)
    return _file(HttpResponse(made, content_type="application/json"), f"audit-entry-{number}-proof.json")


@require_safe
def export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Send all entries that are searched for, as NDJSON, oldest first."""
    require(principal(request), "read_audit", PLATFORM)
    form = SearchForm(request.GET)
    if not form.is_valid():
        return render(request, "audit/log.html", {"form": form, "asked": _asked(request)}, status=400)
    parts = map(lines, search.every(form.search()))
    return _file(StreamingHttpResponse(as_read(parts), content_type=CONTENT_TYPE), "audit-log.ndjson")


def _file(response: _Sent, name: str) -> _Sent:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _asked(request: HttpRequest) -> str:
    """Return the search as part of an address, without the place in it."""
    told = request.GET.copy()
    for name in ("before", "after"):
        told.pop(name, None)
    return told.urlencode()


def _place(request: HttpRequest, name: str) -> int | None:
    told = request.GET.get(name, "")
    return min(int(told), search.MOST) if told.isascii() and told.isdecimal() and len(told) < 20 else None
