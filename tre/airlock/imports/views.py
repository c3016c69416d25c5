"""The pages of imports: which there are, asking for one, what the checks told, and reviewing it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tre.airlock.contents import asked_picture
from tre.airlock.drafts import Upload
from tre.airlock.imports import services
from tre.airlock.imports.domain import Choice
from tre.airlock.imports.models import CHOICES, ImportFile, ImportRequest
from tre.airlock.imports.policy import import_policy
from tre.airlock.openings import Opening, opening, openings
from tre.airlock.pictures import opening_picture, sent_picture
from tre.errors import Refused
from tre.people.services import principal
from tre.people.step_up import step_up
from tre.policy.decision import decide, require
from tre.projects.models import Project
from tre.projects.services import get


class ImportForm(forms.Form):
    """What is to come in, by what right, and from where. The files themselves are looked at by the services."""

    licence = forms.ChoiceField(error_messages={"required": "Choose the licence"})
    provenance = forms.CharField(
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Say where the files are from"},
    )

    def __init__(self, *told: Any, **named: Any) -> None:
        super().__init__(*told, **named)
        listed = [(each, each) for each in import_policy().licences]
        self.fields["licence"].choices = [("", "Choose one"), *listed]  # type: ignore[attr-defined]


class ReviewForm(forms.Form):
    """One reviewer's say."""

    choice = forms.ChoiceField(choices=CHOICES, widget=forms.RadioSelect, error_messages={"required": "Choose a vote"})
    comment = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Show the imports that the person may see, newest first."""
    person = principal(request)
    visible = services.visible(person)
    waiting = [each for each in visible if services.may_review(person, each)]
    own = Project.objects.filter(members__username=person.username)
    projects = [each for each in own if decide(person, "ask_import", each.resource()).allowed]
    return render(request, "imports/list.html", {"imports": visible, "waiting": waiting, "projects": projects})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, code: str) -> HttpResponse:
    """Ask to bring files into a project."""
    project, person = get(code), principal(request)
    require(person, "ask_import", project.resource())
    form = ImportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        uploads = [Upload(_name(file), file.chunks()) for file in request.FILES.getlist("files")]
        try:
            made = services.submit(person, project, uploads=uploads, **form.cleaned_data)
        except Refused as error:
            form.add_error(None, error.sentence())
        else:
            messages.success(request, "It is checked now. Two others review it then.")
            return redirect("import", number=made.pk)
    status = 400 if form.errors else 200
    return render(request, "imports/new.html", {"form": form, "project": project}, status=status)


def _name(file: UploadedFile) -> str:
    return file.name or ""


@require_safe
def one(request: HttpRequest, number: int) -> HttpResponse:
    """Show one import: what was told of it, what the checks found, and what the reviewers said."""
    return _page(request, services.import_of(number, principal(request)), ReviewForm())


@require_POST
@step_up
def review(request: HttpRequest, number: int) -> HttpResponse:
    """Hand in a review of an import."""
    found, form = services.import_of(number, principal(request), "review_import"), ReviewForm(request.POST)
    if form.is_valid():
        shown = {file.pk: request.POST.get(f"file-{file.pk}", "") for file in found.files.all()}
        choice: Choice = "approve" if form.cleaned_data["choice"] == "approve" else "reject"
        try:
            services.review(number, principal(request), choice, form.cleaned_data["comment"], shown)
        except Refused as error:
            form.add_error(None, error.sentence())
        else:
            messages.success(request, "Your review is in.")
            return redirect("import", number=number)
    return _page(request, found, form)


@require_POST
def take_back(request: HttpRequest, number: int) -> HttpResponse:
    """Withdraw one's own import."""
    services.withdraw(number, principal(request))
    messages.success(request, "The import is withdrawn.")
    return redirect("import", number=number)


@require_safe
def drawing(request: HttpRequest, number: int, file: int) -> HttpResponse:
    """Send a picture of a file's first part, drawn anew."""
    found = services.file_to_show(number, file, principal(request))
    picture = opening_picture(found.sha256, found.name, *asked_picture(request))
    if picture is None:
        raise Http404
    return sent_picture(picture)


def _openings(files: list[ImportFile]) -> dict[int, Opening]:
    clean = [file for file in files if services.may_be_shown(file)]
    shown = openings([(file.sha256, file.name) for file in clean])
    return {file.pk: opening(shown[file.sha256], _drawing(file)) for file in clean if file.sha256 in shown}


def _drawing(file: ImportFile) -> str:
    return f"{reverse('import_drawing', args=[file.request_id, file.pk])}?section=0"


def _page(request: HttpRequest, found: ImportRequest, form: ReviewForm) -> HttpResponse:
    person, files = principal(request), list(found.files.all())
    first = _openings(files)
    told = {
        "found": found,
        "files": [(file, file.checked(), first.get(file.pk)) for file in files],
        "reviews": services.visible_reviews(found),
        "form": form,
        "may_review": services.may_review(person, found),
        "may_withdraw": services.may_withdraw(person, found),
    }
    return render(request, "imports/one.html", told, status=400 if form.errors else 200)
