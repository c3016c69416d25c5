"""The page on which a data manager chooses where a project's releases are delivered to."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from tre.airlock.release.deliveries import set_target, target_of
from tre.airlock.release.targets import names
from tre.people.services import principal
from tre.people.step_up import step_up
from tre.policy.decision import require
from tre.projects.models import Project
from tre.projects.services import get


class TargetForm(forms.Form):
    """The choice of one target, or none."""

    target = forms.ChoiceField(required=False, widget=forms.RadioSelect)

    def __init__(self, *told: object, **named: object) -> None:
        super().__init__(*told, **named)  # type: ignore[arg-type]
        nowhere = ("", "Nowhere: their author downloads them")
        self.fields["target"].choices = [nowhere, *((each, each) for each in names())]  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, code: str) -> HttpResponse:
    """Show where a project's releases go, and change it."""
    if request.method == "POST":
        return _chosen(request, code)
    project = _asked_for(request, code)
    return _page(request, project, TargetForm(initial={"target": target_of(project)}))


@step_up
def _chosen(request: HttpRequest, code: str) -> HttpResponse:
    """Send a project's later releases where the form says."""
    project, form = _asked_for(request, code), TargetForm(request.POST)
    if not form.is_valid():
        return _page(request, project, form)
    set_target(project, form.cleaned_data["target"], principal(request))
    messages.success(request, "Later releases of this project go where you chose.")
    return redirect("release_target", code=code)


def _asked_for(request: HttpRequest, code: str) -> Project:
    project = get(code)
    require(principal(request), "set_release_target", project.resource())
    return project


def _page(request: HttpRequest, project: Project, form: TargetForm) -> HttpResponse:
    told = {"project": project, "form": form, "named": names()}
    return render(request, "release/target.html", told, status=400 if form.errors else 200)
