"""What is kept of quality: each measure once, shares that a page may show, and the provider's report."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import IntegrityError

from tests.catalogue import built, measured, submission
from tre.audit.models import Entry
from tre.catalogue import quality
from tre.catalogue.models import Fault, QualityMeasure
from tre.catalogue.reports import as_csv, as_html, write_reports
from tre.catalogue.suppression import share, shown, told


@pytest.mark.parametrize(
    ("count", "may"), [(0, None), (1, None), (9, None), (10, 10), (12, 10), (13, 15), (1002, 1000), (1003, 1005)]
)
def test_a_count_is_rounded_or_not_shown(count, may):
    assert shown(count) == may


def test_none_and_few_look_alike():
    assert {told(count) for count in range(10)} == {"fewer than 10"}
    assert told(12_345) == "about 12,345"


@pytest.mark.parametrize(
    ("numerator", "denominator", "may"),
    [
        (9, 9, None),  # too few were asked
        (9, 400, None),  # too few were as they should be
        (0, 400, None),
        (391, 400, 100.0),  # fewer than ten lacks count as none
        (400, 400, 100.0),
        (390, 400, 97.5),
        (388, 400, 97.5),  # a rounded share does not tell one row
        (200, 400, 50.0),
    ],
)
def test_a_share_tells_of_no_few(numerator, denominator, may):
    assert share(numerator, denominator) == may


@pytest.mark.parametrize("rows", range(10, 400, 7))
def test_one_row_more_or_less_shows_at_most_where_rounding_steps(rows):
    steps = {share(rows - lacks, rows) for lacks in range(rows + 1)}
    assert len(steps) <= rows / 5 + 2


@pytest.mark.django_db
def test_a_build_keeps_its_measures_once_with_its_entry():
    sent = submission("june")
    assert quality.unmeasured() == ["june"]
    build = built(measured("june"), faults=[("june", "visits", "a.csv", "code", "unknown code", 12)])
    assert quality.unmeasured() == []
    assert sent.measures.count() == 3
    assert QualityMeasure.objects.filter(submission=None, build=build).count() == 3
    assert Fault.objects.get().rows == 12
    assert Entry.objects.get(event="catalogue.built").data["measures"] == 6


@pytest.mark.django_db(transaction=True)
def test_a_submission_is_never_measured_twice():
    submission("june")
    built(measured("june"))
    with pytest.raises(IntegrityError):
        built(measured("june"), inputs="b")
    assert QualityMeasure.objects.count() == 6


@pytest.mark.django_db
def test_shares_over_time_are_of_the_builds_in_order():
    for month, good in (("may", 200), ("june", 300), ("july", 390)):
        submission(month)
        built(measured(month, numerator=good, denominator=400), inputs=month)
    [completeness] = [each for each in quality.series("visits") if each.dimension == "completeness"]
    assert [share for _, share in completeness.points] == [50.0, 75.0, 97.5]
    assert completeness.newest == 97.5
    assert quality.newest_of_fields("visits") == {"code": {"validity": 97.5}}


@pytest.mark.django_db
def test_the_provider_s_report_is_exact_and_written_again_the_same(tmp_path):
    sent = submission("june")
    faults = [("june", "visits", "a.csv", "code", "unknown code", 3), ("june", "visits", "a.csv", "id", "repeated", 1)]
    build = built(measured("june"), faults=faults)
    assert write_reports(build, tmp_path) == 1
    folder = tmp_path / "north" / "june"
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert write_reports(build, tmp_path) == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    assert set(first) == {"report.csv", "report.html"}
    lines = list(csv.reader(io.StringIO(as_csv(sent))))
    assert lines[0] == ["dataset", "file", "field", "what", "rows", "of"]
    assert ["visits", "a.csv", "code", "unknown code", "3", "400"] in lines
    assert ["visits", "", "code", "validity", "395", "400"] in lines
    page = as_html(sent)
    assert "unknown code" in page
    assert "a.csv" in page
    assert "395" in page


@pytest.mark.django_db
def test_a_report_of_no_fault_says_so():
    sent = submission("june")
    built(measured("june"))
    assert "<p>None.</p>" in as_html(sent)
