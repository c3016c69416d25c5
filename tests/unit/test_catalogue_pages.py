"""The catalogue's pages: found by words, honest about quality, silent about submissions and small counts."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.catalogue import built, measured, submission
from tests.factories import person, project
from tests.unit.test_pages import browser
from tre.catalogue import contracts, lineage, search
from tre.catalogue.contracts import Column, Dataset
from tre.catalogue.models import DatasetVersion, QualityMeasure, Submission, WarehouseBuild, Withdrawal
from tre.catalogue.plots import plot
from tre.projects.models import Agreement, Extract

pytestmark = pytest.mark.django_db


def page(path: str, client: Client | None = None) -> str:
    answer = (client or Client()).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def made(rows: int = 1234, quarantined: int = 3) -> WarehouseBuild:
    submission("june", datasets=["gp_events"])
    table = {"dataset": "gp_events", "version": 0, "rows": rows, "quarantined": quarantined, "first_year": 2018,
             "last_year": 2026}  # fmt: skip
    measures = measured("june", dataset="gp_events")
    measures.append(
        {"dataset": "gp_events", "submission": "", "field": "snomed_code", "dimension": "completeness",
         "numerator": 390, "denominator": 400}
    )  # fmt: skip
    return built(measures, faults=[("june", "gp_events", "a.csv", "snomed_code", "missing", 7)], tables=[table])


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("gp_events", "gp_events"),
        ("snomed", "gp_events: snomed_code"),
        ("SNOMED gp", "gp_events: snomed_code"),
        ("depriv", "small_area"),
        ("waiting list", "admitted_care: admission_method"),
        ("accident", "emergency_care"),
    ],
)
def test_a_dataset_or_field_is_found_by_words(question, first):
    found = [
        f"{each.dataset.name}: {each.column.name}" if each.column else each.dataset.name
        for each in search.find(question)
    ]
    assert first in found[:3], found
    assert first in page(f"/catalogue/?q={question}")


@pytest.mark.parametrize("question", ["", "   ", "%", "' OR zebra=1", "zebra", "gp zebra", "<script>"])
def test_what_is_not_there_is_not_found_and_harms_nothing(question):
    assert search.find(question) == []
    assert "<script>" not in page(f"/catalogue/?q={question}")


def test_every_name_finds_itself():
    for name, dataset in contracts.datasets().items():
        assert search.find(name)[0].dataset.name == name
        for column in dataset.columns:
            assert any(
                each.column is column for each in search.find(f"{name} {column.name}") or search.find(column.name)
            )


def test_a_dataset_page_rounds_its_counts_and_names_no_submission():
    made()
    told = page("/catalogue/gp_events/")
    assert "about 1,235 rows, fewer than 10 in quarantine" in told
    assert "1,234" not in told
    assert "june" not in told
    assert "2018 to 2026" in told
    assert "97.5%" in told


def test_a_plot_has_a_title_a_description_and_a_table():
    made()
    told = page("/catalogue/gp_events/")
    named = re.findall(r'aria-labelledby="(plot-\w+)-title (plot-\w+)-desc"', told)
    assert len(named) == len(set(named)) == 2
    for title, description in named:
        assert title == description
        assert f'<title id="{title}-title">' in told
        assert f'<desc id="{title}-desc">' in told
    assert "Completeness of gp_events as a table" in told
    assert 'style="' not in told  # the content security policy would drop it


def test_a_share_that_may_not_be_shown_breaks_the_line():
    now = timezone.now()
    points = [(now + timedelta(days=n), share) for n, share in enumerate([50.0, 60.0, None, 70.0, 80.0, None, 90.0])]
    drawn = plot("a", "A", points)
    assert [len(line.split()) for line in drawn.lines] == [2, 2]
    assert [dot.y is None for dot in drawn.dots] == [share is None for _, share in points]
    assert drawn.description.startswith("7 builds: 50 per cent on")
    assert "Lowest 50 per cent" in drawn.description


@pytest.mark.parametrize(("share", "said"), [(None, "not shown on"), (99.5, "99.5 per cent on")])
def test_one_build_is_told_in_a_sentence(share, said):
    assert plot("a", "A", [(timezone.now(), share)]).description.startswith(said)


def test_a_field_page_tells_its_codes_and_only_what_the_register_tells_of_projects():
    person("ann", "researcher")
    project("frailty", "ann")
    project("stroke", "ann", approved=False)
    Agreement.objects.update(dataset="admitted_care", columns=["admission_method"])
    told = page("/catalogue/admitted_care/fields/admission_method/")
    assert "Elective: waiting list" in told
    assert "NHS Data Model and Dictionary" in told
    assert "The frailty study" in told
    assert "The stroke study" not in told
    assert "ann" not in re.findall(r"\w+", told)
    assert "The frailty study" not in page("/catalogue/admitted_care/fields/discharge_method/")


@pytest.mark.parametrize(
    "path", ["/catalogue/wages/", "/catalogue/gp_events/fields/salary/", "/catalogue/wages/dcat.jsonld"]
)
def test_what_there_is_no_contract_for_is_told_in_one_sentence(path):
    answer = Client().get(path)
    assert answer.status_code == 404
    assert "data contract" in answer.content.decode()


def test_a_submission_page_hides_small_counts_and_its_report_holds_them():
    made()
    person("mia", "data_manager")
    client = browser("mia")
    told = page("/catalogue/submissions/june/", client)
    assert "fewer than 10" in told
    report = client.get("/catalogue/submissions/june/report.csv")
    assert report.headers["Content-Disposition"] == 'attachment; filename="june-report.csv"'
    assert "gp_events,a.csv,snomed_code,missing,7,400" in report.content.decode()
    assert "snomed_code" in client.get("/catalogue/submissions/june/report.html").content.decode()
    assert "june" in page("/catalogue/", client)
    assert client.get("/catalogue/submissions/july/").status_code == 404


@pytest.fixture
def region(monkeypatch):
    """200 datasets of 50 fields, with 5,000 submissions and two years of builds of one of them."""
    columns = tuple(Column(f"field_{n}", "string", "What it says", "safe", True, "", "", "", ()) for n in range(50))
    many = {
        f"set_{n}": Dataset(f"set_{n}", "1.0.0", "A dataset", "ICB", "", "monthly", "", columns) for n in range(200)
    }
    monkeypatch.setattr("tre.catalogue.views.datasets", lambda: many)
    monkeypatch.setattr("tre.catalogue.contracts.datasets", lambda: many)
    person("mia", "data_manager")
    files = [{"name": "a.csv", "dataset": "set_0", "rows": 1}]
    Submission.objects.bulk_create(
        Submission(identity=f"s-{n}", number=n, provider="north", controller="ICB", by="test", files=files)
        for n in range(5000)
    )
    builds = [WarehouseBuild.objects.create(by="test", inputs=str(n), last_submission=5000) for n in range(24)]
    DatasetVersion.objects.bulk_create(
        DatasetVersion(dataset=name, version=n, rows=1000, build=builds[n]) for name in many for n in range(2)
    )
    QualityMeasure.objects.bulk_create(
        QualityMeasure(
            build=each, dataset="set_0", field=field, dimension="completeness", numerator=900, denominator=1000
        )
        for each in builds
        for field in ("", *(column.name for column in columns))
    )
    return browser("mia")


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/catalogue/", 12),
        ("/catalogue/dcat.jsonld", 6),
        ("/catalogue/set_0/", 12),
        ("/catalogue/set_0/fields/field_7/", 9),
        ("/catalogue/set_0/lineage/", 10),
        ("/catalogue/submissions", 10),
        ("/catalogue/submissions/s-7/", 11),
    ],
)
def test_a_region_s_catalogue_asks_the_database_a_bounded_number_of_questions(
    region, path, most, django_assert_max_num_queries
):
    with django_assert_max_num_queries(most):
        answer = region.get(path)
    assert answer.status_code == 200
    assert len(answer.content) < 2_000_000


def test_the_json_in_a_page_cannot_end_its_script(monkeypatch):
    real = contracts.dataset("gp_events")
    evil = Dataset(**{**vars(real), "description": "</script><script>alert(1)</script>"})
    monkeypatch.setattr("tre.catalogue.views.dataset", lambda name: evil)
    monkeypatch.setattr("tre.catalogue.pages.dataset", lambda name: evil)
    told = page("/catalogue/gp_events/")
    assert "<script>alert" not in told
    [inside] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', told, re.DOTALL)
    assert json.loads(inside)["@type"] == "Dataset"


def test_lineage_leads_from_the_submissions_through_the_version_to_the_extracts():
    submission("may", datasets=["people"])
    built(measured("may", dataset="people"), tables=[{"dataset": "people", "version": 0, "rows": 50}])
    submission("june", datasets=["gp_events"])
    built(measured("june", dataset="people"), inputs="b", tables=[{"dataset": "people", "version": 1, "rows": 60}])
    submission("july", datasets=["people"])  # landed since: in no version yet
    for code, version, ready in (("frailty", 0, True), ("stroke", 1, True), ("asthma", 1, False)):
        tables = [{"name": "people", "source_version": version}, {"name": "deaths", "source_version": 9}]
        Extract.objects.create(
            project=project(code, approved=False), number=3, manifest={"tables": tables}, ready=ready, asked_by="mia"
        )
    newest, older = lineage.steps("people")
    assert [each.identity for each in newest.submissions] == ["june", "may"]
    assert [each.identity for each in older.submissions] == ["may"]
    assert [(each.project, each.number) for each in newest.extracts] == [("stroke", 3)]
    assert [(each.project, each.number) for each in older.extracts] == [("frailty", 3)]
    person("mia", "data_manager")
    told = page("/catalogue/people/lineage/", browser("mia"))
    assert "/catalogue/submissions/june/" in told
    assert "/projects/stroke/" in told
    assert "july" not in told
    assert "2 submissions lead to the build of" in told


def test_a_dataset_s_lineage_has_its_own_submissions_alone():
    submission("may", datasets=["people"])
    made()
    [step] = lineage.steps("gp_events")
    assert [each.identity for each in step.submissions] == ["june"]
    Withdrawal.objects.create(submission=Submission.objects.get(identity="june"), dataset="gp_events", by="mia")
    [step] = lineage.steps("gp_events")
    assert [each.identity for each in step.submissions] == ["june"]  # this version was made before
    built([], inputs="b", tables=[{"dataset": "gp_events", "version": 1, "rows": 0}])
    assert [len(each.submissions) for each in lineage.steps("gp_events")] == [0, 1]
    assert lineage.steps("births") == []
    person("mia", "data_manager")
    assert "no version of it yet" in page("/catalogue/births/lineage/", browser("mia"))


def test_a_long_column_of_the_diagram_ends_with_how_many_more_there_are():
    for number in range(20):
        submission(f"sent-{number:02}", datasets=["people"])
    built([], tables=[{"dataset": "people", "version": 0, "rows": 50}])
    drawn = lineage.diagram(lineage.steps("people")[0])
    texts = [box.text for box in drawn.boxes]
    assert texts[:6] == ["sent-19", "sent-18", "sent-17", "sent-16", "sent-15", "and 15 more"]
    assert texts[-1] == "none"
    assert len(drawn.lines) == 6 + 1 + 1
    assert all(0 <= box.x <= drawn.width - drawn.box_width for box in drawn.boxes)
    assert all(0 <= box.y <= drawn.height - drawn.box_height for box in drawn.boxes)
