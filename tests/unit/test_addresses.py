"""Every address of the portal, by every role: who may is answered, who may not is refused and changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from tests.addresses import ANYONE, CLOSED, OUTSIDE_RULES, ROLE_OF, RULES, SIGNED_IN, TOKEN, address, routes
from tests.airlock import placed
from tests.catalogue import submission
from tests.factories import LATER, as_seen_now, person, project
from tests.unit.test_pages import browser
from tre.airlock.imports.models import ImportRequest
from tre.airlock.models import Absence, Release, Request
from tre.airlock.registered.models import Alias, RegisteredModel
from tre.api import tokens
from tre.catalogue.models import DoubtfulPair, WarehouseBuild
from tre.config.options import REPOSITORY
from tre.people.models import Account, Invitation, Ownership
from tre.policy.decision import acts
from tre.projects import applications
from tre.projects.models import Extract
from tre.runs.attested.models import Run

pytestmark = pytest.mark.django_db
GUARDED = {route: rule for route, rule in RULES.items() if rule.acts}
# What a request may leave behind although it is refused: that it came, the session it came by, and its attempt counted.
_TRACES = {"audit", "sessions", "usersessions", "people.CacheEntry"}


@pytest.fixture
def house() -> dict[str, Any]:
    """Make everybody, two projects, and of each kind of thing one that is frailty's or nobody's."""
    for name, role in ROLE_OF.items():
        person(name, *filter(None, [role]))
    submission("june")
    made = project("frailty", "ann")
    project("asthma", "bob")
    project("stroke", "ann", approved=False)
    project("sepsis", "ann", approved=False)
    applications.submit("sepsis", as_seen_now("ann"))
    Ownership.objects.create(account=Account.objects.get(username="iao"), controller="Staffordshire ICB")
    Extract.objects.create(project=made, number=1, asked_by="data-manager", ready=True, manifest={"tables": []})
    told: dict[str, Any] = {}
    for state in ("draft", "in_review", "returned", "released"):
        file = placed(made, "ann", state, turns=2)
        told[state] = {"number": file.request_id, "file": file.pk}
    absence = Absence.objects.create(checker=Account.objects.get(username="cat"), first=LATER, last=LATER)
    told["absence"] = {"absence": absence.pk}
    released = Request.objects.get(pk=told["released"]["number"])
    if not Release.objects.filter(request=released).exists():
        Release.objects.create(request=released, identity="release-of-the-house")
    brought = ImportRequest.objects.create(
        project=made, author=released.author, licence="MIT", provenance="From here.", state="in_review", once="i"
    )
    told["import"] = {"number": brought.pk}
    for state in ("queued", "failed"):
        run = Run.objects.create(
            project=made, author=released.author, extract=made.extracts.get(), kind="aggregate", spec={}, state=state,
            once=state,
        )  # fmt: skip
        told[state] = {"number": run.pk}
    kept = RegisteredModel.objects.create(
        release=Release.objects.get(request=released), name="frailty-risk", version=1, folder="risk"
    )
    Alias.objects.create(name=kept.name, alias="champion")
    told["model"] = {"number": kept.pk}
    later = timezone.now() + timedelta(days=1)
    held = Invitation.objects.create(
        email="new@example.org", roles=[], invited_by="ope", token_hash="x" * 64, expires_at=later
    )
    told["invitation"] = {"invitation": held.pk}
    told["token"] = {"number": tokens.make(as_seen_now("nil"), "Nightly", ["projects.read"], 8)[0].pk}
    return told


def place(house: dict[str, Any], route: str) -> str:
    """Return a route's address, of the thing in the house that it is about."""
    told = {**house["invitation"]}
    if "change_application" in RULES[route].acts:
        told |= {"code": "stroke", "name": "people"}  # a draft
    elif set(RULES[route].acts) & {"decide_dataset", "assess_application", "approve_project", "withdraw_application"}:
        told |= {"code": "sepsis", "name": "people"}  # which waits for its decision
    elif "/tokens/" in route:
        told |= house["token"]
    elif route.startswith("models/"):
        told |= house["model"]
    elif route.startswith("imports/"):
        told |= house["import"]
    elif route.startswith("runs/"):
        told |= house["failed" if route.endswith("retry") else "queued"]
    elif route.startswith("airlock/"):
        states = {"download": "released", "recall": "released", "revise": "returned"}
        released = "released" if "/release/" in route else "in_review"
        state = "draft" if "/draft/" in route else states.get(route.rpartition("/")[2], released)
        told |= {**house[state], **house["absence"]}
    return address(route, **told)


def everything() -> dict[str, list[Any]]:
    """Return every row of the database, but for what a refused request may leave."""
    models = [each for each in apps.get_models() if not {each._meta.app_label, each._meta.label} & _TRACES]
    return {each._meta.label: list(each._base_manager.order_by("pk").values_list()) for each in models}


def refusals(caplog: pytest.LogCaptureFixture, who: str, acts: tuple[str, ...]) -> list[str]:
    """Return what the decision point refused this person, of these acts."""
    said = [record.getMessage() for record in caplog.records if record.name == "tre.policy"]
    return [each for each in said for act in acts if each.startswith(f"denied {who} {act} ")]


def ask(client: Client, method: str, path: str) -> Any:
    return client.post(path) if method == "POST" else client.get(path)


def test_every_address_has_a_rule_and_every_rule_an_address():
    assert sorted(routes()) == sorted(RULES)


def test_every_address_of_a_sign_in_by_another_provider_has_a_rule(tmp_path):
    """They are there by settings alone, so another process looks at them."""
    (tmp_path / "secret").write_text("it")
    (tmp_path / "secret").chmod(0o600)
    program = "import django; django.setup(); from tests.addresses import routes; print('\\n'.join(routes()))"
    settings = {
        "TRE_HOME": str(tmp_path), "TRE_OIDC_ISSUER": "https://login.example", "TRE_OIDC_CLIENT_ID": "tre",
        "TRE_OIDC_CLIENT_SECRET_FILE": str(tmp_path / "secret"), "DJANGO_SETTINGS_MODULE": "tre.config.settings",
    }  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRE_")}
    done = subprocess.run(
        [sys.executable, "-c", program], env={**kept, **settings}, cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split("\n")[:-1]) == {*RULES, *OUTSIDE_RULES}


def test_a_rule_is_by_the_policies_or_by_one_of_four_words():
    for route, rule in {**RULES, **OUTSIDE_RULES}.items():
        assert bool(rule.acts) != bool(rule.who), route
        assert rule.who in {"", ANYONE, SIGNED_IN, TOKEN, CLOSED}, route
        assert set(rule.acts) <= set(acts()), route
        assert rule.may <= set(ROLE_OF), route


@pytest.mark.parametrize("who", sorted(ROLE_OF))
def test_the_policies_answer_for_each_page(house, who, caplog):
    client = browser(who)
    for route, rule in GUARDED.items():
        if rule.method != "POST":
            caplog.clear()
            answer = client.get(place(house, route))
            refused = refusals(caplog, who, rule.acts)
            assert bool(refused) is (who not in rule.may), (route, refused)
            assert answer.status_code != 302, route
            if who not in rule.may:
                assert answer.status_code == 403, route


@pytest.mark.parametrize("who", sorted(ROLE_OF))
def test_who_may_not_changes_nothing_by_any_form(house, who, caplog):
    client = browser(who)
    before = everything()
    for route, rule in GUARDED.items():
        if rule.method != "GET" and who not in rule.may:
            caplog.clear()
            for form in (
                {},
                {
                    "roles": ["nonsense"],
                    "choice": "joined",
                    "reason": "None.",
                    "file-1-choice": "approve",
                    "why": "None.",
                    "text": "None.",
                },
            ):
                answer = client.post(place(house, route), form)
                assert answer.status_code == 403, route
                assert refusals(caplog, who, rule.acts), f"{route}: refused, but not by the policies"
    assert everything() == before


@pytest.mark.parametrize("who", sorted(ROLE_OF))
def test_who_may_is_not_refused_by_any_form(house, who, caplog):
    """Else the test before would be true of a portal that refuses everybody."""
    client = browser(who)
    for route, rule in GUARDED.items():
        if rule.method != "GET" and who in rule.may and not route.endswith("second-factor"):
            caplog.clear()
            answer = client.post(place(house, route), {})
            assert refusals(caplog, who, rule.acts) == [], route
            assert answer.status_code != 404, route


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_stranger_reaches_what_is_public_alone_and_changes_nothing(house, method):
    before = everything()
    for route, rule in RULES.items():
        answer = ask(Client(), method, place(house, route))
        if rule.who in (SIGNED_IN, CLOSED, ""):
            assert answer.status_code in {302, 405}, route
            assert answer.status_code == 405 or answer["Location"].startswith("/accounts/login/"), route
        elif rule.who == TOKEN:
            assert answer.status_code in {400, 401, 403, 405}, route
        else:
            assert answer.status_code in {200, 302, 400, 403, 404, 405}, route
    assert everything() == before


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_password_alone_reaches_nothing_and_changes_nothing(house, method):
    before = everything()
    for route, rule in GUARDED.items():
        for who in rule.may:
            answer = ask(browser(who, second_factor=False), method, place(house, route))
            assert answer.status_code == 302, route
            assert answer["Location"].startswith(("/accounts/2fa/", "/accounts/logout/")), route
    after = everything()
    for each in (before, after):
        each.pop("people.Account")  # a sign-in is noted
    assert after == before


@pytest.mark.parametrize("who", sorted(ROLE_OF))
def test_no_session_opens_what_is_for_programs(house, who):
    client = browser(who)
    before = everything()
    for route, rule in RULES.items():
        if rule.who == TOKEN:
            for method in ("GET", "POST"):
                assert ask(client, method, place(house, route)).status_code in {400, 401, 403, 405}, route
    assert everything() == before


@pytest.mark.parametrize("who", sorted(ROLE_OF))
def test_a_thing_is_found_under_its_own_parent_alone(house, who):
    """One's own request with a file of another's, one's own project with an extract of another's."""
    gout = project("gout", "bob", "ann")
    file = placed(gout, "bob", "in_review")
    client = browser(who)
    for end in ("picture", "download", "changes"):
        found = client.get(f"/airlock/{house['released']['number']}/files/{file.pk}/{end}")
        assert found.status_code in {403, 404}, end
    assert client.get("/projects/gout/extracts/1/").status_code in {403, 404}
    for path in ("/projects/nosuch/", "/airlock/999999/", "/people/nosuch/", "/catalogue/submissions/nosuch/"):
        assert client.get(path).status_code in {403, 404}, path


def test_a_pair_and_a_build_of_nobody_are_not_made_by_looking(house):
    client = browser("mia")
    client.get(address("catalogue/linkage/<uuid:pair>/"))
    assert not DoubtfulPair.objects.exists()
    assert not WarehouseBuild.objects.exists()
