"""The disclosure rules of a project: chosen in its assessment, never looser than the organisation's, used by all."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from random import Random

import pytest
from django.urls import reverse

from tests.airlock import inspected, open_study
from tests.factories import agreed_to, as_seen_now, decided, person, project
from tests.insider import as_an_insider
from tests.unit.test_pages import browser
from tests.unit.test_workspace_api import as_workspace, token
from tre.audit.models import Entry
from tre.config.options import load
from tre.disclosure.model import DisclosureError
from tre.disclosure.policy import load_policy
from tre.disclosure.profile import _STRICTER, Profile
from tre.errors import Refused
from tre.projects import applications, disclosure
from tre.projects.applying import SAFES
from tre.projects.disclosure import Choice, rules_of
from tre.projects.models import Application, Extract, Project
from tre.projects.services import stands_as_approved, terms
from tre.workspace.client import rules as client_rules
from tre.workspace.client.inspecting import inspect
from tre.workspace.client.outputs import safe_table

MET = dict.fromkeys(SAFES, ("met", ""))
POLICY = load_policy()
with_database = pytest.mark.django_db


@pytest.fixture
def waiting() -> Project:
    person("ann", "researcher")
    made = project("falls", "ann", approved=False)
    applications.submit("falls", as_seen_now("ann"))
    return made


def organisation(monkeypatch: pytest.MonkeyPatch, profile: str) -> None:
    changed = load().model_copy(update={"disclosure_profile": profile})
    monkeypatch.setattr(disclosure, "load", lambda: changed)


@with_database
def test_they_are_chosen_on_the_page_and_are_part_of_what_is_approved(waiting: Project) -> None:
    manager = agreed_to(waiting)
    page = reverse("application_assessment", args=["falls"])
    judged = dict.fromkeys(SAFES, "met") | {"profile": "standard"}
    mia = browser(manager.username)
    assert 'value="acro" checked' in mia.get(page).content.decode()
    for wrong in ({"disclosure_threshold": "9"}, {"disclosure_profile": "opensafely-midpoint"}):
        assert mia.post(page, judged | wrong).status_code == 400
    assert "never loosen it" in mia.post(page, judged | {"disclosure_threshold": "9"}).content.decode()
    chosen = {"disclosure_profile": "uk-llc", "disclosure_threshold": "20"}
    assert mia.post(page, judged | chosen).status_code == 302
    waiting.refresh_from_db()
    assert waiting.disclosure_profile == "", "until it is approved the project stands as it was submitted"
    told = browser("ann").get(reverse("application", args=["falls"])).content.decode()
    assert "Once approved: uk-llc, at least 20 people in a count" in told
    applications.approve("falls", manager)
    waiting.refresh_from_db()
    assert (waiting.disclosure_profile, waiting.disclosure_threshold) == ("uk-llc", 20)
    assert stands_as_approved(waiting)
    assert "uk-llc: at least 20 people" in browser("ann").get(reverse("project", args=["falls"])).content.decode()
    assert Entry.objects.filter(event="projects.assessed").last().data["disclosure"] == ["uk-llc", 20]
    as_an_insider("UPDATE projects_project SET disclosure_threshold = 10")
    assert not stands_as_approved(Project.objects.get(code="falls")), "whoever loosens it later is found out"


@with_database
def test_those_that_nobody_is_on_record_for_are_not_approved(waiting: Project) -> None:
    manager = agreed_to(waiting)
    applications.assess("falls", MET, manager, disclosure=Choice("acro", 30))
    as_an_insider("UPDATE projects_application SET disclosure_threshold = 10")
    with pytest.raises(Refused, match="not the one that the audit log holds"):
        applications.approve("falls", manager)


@with_database
def test_a_change_of_people_keeps_them(waiting: Project) -> None:
    manager = agreed_to(waiting)
    applications.assess("falls", MET, manager, disclosure=Choice("opensafely", 12))
    made = applications.approve("falls", manager)
    decided(made)
    made.refresh_from_db()
    assert (made.disclosure_profile, made.disclosure_threshold) == ("opensafely", 12)


@with_database
@pytest.mark.parametrize("choice", [Choice("opensafely-midpoint"), Choice("none"), Choice("acro", 9), Choice("", 1)])
def test_looser_ones_are_refused(waiting: Project, choice: Choice) -> None:
    manager = agreed_to(waiting)
    with pytest.raises(Refused):
        applications.assess("falls", MET, manager, disclosure=choice)
    assert Application.objects.get().disclosure_profile == "acro"


@with_database
def test_what_was_approved_before_there_was_a_choice_still_stands(waiting: Project) -> None:
    assert not [name for name in terms(waiting)["project"] if name.startswith("disclosure")]
    waiting.disclosure_threshold = 20
    assert terms(waiting)["project"]["disclosure_threshold"] == 20


def strictness(profile: Profile, name: str) -> bool:
    return profile.small != "zero" or name not in ("check_zeros", "check_classes")


@pytest.mark.parametrize("held", sorted(POLICY.profiles))
@pytest.mark.parametrize("chosen", ["", *sorted(POLICY.profiles)])
@pytest.mark.parametrize("threshold", [None, 1, 8, 10, 30])
def test_no_choice_is_looser_than_the_organisation_s(held: str, chosen: str, threshold: int | None) -> None:
    least = POLICY.profile(held)
    try:
        rules = POLICY.held_to(held, chosen, threshold)
    except DisclosureError:
        assert chosen not in ("", *POLICY.choices[held]) or (threshold or 99) < max(
            least.threshold, POLICY.profile(chosen or held).threshold
        )
        return
    found = POLICY.tightened(rules.overrides()).profile(rules.profile)
    assert found.threshold == rules.threshold >= max(threshold or 0, least.threshold)
    for name in (each.name for each in fields(Profile) if each.name in _STRICTER):
        if strictness(found, name):
            assert _STRICTER[name](getattr(found, name), getattr(least, name)), name
    assert least.rounding in ("none", found.rounding)
    assert least.small == found.small or found.small != "round", "what is small is hidden still"


@with_database
def test_a_choice_falls_away_when_the_organisation_s_rules_become_stricter(monkeypatch: pytest.MonkeyPatch) -> None:
    person("ann", "researcher")
    made = project("falls", "ann")
    made.disclosure_profile, made.disclosure_threshold = "opensafely", 20
    assert rules_of(made).profile == "opensafely"
    organisation(monkeypatch, "uk-llc")
    assert (rules_of(made).profile, rules_of(made).threshold) == ("uk-llc", 20)
    made.disclosure_threshold = 3
    assert rules_of(made).threshold == 10


@with_database
def test_the_airlock_inspects_by_them() -> None:
    study = open_study()
    table = ("table.csv", b"age_band,persons\n60s,15\n70s,120\n")
    assert inspected(study, table).state == "in_review"
    Project.objects.update(disclosure_threshold=20)
    assert inspected(study, table, context="Again.").state == "blocked"
    Project.objects.update(disclosure_profile="opensafely", disclosure_threshold=None)
    made = inspected(study, ("table.csv", b"age_band,persons\n60s,15\n70s,121\n"))
    (found,) = made.files.get().inspected().findings
    assert (found.rule, made.files.get().inspected().profile) == ("unrounded-count", "opensafely")


@with_database
def test_a_workspace_is_told_them_and_makes_and_inspects_tables_by_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    person("ann", "researcher")
    made = project("frailty", "ann")
    Extract.objects.create(project=made, number=1, asked_by="test", ready=True, persons=10, manifest={"tables": []})
    held = token()
    Project.objects.update(disclosure_profile="uk-llc", disclosure_threshold=20)
    told = as_workspace(held).json()
    known = {"quasi": ["birth_year", "sex"], "population": 10}
    assert told["disclosure"] == {"profile": "uk-llc", "threshold": 20, "figures": {"threshold": 20}, **known}
    monkeypatch.setenv("TRE_API", "http://door")
    monkeypatch.setattr(client_rules, "call", lambda method, path: told)
    path = tmp_path / "table.csv"
    path.write_text("age_band,persons\n60s,15\n70s,120\n")
    assert [each["rule"] for each in inspect(path)["findings"]] == ["small-count"]
    assert inspect(path, profile="acro")["verdict"] == "pass"
    path.write_bytes(rows_of_people(29))
    assert "unique-persons" in [each["rule"] for each in inspect(path)["findings"]]
    import pandas as pd

    frame = pd.DataFrame({"band": ["60s"] * 15 + ["70s"] * 120, "region": ["n", "s", "s"] * 45})
    table = safe_table(frame, "band")
    assert (table.profile, table.outcome.loc["60s"].iloc[0]) == ("uk-llc", "threshold")
    assert safe_table(frame, "band", profile="acro").suppressed == 0
    monkeypatch.delenv("TRE_API")
    assert safe_table(frame, "band").profile == "acro"


def rows_of_people(count: int) -> bytes:
    random = Random(1)
    lines = [f"{random.randrange(1930, 1990)},{random.choice('FM')},{random.randrange(5)}" for _ in range(count)]
    return ("birth_year,sex,outcome\n" + "\n".join(lines) + "\n").encode()


@with_database
def test_the_airlock_knows_by_which_columns_a_person_of_the_extract_is_known() -> None:
    study = open_study()
    assert (disclosure.quasi_of(study), disclosure.population_of(study)) == (("birth_year", "sex"), 0)
    report = {"tables": [{"table": "gp_patients", "quasi": ["practice_code"]}]}
    for number, persons in ((1, 900), (2, 1200)):
        manifest = {"tables": [], "risk": report if number == 1 else {}}
        told = {"number": number, "persons": persons, "manifest": manifest}
        Extract.objects.create(project=study, asked_by="test", ready=True, **told)
    assert disclosure.quasi_of(study) == ("birth_year", "practice_code", "sex")
    assert disclosure.population_of(study) == 1200
    found = inspected(study, ("rows.csv", rows_of_people(29))).files.get().inspected().findings
    (alone,) = [each for each in found if each.rule == "unique-persons"]
    assert "among all 1200 people" in alone.location


@with_database
@pytest.mark.parametrize("measures", [1, 2])
def test_a_table_of_rates_by_those_columns_is_no_table_of_people(measures: int) -> None:
    rates = [
        f"{year},{sex},m{n},{year % 7}.{n}"
        for year in range(1950, 1964) for sex in "FM" for n in range(measures)
    ]  # fmt: skip
    made = inspected(open_study(), ("rates.csv", ("birth_year,sex,measure,rate\n" + "\n".join(rates)).encode()))
    assert "unique-persons" not in {each.rule for each in made.files.get().inspected().findings}
