"""People and projects for tests, made as the product makes them."""

from __future__ import annotations

from datetime import date, timedelta

from tre.notices.models import Notice
from tre.people.models import Account, Ownership
from tre.people.services import create_account, principal_of
from tre.policy.domain import Principal
from tre.projects import applications
from tre.projects.applying import SAFES
from tre.projects.domain import Agreed
from tre.projects.models import Project
from tre.projects.services import create_project
from tre.runs.models import Job

TODAY = date.today()
LATER = TODAY + timedelta(days=365)
ANSWERED = {"five_safes": dict.fromkeys(SAFES, "Answered.")}


def person(username: str, *roles: str, trained: bool = True) -> Principal:
    """Return a signed-in person with these roles; made when not there yet."""
    if not Account.objects.filter(username=username).exists():
        create_account(
            username=username,
            email=f"{username}@example.org",
            password="a long and random password",
            roles=roles,
            training_expires=LATER if trained else TODAY - timedelta(days=1),
            actor="test",
        )
    return as_seen_now(username)


def as_seen_now(username: str) -> Principal:
    """Return a person with the roles and projects that they have now."""
    return principal_of(Account.objects.get(username=username), used_second_factor=True)


def agreed(**changes: object) -> Agreed:
    """Return an agreement on two columns of the people table."""
    told = {
        "dataset": "people",
        "controller": "Staffordshire ICB",
        "columns": ("birth_year", "sex"),
        "first": None,
        "last": None,
        "starts": TODAY,
        "ends": LATER,
    }
    return Agreed(**{**told, **changes})


def project(code: str = "frailty", *members: str, approved: bool = True) -> Project:
    """Return a project with its members, approved by a data manager unless told otherwise."""
    made = create_project(
        code=code,
        title=f"The {code} study",
        purpose="To learn what helps, for planning.",
        cohort="",
        starts=TODAY,
        ends=LATER,
        members=list(members),
        agreements=[agreed()],
        actor="test",
        told=ANSWERED,
    )
    return decided(made) if approved else made


def owner(*controllers: str) -> Principal:
    """Return an information asset owner who answers for these controllers too."""
    person("owner", "information_asset_owner")
    account = Account.objects.get(username="owner")
    for controller in controllers:
        Ownership.objects.get_or_create(account=account, controller=controller)
    return as_seen_now("owner")


def agreed_to(made: Project) -> Principal:
    """Have everybody but the last agree to what waits for a decision, and return who may give the approval."""
    manager = person("data-manager", "data_manager")
    agreements = list(made.agreements.all())
    answers_for = owner(*(each.controller for each in agreements))
    for each in agreements:
        applications.decide_dataset(made.code, each.dataset, True, "", answers_for)
    applications.assess(made.code, dict.fromkeys(SAFES, ("met", "")), manager)
    return manager


def decided(made: Project) -> Project:
    """Return a draft approved, or one that has changed since approved anew: asked for, agreed to and approved."""
    lead = as_seen_now(applications.members_of(made)[0])
    if made.status == Project.Status.DRAFT:
        applications.submit(made.code, lead)
    else:
        people = applications.members_of(made)
        applications.ask_for_change(made.code, lead, made.ends, people, "As it stands now.")
    approved = applications.approve(made.code, agreed_to(made))
    _forget_what_was_told()
    return approved


def _forget_what_was_told() -> None:
    """Take back the notice of an approval: that the project is approved is all that most tests ask for."""
    Notice.objects.filter(kind="application_approved").delete()
    Job.objects.filter(kind="notices.send", once__contains=":application:").delete()
    if not Notice.objects.exists():
        Job.objects.filter(kind="notices.digest").delete()
