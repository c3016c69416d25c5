"""The pages of applying for a project, and of deciding about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tre.catalogue.contracts import dataset as contract_of
from tre.catalogue.contracts import datasets
from tre.config.options import load
from tre.errors import Refused
from tre.people.services import principal
from tre.people.step_up import step_up
from tre.policy.decision import decide, require
from tre.policy.domain import PLATFORM, Principal
from tre.projects import applications, closing
from tre.projects.applying import SAFES
from tre.projects.disclosure import rules_of
from tre.projects.forms import ApplyForm, AssessmentForm, ChangeForm, CloseForm, DatasetForm, DetailsForm, NoteForm
from tre.projects.models import Application, Project
from tre.projects.services import DETAILS, allowed, get

_BASICS = ("title", "purpose", "cohort", "starts", "ends")
read_or_write = require_http_methods(["GET", "HEAD", "POST"])


@read_or_write
def apply_for(request: HttpRequest) -> HttpResponse:
    """Ask what the project is for, and begin its application."""
    require(principal(request), "apply_for_project", PLATFORM)
    form = ApplyForm(request.POST or None)
    if _done(request, form, lambda: applications.apply_for(principal(request), **form.told())):
        messages.success(request, "The draft is kept. Ask for its datasets, then submit it.")
        return redirect("application", code=form.cleaned_data["code"])
    return _form(request, "projects/apply.html", form, {"heading": "Apply for a project"})


@read_or_write
def details(request: HttpRequest, code: str) -> HttpResponse:
    """Change what a draft says."""
    project, person = get(code), principal(request)
    require(person, "change_application", project.resource())
    members = applications.members_of(project)
    initial = {
        **{name: getattr(project, name) for name in (*_BASICS, *DETAILS) if name != "five_safes"},
        **{f"safe_{safe}": project.five_safes.get(safe, "") for safe in SAFES},
        "people": "\n".join(name for name in members if name != person.username),
    }
    form = DetailsForm(request.POST or None, initial=initial)
    if _done(request, form, lambda: applications.change_details(code, person, **form.told())):
        messages.success(request, "The draft is changed.")
        return redirect("application", code=code)
    return _form(request, "projects/apply.html", form, {"project": project, "heading": "Change the draft"})


@require_safe
def application(request: HttpRequest, code: str) -> HttpResponse:
    """Show what a project asks for, how it was judged, and what the person may do about it."""
    return _page(request, code)


def _page(request: HttpRequest, code: str, form: Form | None = None) -> HttpResponse:
    project, person = get(code), principal(request)
    require(person, "view_project", project.resource())
    may, waiting = allowed(person, project), applications.open_application(project)
    concerned = waiting is not None and person.username in {*waiting.people, waiting.asked_by}
    decides = waiting is not None and not concerned
    decisions = {each.dataset: each for each in waiting.owner_decisions.all()} if waiting else {}
    agreements = [
        {
            "asked": each,
            "decision": decisions.get(each.dataset),
            "may_decide": decides and decide(person, "decide_dataset", each.resource()).allowed,
        }
        for each in project.agreements.select_related("project")
    ]
    judged = {each.safe: each for each in waiting.assessments.all()} if waiting else {}
    safes = [
        {"name": name, "question": question, "answer": project.five_safes.get(safe, ""), "judged": judged.get(safe)}
        for safe, (name, question) in SAFES.items()
    ]
    context = {
        "project": project,
        "rules": rules_of(project),
        "waiting": waiting,
        "members": applications.members_of(project),
        "agreements": agreements,
        "safes": safes,
        "past": project.applications.exclude(state=Application.State.OPEN),
        "others": _not_asked(project),
        "may_change": may("change_application"),
        "may_withdraw": waiting is not None and may("withdraw_application"),
        "may_assess": decides and may("assess_application"),
        "may_approve": decides and may("approve_project"),
        "missing": applications.missing(waiting) if waiting else "",
        "form": form or NoteForm(),
    }
    return render(request, "projects/application.html", context, status=400 if form and form.errors else 200)


def _not_asked(project: Project) -> list[str]:
    asked = set(project.agreements.values_list("dataset", flat=True))
    return [name for name, each in datasets().items() if name not in asked and any(c.shared for c in each.columns)]


@read_or_write
def dataset(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """Ask for a dataset in a draft, or for it otherwise than before."""
    project, person, contract = get(code), principal(request), contract_of(name)
    require(person, "change_application", project.resource())
    before = project.agreements.filter(dataset=name).first()
    initial = DatasetForm.initial_of(before) if before else {"linkage": "project", "article_6": "6(1)(e)",
                                                             "article_9": "9(2)(j)", "common_law": "s251"}  # fmt: skip
    form = DatasetForm(request.POST or None, dataset=contract, initial=initial)
    if _done(
        request, form, lambda: applications.ask_for_dataset(code, person, form.agreed(project.starts, project.ends))
    ):
        messages.success(request, f"The draft asks for {name}.")
        return redirect("application", code=code)
    context = {"project": project, "dataset": contract, "asked": before is not None}
    return _form(request, "projects/dataset.html", form, context)


@require_POST
def leave_out(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """Take a dataset out of a draft."""
    applications.leave_out_dataset(code, name, principal(request))
    messages.success(request, f"The draft no longer asks for {name}.")
    return redirect("application", code=code)


@require_POST
def submit(request: HttpRequest, code: str) -> HttpResponse:
    """Submit a draft."""
    applications.submit(code, principal(request))
    messages.success(request, "The application is submitted.")
    return redirect("application", code=code)


@require_POST
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Withdraw what waits for a decision."""
    applications.withdraw(code, principal(request))
    messages.success(request, "It is withdrawn.")
    return redirect("application", code=code)


@read_or_write
def assessment(request: HttpRequest, code: str) -> HttpResponse:
    """Judge the five safes of what waits for a decision."""
    project, person = get(code), principal(request)
    require(person, "assess_application", project.resource())
    waiting = applications.open_application(project)
    if waiting is None:
        raise Refused("Nothing waits for a decision in this project", where=code)
    held = waiting if waiting.disclosure_profile else project
    initial: dict[str, Any] = {
        "profile": waiting.profile or project.profile,
        "disclosure_profile": held.disclosure_profile or load().disclosure_profile,
        "disclosure_threshold": held.disclosure_threshold,
    }
    for each in waiting.assessments.all():
        initial |= {each.safe: each.judgement, f"{each.safe}_note": each.note}
    form = AssessmentForm(request.POST or None, initial=initial)

    def assess() -> None:
        applications.assess(code, form.judgements(), person, form.cleaned_data["profile"], form.disclosure())

    if _done(request, form, assess):
        messages.success(request, "The five safes are assessed.")
        return redirect("application", code=code)
    answers = [
        (question, project.five_safes.get(safe, ""), judgement, note)
        for safe, judgement, note, question in form.pairs()
    ]
    return _form(request, "projects/assessment.html", form, {"project": project, "answers": answers})


@require_POST
@step_up
def decide_dataset(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """Agree, or not, that a project has a dataset."""
    note, agreed = _note(request), request.POST.get("decision") == "agree"
    applications.decide_dataset(code, name, agreed, note, principal(request))
    messages.success(request, f"You {'agreed' if agreed else 'did not agree'} to {name}.")
    return redirect("application", code=code)


@require_POST
@step_up
def approve(request: HttpRequest, code: str) -> HttpResponse:
    """Approve what a project asks for."""
    applications.approve(code, principal(request), _note(request))
    messages.success(request, "It is approved.")
    return redirect("project", code=code)


@require_POST
@step_up
def decline(request: HttpRequest, code: str) -> HttpResponse:
    """Decline what a project asks for, with a reason."""
    applications.decline(code, _note(request), principal(request))
    messages.success(request, "It is declined.")
    return redirect("application", code=code)


@read_or_write
def change(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for more time, or for other people, in an approved project."""
    project, person = get(code), principal(request)
    require(person, "ask_change", project.resource())
    lead, *others = applications.members_of(project) or [""]
    initial = {"ends": project.ends, "lead": lead, "people": "\n".join(others)}
    form = ChangeForm(request.POST or None, initial=initial)
    if _done(
        request,
        form,
        lambda: applications.ask_for_change(
            code, person, form.cleaned_data["ends"], form.everybody(), form.cleaned_data["why"]
        ),
    ):
        messages.success(request, "Your request is submitted. Until it is decided nothing changes.")
        return redirect("application", code=code)
    return _form(request, "projects/change.html", form, {"project": project})


@require_safe
def close(request: HttpRequest, code: str) -> HttpResponse:
    """Ask what becomes of a project's work when it is closed."""
    project = get(code)
    require(principal(request), "close_project", project.resource())
    return _form(request, "projects/close.html", CloseForm(), {"project": project})


@require_POST
@step_up
def close_now(request: HttpRequest, code: str) -> HttpResponse:
    """Close a project for good, and archive or destroy its work."""
    project = get(code)
    require(principal(request), "close_project", project.resource())
    form = CloseForm(request.POST)
    if not form.is_valid():
        return _form(request, "projects/close.html", form, {"project": project})
    closing.close_project(code, form.cleaned_data["keep"], form.cleaned_data["why"], principal(request))
    messages.success(request, "The project is closed. Its data is being destroyed.")
    return redirect("project", code=code)


def may_apply(person: Principal) -> bool:
    """Return whether a person may begin an application."""
    return decide(person, "apply_for_project", PLATFORM).allowed


def _done(request: HttpRequest, form: Form, act: Callable[[], object]) -> bool:
    """Do what a form asks for when it was sent and is valid, and return whether it is; why not stands beside it."""
    if request.method != "POST" or not form.is_valid():
        return False
    try:
        act()
    except Refused as error:
        form.add_error(None, error.sentence())
        return False
    return True


def _note(request: HttpRequest) -> str:
    form = NoteForm(request.POST)
    if not form.is_valid():
        raise Refused("The note is too long", where="note", todo="Shorten it")
    return str(form.cleaned_data["note"])


def _form(request: HttpRequest, template: str, form: Form, context: dict[str, Any]) -> HttpResponse:
    return render(request, template, {**context, "form": form}, status=400 if form.errors else 200)
