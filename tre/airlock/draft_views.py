"""What an author does about a draft in the pages: groups, kinds, removing, submitting, and the next version.

Files come from the workspace alone, where they are frozen: no page takes one.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tre.airlock import drafts, submissions
from tre.airlock.forms import AnswerForm, FileForm, GroupForm, TargetForm
from tre.airlock.models import Group, Request, RequestFile
from tre.airlock.release.deliveries import target_of, targets_of
from tre.airlock.views import found_file, found_request
from tre.errors import Refused
from tre.people.services import principal
from tre.policy.decision import require


@require_safe
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Show a draft with everything that may be changed of it."""
    return _page(request, _changed(request, number))


@require_POST
def describe(request: HttpRequest, number: int) -> HttpResponse:
    """Keep what a group's files are and why they are safe."""
    found, form = _changed(request, number), GroupForm(request.POST)
    if not form.is_valid():
        raise Refused("A text is too long, or the group has no name", where=f"request {found.pk}")
    drafts.describe_group(number, principal(request), **form.cleaned_data)
    messages.success(request, f"What you say of {form.cleaned_data['name']} is kept.")
    return redirect("airlock_draft", number=number)


@require_POST
def change_file(request: HttpRequest, number: int, file: int) -> HttpResponse:
    """Keep which group a file is in and of what kind it is."""
    found, form = _changed(request, number), FileForm(request.POST)
    if not form.is_valid():
        raise Refused("A file needs a group and a kind", where=f"request {found.pk}")
    about = found_file(request, number, file)
    drafts.change_file(number, principal(request), about.pk, form.cleaned_data["group"], form.cleaned_data["kind"])
    messages.success(request, f"{about.name} is changed.")
    return redirect("airlock_draft", number=number)


@require_POST
def remove_file(request: HttpRequest, number: int, file: int) -> HttpResponse:
    """Take a file out of a draft."""
    _changed(request, number)
    about = found_file(request, number, file)
    drafts.remove_file(number, principal(request), about.pk)
    messages.success(request, f"{about.name} is taken out.")
    return redirect("airlock_draft", number=number)


@require_POST
def submit(request: HttpRequest, number: int) -> HttpResponse:
    """Submit a draft."""
    found = _changed(request, number)
    form = AnswerForm(request.POST)
    if found.turn > 1 and not form.is_valid():
        return _page(request, found, form)
    try:
        told = (form.data.get("answer", ""), request.POST.get("target", ""))
        submissions.submit_draft(number, principal(request), *told)
    except Refused as refused:
        return _page(request, found, form, refused.sentence())
    messages.success(request, "The request is submitted.")
    return redirect("airlock_request", number=number)


@require_POST
def revise(request: HttpRequest, number: int) -> HttpResponse:
    """Begin the next version of a request that came back."""
    _changed(request, number)
    submissions.revise(number, principal(request))
    messages.success(request, "This is the next version. Add files to it from the workspace.")
    return redirect("airlock_draft", number=number)


def _changed(request: HttpRequest, number: int) -> Request:
    found = found_request(request, number)
    require(principal(request), "change_request", found.resource())
    return found


def _page(request: HttpRequest, found: Request, form: AnswerForm | None = None, error: str = "") -> HttpResponse:
    wrong = bool(error) or (form is not None and form.errors)
    told = {
        "airlock_request": found,
        "groups": [(group, _group_form(group), _files(group)) for group in found.groups.filter(turn=found.turn)],
        "form": form or AnswerForm(),
        "target": _target_form(found),
        "error": error,
        "wrong": wrong,
    }
    return render(request, "airlock/draft.html", told, status=400 if wrong else 200)


def _target_form(found: Request) -> TargetForm | None:
    """Return the choice of a place for the release; none where there is nothing to choose."""
    allowed = targets_of(found.project)
    return TargetForm(allowed, initial={"target": target_of(found)}) if len(allowed) > 1 else None


def _group_form(group: Group) -> GroupForm:
    told = {"name": group.name, "context": group.context, "controls": group.controls}
    return GroupForm(initial=told, auto_id=f"group-{group.pk}-%s")


def _files(group: Group) -> list[tuple[RequestFile, FileForm]]:
    return [
        (file, FileForm(initial={"group": group.name, "kind": file.kind}, auto_id=f"file-{file.pk}-%s"))
        for file in group.files.all()
    ]
