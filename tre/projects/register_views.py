"""The public data-use register as pages, JSON and CSV: for everybody, without signing in."""

from __future__ import annotations

from itertools import groupby

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tre.projects import register as entries
from tre.projects.applying import SAFES


@require_safe
@login_not_required
def register(request: HttpRequest) -> HttpResponse:
    """Show which project uses which data, for what, until when."""
    return render(request, "projects/register.html", {"projects": entries.projects()})


@require_safe
@login_not_required
def entry(request: HttpRequest, code: str) -> HttpResponse:
    """Show one project's whole entry."""
    found = entries.projects().filter(code=code).first()
    if found is None:
        raise Http404
    parts = [(SAFES[safe][0], list(items)) for safe, items in groupby(entries.entry(found), lambda item: item.safe)]
    return render(request, "projects/register_entry.html", {"project": found, "parts": parts})


@require_safe
@login_not_required
def as_json(request: HttpRequest) -> HttpResponse:
    """Give the register as JSON."""
    return JsonResponse({"projects": entries.as_values(entries.projects())})


@require_safe
@login_not_required
def as_csv(request: HttpRequest) -> HttpResponse:
    """Give the register as CSV."""
    answer = HttpResponse(entries.as_csv(entries.projects()), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="data-use-register.csv"'
    return answer
