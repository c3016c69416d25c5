"""The page that shows what has changed in a file since the turn before."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from tre.airlock.changed import Changed, changed, version_before
from tre.airlock.contents import number_asked
from tre.airlock.differences import Picture
from tre.airlock.models import RequestFile
from tre.airlock.views import found_file


@require_safe
def changes(request: HttpRequest, number: int, file: int) -> HttpResponse:
    """Show a part of a file beside what it was in the turn before."""
    now = found_file(request, number, file)
    before, block = version_before(now), number_asked(request, "block")
    found = changed(before, now, number_asked(request, "section"), block)
    told = {
        "airlock_request": now.request, "file": now, "before": before, "found": found,
        "difference": found.difference, "pictures": _drawn(found, before, now), "block": block, "earlier": block - 1,
        "later": block + 1,
    }  # fmt: skip
    return render(request, "airlock/changes.html", told)


def _drawn(found: Changed, before: RequestFile, now: RequestFile) -> list[tuple[str, str]]:
    """Return the addresses of the pictures that differ, then and now; empty where there is none."""
    return [
        (_address(before, found.before, was), _address(now, found.section, is_now))
        for was, is_now in found.difference.pictures
    ]


def _address(file: RequestFile, section: int | None, picture: Picture | None) -> str:
    if picture is None:
        return ""
    at = reverse("airlock_drawing", args=[file.request_id, file.pk])
    return f"{at}?section={section or 0}&page={picture.page}&cell={picture.cell}&picture={picture.place}"
