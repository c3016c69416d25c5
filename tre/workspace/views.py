"""Opening a workspace in a size, and the page of a project's usage, cost and quota."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tre.config.options import load
from tre.errors import Refused
from tre.people.services import principal
from tre.policy.decision import decide, require
from tre.projects.services import get
from tre.workspace.forms import QuotaForm
from tre.workspace.models import WorkspaceSession
from tre.workspace.quotas import Allowance, left, quota_of, set_quota
from tre.workspace.sizes import choose_size
from tre.workspace.usage import lines


@require_POST
def open_workspace(request: HttpRequest, code: str) -> HttpResponse:
    """Keep the size that was chosen and send the person on to the Hub; what is open already is gone to as it is."""
    person = principal(request)
    require(person, "open_workspace", get(code).resource())
    if not WorkspaceSession.objects.filter(account__username=person.username, project__code=code, closed=None).exists():
        try:
            choose_size(code, request.POST.get("size", ""), person)
        except Refused as refused:
            messages.error(request, refused.sentence())
            return redirect("project", code=code)
    return redirect(f"{load().hub}/hub/spawn/{person.username}/{get(code).code}")


@require_safe
def usage(request: HttpRequest, code: str) -> HttpResponse:
    """Show what a project's workspaces used by person and month, what it cost, and the quota."""
    return _page(request, code, None)


@require_POST
def quota(request: HttpRequest, code: str) -> HttpResponse:
    """Set a project's quota."""
    require(principal(request), "set_quota", get(code).resource())
    form = QuotaForm(request.POST)
    if not form.is_valid():
        return _page(request, code, form)
    told = form.cleaned_data
    set_quota(code, Allowance(told["processor_hours"], told["megabytes"]), principal(request))
    messages.success(request, "The quota is set.")
    return redirect("workspace_usage", code=code)


def _page(request: HttpRequest, code: str, form: QuotaForm | None) -> HttpResponse:
    person, project = principal(request), get(code)
    require(person, "view_project", project.resource())
    whole = decide(person, "view_usage", project.resource()).allowed  # everybody's; else their own and the total
    allowance = quota_of(project)
    may_set = decide(person, "set_quota", project.resource()).allowed
    if may_set and form is None:
        told = {"processor_hours": int(allowance.processor_hours), "megabytes": allowance.megabytes}
        form = QuotaForm(initial=told)
    context = {
        "project": project,
        "lines": lines(project, None if whole else person.username),
        "whole": whole,
        "quota": allowance,
        "left": left(project),
        "form": form,
        "may_set": may_set,
        "price_processor": load().price_processor_hour,
        "price_gibibyte": load().price_gibibyte_hour,
    }
    return render(request, "workspace/usage.html", context, status=400 if form and form.errors else 200)
