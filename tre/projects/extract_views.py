"""The pages of one extract: its files, risk and changes, what a person may decide, and the certificate."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tre.people.services import principal
from tre.people.step_up import step_up
from tre.policy.decision import require
from tre.projects import lifecycle
from tre.projects.domain import newer
from tre.projects.forms import ReasonForm
from tre.projects.models import Extract
from tre.projects.services import allowed, extract_of, get
from tre.projects.specification import newest_versions, pinned_versions


@require_safe
def extract(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Show one extract, and what the person may do with it."""
    return _page(request, code, number, ReasonForm())


@require_POST
@step_up
def accept(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Accept an extract's risk of re-identification, with a reason."""
    require(principal(request), "accept_risk", get(code).resource())
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, code, number, form)
    lifecycle.accept_risk(code, number, form.cleaned_data["reason"], principal(request))
    messages.success(request, f"Extract {number} may be used.")
    return redirect("extract", code=code, number=number)


@require_POST
@step_up
def destroy(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Have an extract destroyed, with a reason."""
    require(principal(request), "destroy_extract", get(code).resource())
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, code, number, form)
    lifecycle.ask_for_destruction(code, number, form.cleaned_data["reason"], principal(request))
    messages.success(request, f"Extract {number} is out of use and is being destroyed.")
    return redirect("extract", code=code, number=number)


@require_safe
def certificate(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Hand out the certificate of an extract's destruction, as signed JSON."""
    answer = JsonResponse(lifecycle.certificate_of(code, number, principal(request)))
    answer["Content-Disposition"] = f'attachment; filename="destruction-{code}-{number}.json"'
    return answer


def _page(request: HttpRequest, code: str, number: int, form: ReasonForm) -> HttpResponse:
    person, project = principal(request), get(code)
    require(person, "view_project", project.resource())
    found = extract_of(code, number)
    may, state = allowed(person, project), found.state
    context = {
        "project": project,
        "extract": found,
        "state": state,
        "newer": newer(pinned_versions(found.manifest), newest_versions()),
        "risk": found.manifest.get("risk"),
        "changes": found.manifest.get("changes"),
        "form": form,
        "may_accept": may("accept_risk") and state == "waiting for acceptance" and found.asked_by != person.username,
        "may_destroy": may("destroy_extract") and _can_be_destroyed(found),
        "may_read_certificate": may("read_certificate") and state == "destroyed",
    }
    return render(request, "projects/extract.html", context, status=400 if form.errors else 200)


def _can_be_destroyed(found: Extract) -> bool:
    return found.state in ("in use", "waiting for acceptance", "expired")
