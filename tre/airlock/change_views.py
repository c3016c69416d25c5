"""The page that shows what has changed in a file since the turn before."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tre.airlock.differences import Side, difference, side_of
from tre.airlock.models import RequestFile
from tre.airlock.shown import shown_of
from tre.airlock.views import found_file
from tre.disclosure.showing import Ask, Shown

_PAGES = 4  # of each version that are compared


@require_safe
def changes(request: HttpRequest, number: int, file: int) -> HttpResponse:
    """Show a file beside what it was in the turn before."""
    now = found_file(request, number, file)
    before = now.request.files.filter(turn=now.turn - 1, name=now.name).first()
    if before is None:
        raise Http404
    told = {
        "airlock_request": now.request,
        "file": now,
        "before": before,
        "difference": difference(_side(before), _side(now)),
    }
    return render(request, "airlock/changes.html", told)


def _side(file: RequestFile) -> Side:
    if file.inspection is None:
        return Side("none")
    pages: list[Shown] = []
    while not pages or (len(pages) < _PAGES and (page := pages[-1].page) is not None and page.more):
        pages.append(shown_of(file.sha256, Ask(page=len(pages), name=file.name)))
    return side_of(pages)
