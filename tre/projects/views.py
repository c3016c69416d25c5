"""Pages of projects. Those of applying for one: :mod:`tre.projects.application_views`."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tre.people.services import principal
from tre.people.step_up import step_up
from tre.policy.decision import require
from tre.projects.application_views import may_apply
from tre.projects.applications import open_application
from tre.projects.closing import closure_certificate
from tre.projects.disclosure import rules_of
from tre.projects.models import Closure, Project
from tre.projects.services import (
    allowed,
    ask_for_extract,
    current_extract,
    get,
    given_up,
    holds_withdrawn,
    stale,
    stands_as_approved,
    unfinished_extract,
    visible,
)


@require_safe
def projects(request: HttpRequest) -> HttpResponse:
    """Show the projects that the person may see."""
    person = principal(request)
    return render(request, "projects/list.html", {"projects": visible(person), "may_apply": may_apply(person)})


@require_safe
def project(request: HttpRequest, code: str) -> HttpResponse:
    """Show one project: its purpose, people, agreements, extract, and what the person may do."""
    person, found = principal(request), get(code)
    require(person, "view_project", found.resource())
    unfinished = unfinished_extract(found)

    changed = found.status == Project.Status.APPROVED and not stands_as_approved(found)
    may = allowed(person, found)
    extract = current_extract(found)
    return render(
        request,
        "projects/project.html",
        {
            "project": found,
            "rules": rules_of(found),
            "extract": extract,
            "extracts": found.extracts.all(),
            "withdrawn": extract is not None and holds_withdrawn(extract),
            "stale": extract is not None and stale(extract),
            "unfinished": unfinished,
            "given_up": unfinished is not None and given_up(unfinished),
            "may_open": may("open_workspace"),
            "changed": changed,
            "application": open_application(found),
            "closure": Closure.objects.filter(project=found).first(),
            "may_ask_change": may("ask_change"),
            "may_close": may("close_project"),
            "may_see_runs": may("view_runs"),
            "may_read_certificate": may("read_certificate"),
            "may_provision": may("provision_extract") and found.status == Project.Status.APPROVED and not changed,
        },
    )


@require_POST
@step_up
def provision(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for a project's next extract."""
    extract = ask_for_extract(code, principal(request))
    messages.success(request, f"Extract {extract.number} is being made.")
    return redirect("project", code=code)


@require_safe
def closure(request: HttpRequest, code: str) -> HttpResponse:
    """Hand out the certificate of what became of a closed project's work, as signed JSON."""
    answer = JsonResponse(closure_certificate(code, principal(request)))
    answer["Content-Disposition"] = f'attachment; filename="closure-{code}.json"'
    return answer
