"""The page of one file: what is in it, part by part, with the findings marked where they stand."""

from __future__ import annotations

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from tre.airlock.marks import mark, turn_to
from tre.airlock.pictures import drawn, sent_picture
from tre.airlock.seeing import file_of
from tre.airlock.shown import shown_of
from tre.disclosure.showing import Ask
from tre.people.services import principal

_INSIDE = re.compile(r"(?:\d{1,4}(?:\.\d{1,4}){0,5})?")
_NUMBER = re.compile(r"\d{1,7}")


@require_safe
def contents(request: HttpRequest, number: int, file: int) -> HttpResponse:
    """Show one page of one section of a file, and the list of its sections."""
    found = file_of(number, file, principal(request))
    ask = _ask(request, found.name)
    shown = shown_of(found.sha256, ask)
    inspected = found.inspected()
    findings = inspected.findings if inspected and not ask.inside else ()
    heading = shown.sections[ask.section] if ask.section < len(shown.sections) else None
    told: dict[str, Any] = {
        "file": found, "airlock_request": found.request, "shown": shown, "ask": ask, "heading": heading,
        "inside": ".".join(map(str, ask.inside)), "into": ".".join(map(str, (*ask.inside, ask.section))),
        "outer": ".".join(map(str, ask.inside[:-1])), "outer_section": ask.inside[-1] if ask.inside else 0,
        "findings": [(n, each, turn_to(each, shown.sections)) for n, each in enumerate(findings, start=1)],
        "before": ask.page - 1, "after": ask.page + 1,
    }  # fmt: skip
    told["drawing"] = f"{reverse('airlock_drawing', args=[number, file])}?{_query(ask)}"
    told["findings_at"] = "finding-"
    if heading and shown.page:
        told["marked"] = mark(findings, heading, shown.page)
        told["lines"] = list(zip(shown.page.numbers, shown.page.lines, told["marked"].lines, strict=False))
    return render(request, "airlock/contents.html", told)


@require_safe
def drawing(request: HttpRequest, number: int, file: int) -> HttpResponse:
    """Send a picture of a page: the page itself, or one of the pictures in a notebook's cell."""
    found = file_of(number, file, principal(request))
    ask = _ask(request, found.name)
    return sent_picture(drawn(found.sha256, ask, *asked_picture(request)))


def asked_picture(request: HttpRequest) -> tuple[int, int]:
    """Return which picture of a page a request asks for: of which cell, and which of that."""
    return number_asked(request, "cell"), number_asked(request, "picture")


def _query(ask: Ask) -> str:
    return f"inside={'.'.join(map(str, ask.inside))}&section={ask.section}&page={ask.page}"


def _ask(request: HttpRequest, name: str) -> Ask:
    inside = request.GET.get("inside", "")
    if not _INSIDE.fullmatch(inside):
        raise Http404
    path = tuple(map(int, inside.split("."))) if inside else ()
    return Ask(path, number_asked(request, "section"), number_asked(request, "page"), "" if path else name)


def number_asked(request: HttpRequest, name: str) -> int:
    """Return a number of the address, from 0; 0 where there is none.

    Raises
    ------
    Http404
        When it is no number.
    """
    told = request.GET.get(name, "0")
    if not _NUMBER.fullmatch(told):
        raise Http404
    return int(told)
