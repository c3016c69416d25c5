"""Applying for a project, and deciding about it. What its page asks the second factor for asks for a code here."""

from __future__ import annotations

from django.http import HttpRequest

from tre.api.auth import acts, asks_again, person_of
from tre.api.located import made_at
from tre.api.once import once
from tre.api.told.projects import (
    AgreementTold,
    ApplicationBegun,
    ApplicationTold,
    AssessmentSaid,
    ChangeAsked,
    DatasetAsked,
    DetailsSaid,
    NoteSaid,
    OwnerSaid,
    ProjectTold,
)
from tre.api.v1.projects import router
from tre.errors import Missing
from tre.policy.decision import require
from tre.projects import applications
from tre.projects.disclosure import Choice
from tre.projects.services import get


@router.post("/projects", response={201: ProjectTold})
@made_at("/projects/{made[code]}")
@acts("apply_for_project")
@once
def begin(request: HttpRequest, begun: ApplicationBegun) -> ProjectTold:
    """Begin an application: a draft project that the caller leads."""
    return ProjectTold.whole(applications.apply_for(person_of(request), **begun.told()))


@router.get("/projects/{slug:code}/application", response=list[ApplicationTold])
@acts("view_project")
def rounds(request: HttpRequest, code: str) -> list[ApplicationTold]:
    """List every round of asking, the newest first, and how each was judged."""
    project = get(code)
    require(person_of(request), "view_project", project.resource())
    return [ApplicationTold.of(each) for each in project.applications.all()]


@router.put("/projects/{slug:code}/application", response=ProjectTold)
@acts("change_application")
def change_details(request: HttpRequest, code: str, said: DetailsSaid) -> ProjectTold:
    """Change what a draft says."""
    return ProjectTold.whole(applications.change_details(code, person_of(request), **said.told()))


@router.put("/projects/{slug:code}/application/datasets/{slug:name}", response=AgreementTold)
@acts("change_application")
def ask_for_dataset(request: HttpRequest, code: str, name: str, asked: DatasetAsked) -> AgreementTold:
    """Ask for a dataset in a draft, or for it otherwise than before."""
    agreed = asked.agreed(name, get(code))
    return AgreementTold.of(applications.ask_for_dataset(code, person_of(request), agreed))


@router.delete("/projects/{slug:code}/application/datasets/{slug:name}", response={204: None})
@acts("change_application")
def leave_out(request: HttpRequest, code: str, name: str) -> None:
    """Take a dataset out of a draft; not in it, nothing changes."""
    applications.leave_out_dataset(code, name, person_of(request))


@router.post("/projects/{slug:code}/application/submit", response=ApplicationTold)
@acts("change_application")
def submit(request: HttpRequest, code: str) -> ApplicationTold:
    """Submit a draft."""
    return ApplicationTold.of(applications.submit(code, person_of(request)))


@router.post("/projects/{slug:code}/application/withdraw", response=ApplicationTold)
@acts("withdraw_application")
def withdraw(request: HttpRequest, code: str) -> ApplicationTold:
    """Withdraw what waits for a decision."""
    applications.withdraw(code, person_of(request))
    return _newest(code)


@router.put("/projects/{slug:code}/application/assessment", response=ApplicationTold)
@acts("assess_application")
def assess(request: HttpRequest, code: str, said: AssessmentSaid) -> ApplicationTold:
    """Judge the five safes of what waits for a decision."""
    rules = Choice(said.disclosure_profile, said.disclosure_threshold)
    applications.assess(code, said.judgements(), person_of(request), said.profile, rules)
    return _newest(code)


@router.post("/projects/{slug:code}/application/datasets/{slug:name}/decide", response=ApplicationTold)
@acts("decide_dataset")
@asks_again
def decide_dataset(request: HttpRequest, code: str, name: str, said: OwnerSaid) -> ApplicationTold:
    """Agree, or not, that a project has a dataset."""
    applications.decide_dataset(code, name, said.agree, said.note, person_of(request))
    return _newest(code)


@router.post("/projects/{slug:code}/approve", response=ProjectTold)
@acts("approve_project")
@asks_again
def approve(request: HttpRequest, code: str, said: NoteSaid) -> ProjectTold:
    """Approve what a project asks for."""
    return ProjectTold.whole(applications.approve(code, person_of(request), said.note))


@router.post("/projects/{slug:code}/decline", response=ApplicationTold)
@acts("approve_project")
@asks_again
def decline(request: HttpRequest, code: str, said: NoteSaid) -> ApplicationTold:
    """Decline what a project asks for, with a reason."""
    applications.decline(code, said.note, person_of(request))
    return _newest(code)


@router.post("/projects/{slug:code}/change", response={201: ApplicationTold})
@made_at("/projects/{code}/application")
@acts("ask_change")
@once
def change(request: HttpRequest, code: str, asked: ChangeAsked) -> ApplicationTold:
    """Ask for more time, or for other people, in an approved project."""
    everybody = [asked.lead, *asked.people]
    return ApplicationTold.of(applications.ask_for_change(code, person_of(request), asked.ends, everybody, asked.why))


def _newest(code: str) -> ApplicationTold:
    found = get(code).applications.first()
    if found is None:
        raise Missing("Nothing was asked for", where=code)
    return ApplicationTold.of(found)
