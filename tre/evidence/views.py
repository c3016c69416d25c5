"""The page of one project by the Five Safes and the Caldicott Principles: for its people, approvers and auditors."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tre.evidence.safes import document
from tre.people.services import principal
from tre.policy.decision import decide, require
from tre.projects.services import get


@require_safe
def safes(request: HttpRequest, code: str) -> HttpResponse:
    """Show what is so of one project today."""
    person, project = principal(request), get(code)
    require(person, "view_safes", project.resource())
    may_view = decide(person, "view_project", project.resource()).allowed
    return render(
        request, "evidence/safes.html", {"project": project, "document": document(project), "may_view": may_view}
    )
