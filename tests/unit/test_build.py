"""A build on a real Spark session: what is good is published, the rest waits with its reason, and both are counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spark_jobs import build, quality, streamed_quality, tables
from spark_jobs.feedback import MOST_ROWS
from tests.health_system import build_warehouse, patient, submit, use_session

pytestmark = pytest.mark.spark
EVENT = {"event_date": "2025-01-01", "snomed_code": "22298006"}


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Return a home with readings that were measured, and a practice's patients, no prescription, and five events."""
    folder = tmp_path_factory.mktemp("home")
    events = [
        {**EVENT, "event_id": "E1", "local_id": "G0"},
        {**EVENT, "event_id": "E2", "local_id": "G1"},
        {**EVENT, "event_id": "E3", "local_id": "G77"},
        {**EVENT, "event_id": "E4", "local_id": "G1", "event_date": "2025-02-30"},
        {**EVENT, "event_id": "E5", "local_id": "G78", "snomed_code": "22298007"},
    ]
    patients = [patient(person) for person in range(3)]
    readings = [quality.Measure("device_readings", "", "", "timeliness", 3, 4)]
    streamed_quality.add(streamed_quality.folder(folder / "landing", "device_readings"), "a stream", 0, readings)
    submit(folder / "landing", "gp-1", "gp-system", gp_patients=patients, gp_events=events, gp_prescriptions=[])
    return folder


@pytest.fixture(scope="module")
def built(spark, home) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patched:
        use_session(patched, spark, build)
        return build_warehouse(home)


def test_a_row_that_breaks_a_rule_or_whose_person_nobody_knows_waits_with_its_reason(spark, home, built):
    assert built["quarantine"] == [
        {"dataset": "gp_events", "reason": "event_date: not a date", "rows": 1},
        {"dataset": "gp_events", "reason": "local_id: no such person", "rows": 1},
        {"dataset": "gp_events", "reason": "snomed_code: wrong form", "rows": 1},
    ]
    waiting = spark.read.parquet(str(home / "landing" / "quarantine" / "gp_events"))
    assert {row["event_id"]: row["local_id"] for row in waiting.collect()} == {"E3": "G77", "E4": "G1", "E5": "G78"}
    assert [path.name for path in (home / "landing" / "quarantine").iterdir()] == ["gp_events"]
    told = (home / "feedback" / "gp-1.csv").read_text().splitlines()
    assert len(told) == 4 < MOST_ROWS


def test_the_good_rows_are_published_and_nothing_of_the_others(spark, home, built):
    rows = {each["dataset"]: each["rows"] for each in built["tables"]}
    assert {name: rows[name] for name in ("gp_patients", "gp_prescriptions", "gp_events", "people")} == {
        "gp_patients": 3, "gp_prescriptions": 0, "gp_events": 2, "people": 3,
    }  # fmt: skip
    assert tables.read(spark, home / "warehouse" / "gp_events").where("pseudonym IS NULL").count() == 0


def test_quality_counts_what_was_sent(built):
    told = {
        (each["field"], each["dimension"]): (each["numerator"], each["denominator"])
        for each in built["measures"]
        if each["dataset"] == "gp_events" and each["submission"] == "gp-1"
    }
    assert told["event_date", "validity"] == (4, 5)
    assert told["snomed_code", "validity"] == (4, 5)
    assert told["event_id", "completeness"] == (5, 5)
    assert told["value", "completeness"] == (0, 5)
    assert told["", "uniqueness"] == (5, 5)
    clean = [each for each in built["measures"] if each["dataset"] == "gp_patients" and each["dimension"] == "validity"]
    assert clean
    assert all(each["numerator"] == each["denominator"] > 0 for each in clean)


def test_quality_of_what_is_streamed_is_taken_over(built):
    told = [each for each in built["measures"] if each["dataset"] == "device_readings"]
    assert [(each["dimension"], each["numerator"], each["denominator"]) for each in told] == [("timeliness", 3, 4)]
