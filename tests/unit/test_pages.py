"""Which page answers to whom: every page of the portal, every role, and those who are not quite signed in."""

from __future__ import annotations

import time

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from tests.catalogue import submission
from tests.factories import agreed_to, as_seen_now, person, project
from tre.airlock.models import Release, Request
from tre.airlock.registered.models import Alias, RegisteredModel
from tre.audit.models import Entry
from tre.config.secrets import secret
from tre.people.models import Account
from tre.projects import applications

pytestmark = pytest.mark.django_db
WHO = {
    "ann": "researcher",
    "cat": "output_checker",
    "mia": "data_manager",
    "dep": "deployer",
    "aud": "auditor",
    "ope": "operator",
}
EVERYONE = set(WHO)
MAY_SEE = {
    "home": EVERYONE,
    "projects": EVERYONE,
    "project_apply": {"ann"},
    "project": {"ann", "mia"},
    "application": {"ann", "mia"},
    "project_change": {"ann", "mia"},
    "project_close": {"ann", "mia"},
    "public": EVERYONE,
    "project_safes": {"ann", "mia", "aud"},
    "register": EVERYONE,
    "register_entry": EVERYONE,
    "register_json": EVERYONE,
    "register_csv": EVERYONE,
    "catalogue": EVERYONE,
    "catalogue_dcat": EVERYONE,
    "catalogue_dataset": EVERYONE,
    "catalogue_dataset_dcat": EVERYONE,
    "catalogue_dataset_schema": EVERYONE,
    "catalogue_dataset_metadata": EVERYONE,
    "catalogue_field": EVERYONE,
    "catalogue_submissions": {"mia", "aud"},
    "catalogue_submission": {"mia", "aud"},
    "catalogue_report_csv": {"mia", "aud"},
    "catalogue_report_html": {"mia", "aud"},
    "catalogue_lineage": {"mia", "aud"},
    "airlock": EVERYONE,
    "airlock_away": EVERYONE,
    "released_models": {"dep"},
    "release_key": {"dep"},
    "audit_log": {"aud"},
    "audit_export": {"aud"},
    "own_account": EVERYONE,
    "policies": EVERYONE,
    "api_tokens": EVERYONE,
    "api_reference": EVERYONE,
    "person_tokens": {"ope"},
    "people": {"ope"},
    "invite": {"ope"},
    "person": {"ope"},
}
# Without signing in: of the catalogue what is metadata, and nothing of a single submission.
ANYONE_MAY_SEE = {
    "home",
    "public",
    "api_reference",
    "register",
    "register_entry",
    "register_json",
    "register_csv",
    "health",
} | {page for page, those in MAY_SEE.items() if page.startswith("catalogue") and those == EVERYONE}
# What an address needs to be one of a page that there is.
TOLD = {
    "code": "frailty", "number": 1, "file": 1, "name": "gp_events", "field": "snomed_code", "identity": "june",
    "username": "ann", "invitation": 1, "absence": 1,
}  # fmt: skip


@pytest.fixture
def house():
    for name, role in WHO.items():
        person(name, role)
    submission("june")
    return project("frailty", "ann")


def browser(username: str, *, second_factor: bool = True, ago: float = 0, **options: bool) -> Client:
    """Return a browser in which a person signed in so many seconds ago."""
    at = time.time() - ago
    client = Client(**options)
    account = Account.objects.get(username=username)
    client.force_login(account)
    session = client.session
    session["account_authentication_methods_user"] = str(account.pk)
    session["account_authentication_methods"] = [
        {"method": "password", "at": at},
        *([{"method": "mfa", "at": at}] if second_factor else []),
    ]
    session.save()
    return client


@pytest.fixture
def released(house):
    request = Request.objects.create(project=house, author=Account.objects.get(username="ann"), context="A model.")
    model = {"name": "frailty-risk", "version": 1, "alias": "champion", "epsilon": 2.5}
    made = Release.objects.create(request=request, identity="a" * 32, files=[], models_registered=[model])
    RegisteredModel.objects.create(release=made, name=model["name"], version=1, folder="risk")
    Alias.objects.create(name=model["name"], alias="champion", version=1)
    return made


@pytest.mark.parametrize("who", sorted(WHO))
def test_a_page_answers_those_it_is_for_and_nobody_else(house, who):
    client = browser(who)
    paths = dict(addresses())
    answers = {page: client.get(paths[page]).status_code for page in MAY_SEE}
    assert answers == {page: 200 if who in those else 403 for page, those in MAY_SEE.items()}


def addresses() -> list[tuple[str, str]]:
    """Return every address of the portal with its name, the sign-in's own and the programs' left out."""
    names = [key for key in get_resolver().reverse_dict if isinstance(key, str)]
    found = []
    for name in names:
        wanted = get_resolver().reverse_dict.getlist(name)[0][0][0][1]
        if set(wanted) <= set(TOLD):
            path = reverse(name, kwargs={each: TOLD[each] for each in wanted})
            if not path.startswith(("/accounts/", "/api/", "/identity/", "/.well-known/", "/static/")):
                found.append((name, path))
    return found


def test_every_page_is_looked_at():
    assert {name for name, _ in addresses()} >= {
        *MAY_SEE,
        "airlock_request",
        "airlock_review",
        "registry_password",
        "extract",
        "extract_accept",
        "extract_destroy",
        "certificate",
        "application_assessment",
        "application_dataset",
        "application_details",
        "application_submit",
        "application_withdraw",
        "dataset_decide",
        "dataset_leave_out",
        "person_controllers",
        "project_approve",
        "project_close_now",
        "project_closure",
        "project_decline",
        "workspace_open",
        "workspace_usage",
        "workspace_quota",
        "invitation_withdraw",
        "person_roles",
        "person_training",
        "person_close",
        "person_reopen",
        "person_second_factor",
    }


def test_a_stranger_is_sent_to_sign_in(house):
    for name, path in addresses():
        answer = Client().get(path)
        if name in ANYONE_MAY_SEE:
            assert answer.status_code == 200, name
        else:
            assert answer.status_code == 302, name
            assert answer["Location"].startswith("/accounts/login/"), name


def test_a_password_alone_reaches_nothing(house):
    client = browser("mia", second_factor=False)
    for name, path in addresses():
        answer = client.get(path)
        if name == "health":
            assert answer.status_code == 200
        else:
            assert answer.status_code == 302, name
            assert "/accounts/2fa/" in answer["Location"] or "/accounts/logout/" in answer["Location"], name


def test_a_deployer_sees_what_was_released_and_no_password(released):
    page = browser("dep").get(reverse("released_models")).content.decode()
    assert "frailty-risk@champion" in page
    assert "2.5" in page
    assert f"tre fetch-model frailty-risk@champion model --release {'a' * 32}" in page
    assert "mlflow models serve" not in page  # by itself it would run what nobody verified
    assert secret("registry-deployer") not in page


def test_the_password_is_shown_on_asking_and_written_down_once(released):
    answer = browser("dep").post(reverse("registry_password"))
    assert secret("registry-deployer") in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    entry = Entry.objects.get(event="registry.password_shown")
    assert entry.actor == "dep"
    assert secret("registry-deployer") not in str(entry.data)


@pytest.mark.parametrize("who", sorted(EVERYONE - MAY_SEE["released_models"]))
def test_nobody_else_is_shown_the_password(released, who):
    answer = browser(who).post(reverse("registry_password"))
    assert answer.status_code == 403
    assert not Entry.objects.filter(event="registry.password_shown").exists()


def test_a_page_on_another_origin_cannot_ask_for_it(released):
    answer = browser("dep", enforce_csrf_checks=True).post(reverse("registry_password"))
    assert answer.status_code == 403


def test_the_key_to_verify_with_is_the_public_one_alone(released):
    text = browser("dep").get(reverse("release_key")).getvalue().decode()
    assert "PUBLIC KEY" in text
    assert "PRIVATE" not in text


def test_a_researcher_of_another_project_finds_neither_it_nor_its_requests(released):
    person("bob", "researcher")
    client = browser("bob")
    assert client.get("/projects/frailty/").status_code == 403
    assert client.get(f"/airlock/{released.request_id}/").status_code == 403
    assert "frailty" not in client.get(reverse("projects")).content.decode()


@pytest.mark.parametrize("who", ["ann", "cat", "dep", "aud"])
def test_only_a_data_manager_approves_a_project(house, who):
    draft = project("stroke", "ann", approved=False)
    for verb in ("approve", "provision"):
        assert browser(who).post(f"/projects/stroke/{verb}").status_code == 403
    draft.refresh_from_db()
    assert draft.status == "draft"
    assert not draft.extracts.exists()


def test_a_data_manager_approves_and_provisions(house):
    draft = project("stroke", "ann", approved=False)
    applications.submit("stroke", as_seen_now("ann"))
    agreed_to(draft)
    client = browser("mia")
    for verb in ("approve", "provision"):
        assert client.post(f"/projects/stroke/{verb}").status_code == 302
    draft.refresh_from_db()
    assert (draft.status, draft.extracts.count()) == ("approved", 1)


def test_a_project_s_page_tells_its_bases_and_that_its_extract_is_stale(house):
    from tre.catalogue.models import DatasetVersion, WarehouseBuild
    from tre.projects.models import Extract

    extract = Extract.objects.create(project=house, number=1, asked_by="mia", ready=True)
    page = browser("mia").get(reverse("project", args=["frailty"])).content.decode()
    assert "research; 6(1)(e), 9(2)(j); s251; national data opt-out applied" in page
    assert "Stale" not in page
    build = WarehouseBuild.objects.create(by="mia", inputs="a" * 64)
    DatasetVersion.objects.create(dataset="opt_outs", version=3, rows=20, build=build)
    assert "Stale" in browser("mia").get(reverse("project", args=["frailty"])).content.decode()
    extract.manifest = {"opt_outs": {"version": 3, "national": True}}
    extract.save()
    assert "Stale" not in browser("mia").get(reverse("project", args=["frailty"])).content.decode()
