"""The public data-use register, in the national standard's fields."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import agreed, person, project
from tre.projects import applications
from tre.projects.models import Agreement, Extract, Project
from tre.projects.register import as_csv, as_values, entry

pytestmark = pytest.mark.django_db
# The standard's fields, by the names that the Health Data Research Gateway gives them.
STANDARD = {
    "organisation_name", "organisation_sector", "applicant_names", "funders_and_sponsors", "sublicence_arrangements",
    "project_id_text", "project_title", "lay_summary", "public_benefit_statement", "request_category_type",
    "technical_summary", "other_approval_committees", "project_start_date", "project_end_date", "latest_approval_date",
    "datasets", "data_sensitivity_level", "legal_basis_for_data_article6", "legal_basis_for_data_article9",
    "duty_of_confidentiality", "national_data_optout", "request_frequency", "dataset_linkage_description",
    "confidential_data_description", "access_date", "access_type", "privacy_enhancements",
}  # fmt: skip


@pytest.fixture
def study():
    person("ann", "researcher")
    return project("frailty", "ann")


def test_an_entry_has_every_field_of_the_standard(study):
    told = {item.name: item.value for item in entry(study)}
    assert told.keys() == STANDARD
    assert told["datasets"] == "people (Staffordshire ICB)"
    assert told["confidential_data_description"] == "people: birth_year, sex"
    assert told["legal_basis_for_data_article6"] == "6(1)(e): a public task"
    assert told["national_data_optout"] == "Yes"
    assert told["latest_approval_date"] == study.approvals.get().at.date().isoformat()
    assert (told["access_date"], told["dataset_linkage_description"]) == ("", "")


def test_it_tells_of_linkage_access_and_opt_outs_as_they_are(study):
    Extract.objects.create(project=study, number=1, asked_by="mia", ready=True, persons=4711)
    other = agreed(dataset="deaths")
    Agreement.objects.create(project=study, dataset="deaths", **Agreement.fields_of(other))
    Agreement.objects.filter(project=study).update(common_law="consent", decision="REC 1")
    told = {item.name: item.value for item in entry(Project.objects.get())}
    assert told["access_date"] != ""
    assert "pseudonym" in told["dataset_linkage_description"]
    assert told["national_data_optout"] == "No"
    assert told["duty_of_confidentiality"] == "Informed consent"
    assert "4711" not in str(told)


def test_everybody_reads_it_as_page_json_and_csv(study):
    stranger = Client()
    for name in ("register", "register_json", "register_csv"):
        assert "The frailty study" in stranger.get(reverse(name)).content.decode()
    page = stranger.get(reverse("register_entry", args=["frailty"])).content.decode()
    assert "Public benefit statement" in page
    told = json.loads(stranger.get(reverse("register_json")).content)["projects"]
    assert [each["project_id_text"] for each in told] == ["frailty"]
    assert told == as_values([study])
    table = list(csv.DictReader(io.StringIO(stranger.get(reverse("register_csv")).content.decode())))
    assert table[0]["Project title"] == "The frailty study"
    assert table[0]["Dataset(s) name"] == "people (Staffordshire ICB)"


def test_what_was_only_asked_for_is_on_none_of_them(study):
    project("stroke", "ann", approved=False)
    from tests.factories import as_seen_now

    project("falls", "ann", approved=False)
    applications.submit("falls", as_seen_now("ann"))
    stranger = Client()
    for name in ("register", "register_json", "register_csv", "catalogue_dataset"):
        text = stranger.get(reverse(name, args=["people"] if name == "catalogue_dataset" else [])).content.decode()
        assert "stroke" not in text
        assert "falls" not in text
    for code in ("stroke", "falls", "nothing"):
        assert stranger.get(reverse("register_entry", args=[code])).status_code == 404


def test_a_closed_project_stays_on_it(study):
    Project.objects.update(status="closed")
    assert as_values(Project.objects.all())[0]["status"] == "closed"
    assert "Closed" in Client().get(reverse("register")).content.decode()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_what_an_applicant_wrote_is_no_formula_for_who_opens_the_csv(study, start):
    Project.objects.update(title=f'{start}HYPERLINK("https://example.org")')
    cells = next(iter(csv.DictReader(io.StringIO(as_csv(Project.objects.all())))))
    assert cells["Project title"].startswith(f"'{start}")


def test_an_empty_register_is_empty():
    assert as_csv([]) == ""
    assert "No project has been approved yet" in Client().get(reverse("register")).content.decode()
