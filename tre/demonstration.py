"""The demonstration: accounts, a synthetic health system, its warehouse, and two approved projects.

Refused in production. Every part looks whether it is done already, so that it can be cut off anywhere and run again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tre.config.options import load
from tre.config.secrets import secret
from tre.errors import Refused
from tre.progress import Say, step
from tre.projects.domain import Agreed

if TYPE_CHECKING:
    from tre.people.models import Account
    from tre.policy.domain import Principal
    from tre.projects.models import Project


@dataclass(frozen=True)
class Person:
    """One demonstration account."""

    username: str
    roles: tuple[str, ...]
    does: str


PEOPLE = (
    Person("researcher", ("researcher",), "works in the project 'frailty'"),
    Person("researcher-two", ("researcher",), "works in the project 'asthma'"),
    Person("checker-one", ("output_checker",), "reviews outputs at the airlock"),
    Person("checker-two", ("output_checker",), "reviews outputs at the airlock"),
    Person("data-manager", ("data_manager",), "lands, links and provisions data; assesses and approves projects"),
    Person("asset-owner", ("information_asset_owner",), "agrees to datasets, and answers for an extract's risk"),
    Person("deployer", ("deployer",), "takes approved models out of the release registry"),
    Person("auditor", ("auditor",), "reads and verifies the audit log"),
    Person("operator", ("operator",), "invites people, gives roles, records training"),
)


def _only_in_demonstration() -> None:
    if not load().demonstration:
        raise Refused(
            "Demonstration accounts and data are refused in production",
            where="TRE_MODE",
            todo="Make real accounts with the people page",
        )


def password(username: str) -> str:
    """Return the demonstration password of an account: random for each installation, kept in its secrets."""
    _only_in_demonstration()
    return secret(f"demonstration-{username}")[:20]


def one_time_code(username: str) -> str:
    """Return the current one-time code of a demonstration account.

    Raises
    ------
    Refused
        In production, or when there is no such demonstration account.
    """
    _only_in_demonstration()
    if username not in {person.username for person in PEOPLE}:
        names = ", ".join(person.username for person in PEOPLE)
        raise Refused("There is no such demonstration account", where="username", todo=f"Use one of: {names}")
    from tre.people.services import current_code

    return current_code(_account(username))


def sign_ins() -> str:
    """Return the demonstration's sign-ins as text for a terminal."""
    lines = [f"  {person.username:<15} {password(person.username)}  {person.does}" for person in PEOPLE]
    return "\n".join(
        [
            "Demonstration sign-ins (user name, password, what they do):",
            *lines,
            "Each sign-in asks for a one-time code: make code WHO=researcher",
        ]
    )


def _account(username: str) -> Account:
    from tre.people.models import Account

    return Account.objects.get(username=username)


def people() -> None:
    """Make the demonstration accounts that are not there yet, each with a second factor."""
    _only_in_demonstration()
    from tre.people.models import Account

    there = set(Account.objects.values_list("username", flat=True))
    for person in PEOPLE:
        if person.username not in there:
            _enrol(person)


def _enrol(person: Person) -> None:
    """Make an account with its second factor: both or neither, for an account that is there is not looked at again."""
    from django.db import transaction

    from tre.catalogue.contracts import controllers
    from tre.people.models import Ownership
    from tre.people.services import create_account, enrol_totp

    with transaction.atomic():
        account = create_account(
            username=person.username,
            email=f"{person.username}@example.org",
            password=password(person.username),
            roles=person.roles,
            training_expires=date.today() + timedelta(days=365),
            actor="demonstration",
            demonstration=True,
        )
        enrol_totp(account)
        if "information_asset_owner" in person.roles:
            Ownership.objects.bulk_create(Ownership(account=account, controller=name) for name in controllers())


@dataclass(frozen=True)
class Study:
    """One demonstration project: its people, its cohort, and what the controllers agreed to share."""

    code: str
    title: str
    purpose: str
    researcher: str
    cohort: str
    columns: dict[str, tuple[str, ...]]


STUDIES = (
    Study(
        "frailty",
        "Emergency admission of older people",
        "To find who among people of 65 and over is likely to be admitted as an emergency within a year, so that "
        "community teams can visit first.",
        "researcher",
        "birth_year <= 1961 AND practice_code IS NOT NULL",
        {
            "people": ("birth_year", "sex", "lsoa", "died_on"),
            "admitted_care": ("admitted_on", "discharged_on", "admission_method", "icd10_primary"),
            "emergency_care": ("arrived_at", "disposal"),
            "gp_events": ("event_date", "snomed_code", "value", "unit"),
            "adult_social_care": ("event_type", "started_on", "ended_on", "service_type"),
            "small_area": ("lsoa", "imd_decile", "fuel_poverty_percent"),
        },
    ),
    Study(
        "asthma",
        "Asthma in cold homes",
        "To learn whether people with asthma who live where fuel poverty is common need emergency care more often.",
        "researcher-two",
        "birth_year >= 1960 AND practice_code IS NOT NULL",
        {
            "people": ("birth_year", "sex", "lsoa"),
            "emergency_care": ("arrived_at", "chief_complaint", "disposal"),
            "gp_events": ("event_date", "snomed_code"),
            "small_area": ("lsoa", "fuel_poverty_percent"),
        },
    ),
)
_ACCEPTED = (
    "The study needs single years of birth and small areas. The rows stay in a workspace without a network, and every "
    "output is checked."
)
_DETAILS = {
    "public_benefit": "Services that know who needs them soon can be offered sooner.",
    "technical_summary": "A retrospective cohort of synthetic people; descriptive tables and regression models.",
    "category": "Health Services & Delivery",
    "organisation": "A university of the demonstration",
    "sector": "Academic Institute",
    "applicants": "Dr A. Researcher, a university of the demonstration",
    "funders": "",
    "other_approvals": "",
}
_FIVE_SAFES = {
    "people": "One accredited researcher with current training.",
    "projects": "Research in the public interest, for planning services.",
    "settings": "Nothing is brought in; the packages of the workspace are enough.",
    "data": "Only the columns and dates that the analysis uses.",
    "outputs": "Aggregate tables and one private model, through the airlock.",
}
_FIRST, _LAST = date(2018, 1, 1), date(2026, 6, 30)


def build(say: Say) -> None:
    """Synthesise the health system, land it, build the warehouse, and approve and provision the projects.

    Raises
    ------
    TreError
        When a step is refused or fails; what was done before stays, and the next call goes on from there.
    """
    _only_in_demonstration()
    from tre.catalogue import jobs as catalogue
    from tre.catalogue.models import Submission
    from tre.catalogue.services import current_build, inputs

    by = "data-manager"
    landed = set(Submission.objects.values_list("identity", flat=True))
    submissions = _synthesised(say)
    if missing := [each for each in submissions if each.name not in landed]:
        with step(say, "Landing the providers' submissions"):
            for submission in missing:
                catalogue.land(submission, by, _indented(say))
    if current_build(inputs()) is None:
        with step(say, "Building the warehouse: validate, link, pseudonymise, publish"):
            catalogue.build({"by": by}, _indented(say))
    for study in STUDIES:
        _provision(study, say)


def _indented(say: Say) -> Say:
    return lambda text: say(f"  {text}")


def _synthesised(say: Say) -> list[Path]:
    """Return the providers' submissions, made when they are not there yet."""
    from tre.runs.runner import run_job

    options = load()
    fhir = options.fhir_sample if options.fhir_sample and options.fhir_sample.is_dir() else None
    made_of = f"{options.people}-{options.seed}{'-fhir' if fhir else ''}"
    marker = options.path("providers", f"made-{made_of}.json")
    if not marker.exists():
        spec = {
            "out": str(options.path("providers")),
            "truth": str(options.path("truth")),
            "people": options.people,
            "seed": options.seed,
            "fhir": str(fhir) if fhir else None,
        }
        with step(say, f"Synthesising a health system of {options.people:,} people"):
            made = run_job("synthesise", spec, progress=_indented(say))
        marker.write_text(json.dumps(made["submissions"]))
    return [Path(folder) for folder in json.loads(marker.read_text())]


def _provision(study: Study, say: Say) -> None:
    from tre.projects import jobs, lifecycle, services
    from tre.projects.models import Project

    if not Project.objects.filter(code=study.code).exists():
        _create(study)
    manager = seen("data-manager")
    project = services.get(study.code)
    if project.status in (Project.Status.DRAFT, Project.Status.SUBMITTED):
        _decide(project, manager)
    if services.current_extract(project) is not None:
        return
    waiting = project.extracts.filter(ready=True, held=True, end_asked_by="").order_by("-number").first()
    if waiting is None:
        with step(say, f"Provisioning the project '{study.code}'"):
            waiting = services.ask_for_extract(study.code, manager)
            jobs.provision({"extract": waiting.pk}, _indented(say))
            waiting.refresh_from_db()
    if waiting.held:
        owner = seen("asset-owner")
        lifecycle.accept_risk(study.code, waiting.number, _ACCEPTED, owner)


def _decide(project: Project, manager: Principal) -> None:
    """Submit a study, have the owner of its datasets agree, assess it, and approve it."""
    from tre.projects import applications
    from tre.projects.applying import SAFES

    code, owner = project.code, seen("asset-owner")
    if project.status == project.Status.DRAFT:
        applications.submit(code, seen(applications.members_of(project)[0]))
    for agreement in project.agreements.all():
        applications.decide_dataset(code, agreement.dataset, True, "", owner)
    applications.assess(code, dict.fromkeys(SAFES, ("met", "")), manager)
    applications.approve(code, manager)


def seen(username: str) -> Principal:
    """Return a demonstration account as the policies see it, signed in with its second factor."""
    from tre.people.services import principal_of

    return principal_of(_account(username), used_second_factor=True)


def _create(study: Study) -> None:
    """Write a study's draft, as its researcher would."""
    from django.db import transaction

    from tre.catalogue.contracts import dataset
    from tre.projects import applications

    today = date.today()
    ends = today + timedelta(days=730)
    lead = seen(study.researcher)
    with transaction.atomic():
        applications.apply_for(
            lead,
            code=study.code,
            title=study.title,
            purpose=study.purpose,
            cohort=study.cohort,
            starts=today,
            ends=ends,
            people=[],
            **_DETAILS,
            five_safes=_FIVE_SAFES,
        )
        lead = seen(study.researcher)  # who leads it now
        for name, columns in study.columns.items():
            asked = Agreed(name, dataset(name).controller, columns, _FIRST, _LAST, today, ends)
            applications.ask_for_dataset(study.code, lead, asked)
