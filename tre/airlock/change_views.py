"""The page that shows what has changed in a file since the turn before."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tre.airlock.changed import changed, version_before
from tre.airlock.views import found_file


@require_safe
def changes(request: HttpRequest, number: int, file: int) -> HttpResponse:
    """Show a file beside what it was in the turn before."""
    now = found_file(request, number, file)
    before = version_before(now)
    told = {"airlock_request": now.request, "file": now, "before": before, "difference": changed(before, now)}
    return render(request, "airlock/changes.html", told)
