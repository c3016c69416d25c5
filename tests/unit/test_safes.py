"""One project by the Five Safes and the Caldicott Principles: for its people, approvers and auditors, naming nobody."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.evidence import in_order
from tests.factories import person, project
from tests.unit.test_pages import browser
from tre.audit.services import record
from tre.evidence.safes import document
from tre.people.models import Account
from tre.projects.models import Agreement, Extract, Project

pytestmark = pytest.mark.django_db
ADDRESS = "/projects/frailty/safes"


@pytest.fixture
def house(tmp_path, monkeypatch) -> Project:
    return in_order(tmp_path, monkeypatch)


def told(study: Project) -> dict[str, str]:
    """Return the document's answers by their questions."""
    rows = [row for section in document(study).sections for table in section.tables for row in table.rows]
    return dict(rows)


def test_each_safe_and_each_principle_is_told(house):
    made = document(house)
    headings = [section.heading for section in made.sections]
    assert headings == [
        "Safe people",
        "Safe projects",
        "Safe settings",
        "Safe data",
        "Safe outputs",
        "Caldicott Principles",
    ]
    assert len(made.sections[-1].tables[0].rows) == 8
    assert all(section.paragraphs == ("Judged before approval: met.",) for section in made.sections[:-1])


def test_it_tells_what_is_so_here(house):
    seen = told(house)
    assert seen["Training"].startswith("1 of 1 have current training")
    assert seen["Is it what was approved"].startswith("Yes")
    assert seen["Agreements"].startswith("people of Staffordshire ICB: 2 columns, until ")
    assert "about 4,710 persons" in seen["Extract in use"]
    assert seen["By what an outsider may know a person"] == "birth_year, sex"
    assert seen["Smallest group of persons (k)"] == "people: at least 5"
    assert seen["Opt-outs"] == "The national data opt-out is applied at provisioning"
    assert seen["Privacy budget"].endswith("is spent")
    assert "1 opened so far, 1 open now" in seen["Workspace"]


def test_it_tells_when_the_setting_was_looked_at(house):
    assert told(house)["Last looked at by live checks"] == "never yet"
    counts = {"mandatory": {"met": 30, "not met": 2}}
    record("evidence.made", actor="console", subject="evidence:x", data={"sha256": "0" * 64, "counts": counts})
    assert told(house)["Last looked at by live checks"].endswith(": 30 mandatory statements met, 2 not met")


def test_it_tells_what_is_otherwise(house):
    Account.objects.filter(username="zebedee").update(training_expires=None)
    Project.objects.update(purpose="Something else.")
    extract = Extract.objects.get()
    extract.manifest["risk"]["tables"][0]["k"] = 1
    extract.accepted_by = "owner"
    extract.save()
    Agreement.objects.update(common_law="consent", decision="REC 1")
    seen = told(Project.objects.get())
    assert seen["Training"] == "0 of 1 have current training; the first ends unknown"
    assert seen["Is it what was approved"] == "No"
    assert seen["Smallest group of persons (k)"] == "people: under 5; an information asset owner has accepted it"
    assert seen["Opt-outs"] == "The national data opt-out does not apply"


def test_a_draft_has_little_to_tell(db):
    person("ann", "researcher")
    made = project("stroke", "ann", approved=False)
    seen = told(made)
    assert seen["Approved"] == "not approved"
    assert seen["Extract in use"] == "none"
    assert seen["Smallest group of persons (k)"] == "no table has persons with such columns"
    assert document(made).sections[0].paragraphs == ("It was not judged before approval.",)


@pytest.mark.parametrize(("who", "status"), [("zebedee", 200), ("mia", 200), ("aud", 200), ("cat", 403), ("ope", 403)])
def test_its_people_approvers_and_auditors_see_it(house, who, status):
    answer = browser(who).get(ADDRESS)
    assert answer.status_code == status
    if status == 200:
        text = answer.content.decode()
        assert "Caldicott Principles" in text
        assert "4711" not in text
        assert ("zebedee" in text) == (who == "zebedee")  # who is signed in is named at the top


def test_an_auditor_is_led_back_to_what_they_may_see(house):
    assert f'href="{reverse("home")}">Back' in browser("aud").get(ADDRESS).content.decode()
    assert "Back to the project" in browser("mia").get(ADDRESS).content.decode()


def test_the_project_s_page_leads_to_it(house):
    assert ADDRESS in browser("mia").get("/projects/frailty/").content.decode()
