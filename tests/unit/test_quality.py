"""Quality on a real Spark session: each dimension counted as plain Python counts it, and never a value told."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest

from spark_jobs import consistency, quality, tables
from spark_jobs.contracts import Contract, Field
from spark_jobs.errors import JobRefused
from spark_jobs.validate import judge
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.spark
RULES = quality.load_rules(REPOSITORY / "policies" / "quality.yaml")
AS_OF = date(2026, 7, 1)


def field(name: str, **more: object) -> Field:
    told = {"type": "string", "description": "", "required": False, "primary_key": False, "classification": "safe"}
    return Field(name, **{**told, **more})


def contract(dataset: str = "visits", **more: object) -> Contract:
    told = {
        "version": "1.0.0", "description": "", "controller": "", "lawful_basis": "", "cadence": "monthly",
        "person_level": True, "local_key": "id", "date_column": "came",
        "fields": (
            field("id", required=True, primary_key=True), field("came", type="date"),
            field("left", type="date", not_before="came"), field("code", values=("A", "B")),
            field("note", classification="free_text"),
        ),
    }  # fmt: skip
    return Contract(dataset, **{**told, **more})


VISITS = contract()
_SCHEMA = (
    "provider string, submission string, landed int, file string, row long, "
    "id string, came string, left string, code string, note string"
)
SENT = [
    ("p", "june", 1, "a.csv", 1, "1", "2026-06-20", "2026-06-21", "A", "secret-a"),
    ("p", "june", 1, "a.csv", 1, "2", "2026-06-20", "2026-06-19", "B", ""),  # left before it came
    ("p", "june", 1, "a.csv", 1, "2", "2026-06-20", "", "B", None),  # stands in its place
    *[("p", "june", 1, "a.csv", 1, "4", "2026-06-20", "", "B", None)] * 2,  # repeated
    ("p", "june", 1, "a.csv", 1, "3", "20/06/2026", "", "Z", " "),  # two faults, of which the reason tells one
    ("p", "june", 1, "a.csv", 1, "", "2026-06-20", "", "A", "secret-b"),  # no key
    ("p", "old", 2, "a.csv", 1, "9", "2025-12-31", "2026-01-02", None, "secret-c"),
]


def judged_and_measured(spark, folder: Path, sent: list, visits: Contract = VISITS, **told) -> list[quality.Measure]:
    """Judge, write and measure as the build does."""
    tally = quality.Tally(visits, ["june", "old", "replaced"])
    judged = tally.watched(judge(spark.createDataFrame(sent, _SCHEMA), visits, AS_OF))
    judged.write.parquet(str(folder))
    written = spark.read.parquet(str(folder))
    return quality.measure(written, tally.counts(written), visits, RULES, as_of=AS_OF, **told)


@pytest.fixture(scope="module", params=["in passing", "in a pass of its own"])
def measured(spark, tmp_path_factory, request):
    created = {"june": "2026-07-01T00:00:00Z", "old": "2026-07-01T00:00:00Z"}
    told = {"created": created, "unmeasured": ["june", "old"]}
    with pytest.MonkeyPatch.context() as patch:
        if request.param != "in passing":
            patch.setattr(quality, "_MOST_IN_PASSING", 0)
        return judged_and_measured(spark, tmp_path_factory.mktemp("judged") / "visits", SENT, **told)


def counts(measured, submission: str) -> dict[tuple[str, str], tuple[int, int]]:
    found = [each for each in measured if each.submission == submission]
    told = {(each.field, each.dimension): (each.numerator, each.denominator) for each in found}
    assert len(told) == len(found)
    return told


def test_each_dimension_counts_what_it_says(measured):
    assert counts(measured, "june") == {
        ("id", "completeness"): (6, 7),
        ("came", "completeness"): (7, 7),
        ("left", "completeness"): (2, 7),
        ("code", "completeness"): (7, 7),
        ("note", "completeness"): (2, 7),
        ("came", "validity"): (6, 7),
        ("left", "validity"): (2, 2),
        ("code", "validity"): (6, 7),
        ("left", "consistency"): (1, 2),
        ("", "completeness"): (6, 7),  # of what is required
        ("", "validity"): (14, 16),
        ("", "consistency"): (1, 2),
        ("", "uniqueness"): (6, 7),
        ("", "timeliness"): (1, 1),
    }


def test_a_submission_of_old_events_is_late(measured):
    assert counts(measured, "old")[("", "timeliness")] == (0, 1)


def test_a_dataset_s_measures_are_the_sums_of_its_submissions(measured):
    parts = [counts(measured, name) for name in ("june", "old")]
    whole = counts(measured, "")
    assert whole.keys() == parts[0].keys() | parts[1].keys()
    for key, told in whole.items():
        assert told == tuple(sum(part.get(key, (0, 0))[place] for part in parts) for place in (0, 1)), key


def test_a_measured_submission_is_not_told_again_and_still_counts(spark, measured, tmp_path):
    created = {"june": "2026-07-01", "old": "2026-07-01"}
    again = judged_and_measured(spark, tmp_path / "visits", SENT, created=created, unmeasured=["old"])
    assert {each.submission for each in again} == {"old", ""}
    assert counts(again, "") == counts(measured, "")


def test_a_submission_that_none_of_the_rows_are_of_has_no_measure(spark, tmp_path, measured):
    assert {each.submission for each in measured} == {"june", "old", ""}
    assert judged_and_measured(spark, tmp_path / "visits", [], created={}, unmeasured=["june"]) == []


def test_no_value_is_told(measured):
    told = json.dumps([asdict(each) for each in measured])
    assert not [word for row in SENT for word in row[6:] if word and len(word) > 1 and word in told]


@pytest.mark.parametrize(("cadence", "created"), [("on demand", "2026-07-01"), ("monthly", "in summer")])
def test_without_a_period_or_a_day_there_is_no_timeliness(spark, tmp_path, cadence, created):
    told = {"created": {"june": created}, "unmeasured": ["june"]}
    made = judged_and_measured(spark, tmp_path / "visits", SENT[:1], contract(cadence=cadence), **told)
    assert "timeliness" not in {each.dimension for each in made}


def test_faults_are_counted_by_submission_file_and_field(spark, tmp_path):
    rows = [("june", "a.csv", "code: unknown code")] * 3 + [
        ("june", "b.csv", "id: repeated"),
        ("old", "a.csv", "x, y: repeated"),
    ]
    spark.createDataFrame(rows, "submission string, file string, reason string").write.parquet(str(tmp_path / "visits"))
    lost = [("june", "c.csv", "id: missing")]
    spark.createDataFrame(lost, "submission string, file string, reason string").write.parquet(str(tmp_path / "stays"))
    found = quality.faults(spark, tmp_path)
    assert [tuple(each.values()) for each in found] == [
        ("stays", "june", "c.csv", "id", "missing", 1),
        ("visits", "june", "a.csv", "code", "unknown code", 3),
        ("visits", "june", "b.csv", "id", "repeated", 1),
        ("visits", "old", "a.csv", "x, y", "repeated", 1),
    ]
    assert quality.by_reason(found)[1] == {"dataset": "visits", "reason": "code: unknown code", "rows": 3}


def test_providers_that_tell_of_one_person_differently_are_counted(spark):
    records = [
        ("gp", "1", "1", "1950-01-01"), ("ward", "a", "2", "1950-01-01"),  # sex differs
        ("gp", "2", "1", "1960-01-01"), ("ward", "b", "9", "1960-01-02"),  # unknown sex says nothing; days differ
        ("gp", "3", "2", "1970-01-01"), ("gp", "4", "1", "1970-01-01"),  # one provider alone is not asked
        ("gp", "5", "2", None), ("ward", "c", "2", "1980-01-01"),
    ]  # fmt: skip
    known = [("gp", "1", "A"), ("ward", "a", "A"), ("gp", "2", "B"), ("ward", "b", "B"), ("gp", "3", "C"),
             ("gp", "4", "C"), ("gp", "5", "D"), ("ward", "c", "D")]  # fmt: skip
    made = consistency.across_providers(
        spark.createDataFrame(records, "provider string, local_id string, sex string, birth_date string"),
        spark.createDataFrame(known, "provider string, local_id string, person string"),
        RULES,
    )
    told = {each.field: (each.numerator, each.denominator) for each in quality.summed(made)}
    assert told == {"sex": (1, 2), "birth_date": (1, 2), "": (2, 4)}


def test_events_after_a_death_are_counted_and_a_year_of_few_rows_is_not_covered(spark, tmp_path):
    people = [("A", date(2020, 5, 1)), ("B", None)]
    visits = [("A", date(2019, 1, 1)), ("A", date(2020, 5, 2)), ("A", date(2020, 5, 3)), ("B", date(2021, 1, 1))]
    visits += [("B", date(2019, 2, 2))] * 9 + [("B", date(2020, 2, 2))] * 8 + [("B", None)]
    tables.publish(spark.createDataFrame(people, "pseudonym string, died_on date"), tmp_path / "people")
    for name in ("visits", "deaths"):
        tables.publish(spark.createDataFrame(visits, "pseudonym string, came date"), tmp_path / name)
    undated = contract("people", date_column="")
    told = {"visits": VISITS, "deaths": contract("deaths"), "people": undated}
    found = consistency.of_days(spark, tmp_path, dict.fromkeys(told, 0), told, RULES)
    assert found.keys() == {"visits", "deaths"}
    seen = found["visits"]
    assert {each.field: (each.numerator, each.denominator) for each in seen.measures} == {"came": (2, 3), "": (2, 3)}
    assert (seen.first_year, seen.last_year) == (2019, 2020)
    assert found["deaths"].measures == ()


@pytest.mark.parametrize("text", ["", "version: 1", "timeliness: {period_days: {daily: often}}", "["])
def test_rules_that_are_not_whole_are_refused_in_one_sentence(tmp_path, text):
    (tmp_path / "quality.yaml").write_text(text)
    with pytest.raises(JobRefused, match=r"not whole \(quality.yaml\)"):
        quality.load_rules(tmp_path / "quality.yaml")
