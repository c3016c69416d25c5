"""The page that shows what has changed in a file since the turn before."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tre.airlock.differences import difference
from tre.airlock.models import RequestFile
from tre.airlock.previews import Preview, preview
from tre.airlock.storage import storage
from tre.airlock.views import found_file


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
        "difference": difference(_preview(before), _preview(now)),
    }
    return render(request, "airlock/changes.html", told)


def _preview(file: RequestFile) -> Preview:
    inspected = file.inspected()
    return preview(storage().path(file.sha256), inspected.type) if inspected else Preview("none")
