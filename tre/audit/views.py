"""The auditor's page."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tre.audit.errors import AuditBroken
from tre.audit.models import Entry
from tre.audit.verification import verify_checkpoints
from tre.people.services import principal
from tre.policy.decision import require
from tre.policy.domain import PLATFORM

_PAGE = 50


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """Show the newest entries, search them, and say whether the whole log verifies."""
    require(principal(request), "read_audit", PLATFORM)
    wanted = request.GET.get("q", "").strip()
    entries = Entry.objects.order_by("-number")
    if wanted:
        entries = entries.filter(Q(event__icontains=wanted) | Q(actor__icontains=wanted) | Q(subject__icontains=wanted))
    try:
        proof, broken = verify_checkpoints(), None
    except AuditBroken as error:
        proof, broken = None, error.sentence()
    page = Paginator(entries, _PAGE).get_page(request.GET.get("page"))
    return render(request, "audit/log.html", {"page": page, "q": wanted, "proof": proof, "broken": broken})
