"""People and projects for tests, made as the product makes them."""

from __future__ import annotations

from datetime import date, timedelta

from tre.people.models import Account
from tre.people.services import create_account, principal_of
from tre.policy.domain import Principal
from tre.projects.domain import Agreed
from tre.projects.models import Project
from tre.projects.services import approve, create_project

TODAY = date.today()
LATER = TODAY + timedelta(days=365)


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
    )
    return approve(code, person("data-manager", "data_manager")) if approved else made
