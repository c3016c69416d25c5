"""Pages of projects, and the public register."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tre.people.services import principal
from tre.people.step_up import step_up
from tre.policy.decision import decide, require
from tre.projects.models import Project
from tre.projects.services import (
    approve,
    ask_for_extract,
    current_extract,
    get,
    given_up,
    holds_withdrawn,
    stale,
    stands_as_approved,
    unfinished_extract,
)


@require_safe
def projects(request: HttpRequest) -> HttpResponse:
    """Show the projects that the person may see."""
    person = principal(request)
    visible = [each for each in Project.objects.all() if decide(person, "view_project", each.resource()).allowed]
    return render(request, "projects/list.html", {"projects": visible})


@require_safe
def project(request: HttpRequest, code: str) -> HttpResponse:
    """Show one project: its purpose, people, agreements, extract, and what the person may do."""
    person, found = principal(request), get(code)
    require(person, "view_project", found.resource())
    unfinished = unfinished_extract(found)

    changed = found.status == Project.Status.APPROVED and not stands_as_approved(found)

    def may(action: str) -> bool:
        return decide(person, action, found.resource()).allowed

    extract = current_extract(found)
    return render(
        request,
        "projects/project.html",
        {
            "project": found,
            "extract": extract,
            "extracts": found.extracts.all(),
            "withdrawn": extract is not None and holds_withdrawn(extract),
            "stale": extract is not None and stale(extract),
            "unfinished": unfinished,
            "given_up": unfinished is not None and given_up(unfinished),
            "may_open": may("open_workspace"),
            "changed": changed,
            "may_approve": may("approve_project") and (found.status == Project.Status.DRAFT or changed),
            "may_provision": may("provision_extract") and found.status == Project.Status.APPROVED and not changed,
        },
    )


@require_POST
@step_up
def approve_project(request: HttpRequest, code: str) -> HttpResponse:
    """Approve a draft project, or anew one that has changed since."""
    approve(code, principal(request))
    messages.success(request, "The project is approved.")
    return redirect("project", code=code)


@require_POST
@step_up
def provision(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for a project's next extract."""
    extract = ask_for_extract(code, principal(request))
    messages.success(request, f"Extract {extract.number} is being made.")
    return redirect("project", code=code)


@require_safe
@login_not_required
def register(request: HttpRequest) -> HttpResponse:
    """Show the public data-use register: which project uses which data, for what, until when."""
    approved = Project.objects.exclude(status=Project.Status.DRAFT).prefetch_related("agreements")
    return render(request, "projects/register.html", {"projects": approved})
