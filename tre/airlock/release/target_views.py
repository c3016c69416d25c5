"""The page on which a data manager chooses where a project's releases are delivered to."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from tre.airlock.release.deliveries import set_targets, targets_of
from tre.airlock.release.targets import names
from tre.people.services import principal
from tre.people.step_up import step_up
from tre.policy.decision import require
from tre.projects.models import Project
from tre.projects.services import get


class TargetsForm(forms.Form):
    """The choice of the places that a project's releases may go to, or none."""

    targets = forms.MultipleChoiceField(
        label="Deliver later releases to", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="None: their author downloads them. Where there are several, each request says which.",
    )  # fmt: skip

    def __init__(self, *told: object, **named: object) -> None:
        super().__init__(*told, **named)  # type: ignore[arg-type]
        self.fields["targets"].choices = [(each, each) for each in names()]  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, code: str) -> HttpResponse:
    """Show where a project's releases go, and change it."""
    if request.method == "POST":
        return _chosen(request, code)
    project = _asked_for(request, code)
    return _page(request, project, TargetsForm(initial={"targets": targets_of(project)}))


@step_up
def _chosen(request: HttpRequest, code: str) -> HttpResponse:
    """Send a project's later releases where the form says."""
    project, form = _asked_for(request, code), TargetsForm(request.POST)
    if not form.is_valid():
        return _page(request, project, form)
    set_targets(project, form.cleaned_data["targets"], principal(request))
    messages.success(request, "Later releases of this project may go where you chose.")
    return redirect("release_target", code=code)


def _asked_for(request: HttpRequest, code: str) -> Project:
    project = get(code)
    require(principal(request), "set_release_target", project.resource())
    return project


def _page(request: HttpRequest, project: Project, form: TargetsForm) -> HttpResponse:
    told = {"project": project, "form": form, "named": names()}
    return render(request, "release/target.html", told, status=400 if form.errors else 200)
