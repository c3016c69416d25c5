"""What is built in the build's own process, where rows are few and plain, is what Spark builds of the same."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from spark_jobs import build, judging, known, publish_few, tables
from spark_jobs.contracts import load_contracts
from spark_jobs.landed import LandedFile, Receipt
from spark_jobs.validate import SOURCE
from tests.health_system import CONTRACTS, KEYS, build_warehouse, number, on_spark_alone, patient, submit, use_session

pytestmark = pytest.mark.spark
ADMITTED = {
    "spell_id": "S1", "local_id": "R1", "nhs_number": number(1), "forename": "Annb", "surname": "Archer",
    "birth_date": "1950-01-31", "admitted_on": "2025-01-01", "discharged_on": "2025-01-03", "admission_method": "21",
    "icd10_primary": "I10", "sex": "2", "discharge_note": "Annb was well.",
}  # fmt: skip
EVENT = {"event_date": "2025-01-01", "snomed_code": "22298006"}
ATTENDED = {
    "attendance_id": "A1", "local_id": "R1", "nhs_number": f" {number(1)} ", "forename": "Annb", "surname": "Archer",
    "birth_date": "1950-01-31", "arrived_at": "2025-02-03 10:11:12", "chief_complaint": "22298006",
    "disposal": "discharged", "sex": "2",
}  # fmt: skip
AREA = {"lsoa": "E01014000", "imd_decile": "3", "fuel_poverty_percent": "12.5"}


def land(landing: Path) -> None:
    """Land rows that are good, that break rules, that come again, that nobody knows, and that may not be used."""
    events = [
        {**EVENT, "event_id": f"E{place}", "local_id": f"G{place % 3}", "value": str(place / 4)} for place in range(40)
    ]
    events += [
        {**EVENT, "event_id": "E41", "local_id": "G77"},
        {**EVENT, "event_id": "E42", "local_id": "G1", "event_date": "30/02/2025"},
        {**EVENT, "event_id": "E43", "local_id": "G1", "snomed_code": "22298007"},
        {**EVENT, "event_id": "E43", "local_id": "G1"},
        {**EVENT, "event_id": "E44", "local_id": "G1"},
        {**EVENT, "event_id": "E44", "local_id": "G2"},
    ]
    out = {"nhs_number": number(2), "recorded_on": "2024-01-01", "kind": "type_1"}
    submit(landing, "gp-1", "gp-system", gp_patients=[patient(each) for each in range(3)], gp_events=events)
    submit(landing, "gp-2", "gp-system", gp_events=[{**EVENT, "event_id": "E1", "local_id": "G0", "unit": "kg"}])
    submit(landing, "trust-1", "acute-trust", admitted_care=[ADMITTED], emergency_care=[ATTENDED])
    deaths = [
        {
            "registration_id": f"D{person}", "local_id": f"D{person}", "nhs_number": number(person), "forename": "Anna",
            "surname": "Archer", "sex": "2", "birth_date": "1950-01-31", "died_on": died_on, "cause_icd10": "I10",
        }
        for person, died_on in enumerate(("2024-01-01", "2025-01-31"))
    ]  # fmt: skip
    submit(landing, "ons-1", "ons", deaths=deaths)
    submit(landing, "opt-outs", "nhs-england", opt_outs=[out])
    submit(landing, "areas", "reference", small_area=[AREA, {**AREA, "imd_decile": "11"}])


@pytest.fixture(scope="module")
def homes(spark, tmp_path_factory) -> tuple[tuple[Path, dict[str, Any]], ...]:
    """Return the homes and results of two builds of the same: here, and on Spark alone."""
    made = []
    for by in (nullcontext, on_spark_alone):
        home = tmp_path_factory.mktemp("home")
        land(home / "landing")
        with pytest.MonkeyPatch.context() as patched, by():
            use_session(patched, spark, build)
            made.append((home, build_warehouse(home)))
    return tuple(made)


def rows(home: Path, table: str) -> list[dict[str, Any]]:
    version = tables.newest_version(home / "warehouse" / table)
    assert version is not None
    return sorted(tables.arrow(home / "warehouse" / table, version).to_table().to_pylist(), key=str)


def quarantined(spark, home: Path, dataset: str) -> list[Any]:
    folder = home / "landing" / "quarantine" / dataset
    if not folder.exists():
        return []
    names = [*SOURCE, *(field.name for field in load_contracts(CONTRACTS)[dataset].fields), "reason"]
    schema = ", ".join(f"{name} string" for name in names)
    return sorted(spark.read.schema(schema).parquet(str(folder)).collect(), key=str)


def test_the_results_are_the_same(homes):
    (_, here), (_, on_spark) = homes
    assert here == on_spark
    assert {each["reason"] for each in here["quarantine"]} >= {
        "event_date: not a date", "snomed_code: wrong form", "event_id: repeated", "local_id: no such person",
        "imd_decile: unknown code",
    }  # fmt: skip


@pytest.mark.parametrize(
    "table", ["gp_events", "gp_patients", "admitted_care", "emergency_care", "small_area", "people", "opt_outs"]
)
def test_a_table_holds_the_same_rows_of_the_same_types(spark, homes, table):
    (here, _), (on_spark, _) = homes
    assert rows(here, table) == rows(on_spark, table) != []
    schemas = [tables.newest(home / "warehouse" / table).schema().to_json() for home in (here, on_spark)]
    assert schemas[0] == schemas[1]
    assert quarantined(spark, here, table) == quarantined(spark, on_spark, table)


def test_each_provider_is_told_the_same(homes):
    told = [{path.name: path.read_text() for path in (home / "feedback").glob("*")} for home, _ in homes]
    assert told[0] == told[1]
    assert {"gp-1.csv", "areas.csv"} <= told[0].keys()
    assert told[0]["areas.csv"].splitlines()[1:] == ["small_area,small_area-0.csv,2,imd_decile,unknown code"]


def test_events_after_a_death_came_up(homes):
    told = [
        (each["numerator"], each["denominator"])
        for each in homes[0][1]["measures"]
        if [each[name] for name in ("dataset", "field", "dimension")] == ["gp_events", "event_date", "consistency"]
    ]
    assert any(0 < alive < asked for alive, asked in told)


def test_no_practice_s_row_of_who_opted_out_is_published_here(homes):
    (here, _), _ = homes
    assert len(rows(here, "people")) == 2
    assert 0 < len({each["pseudonym"] for each in rows(here, "gp_events")}) < 3


def test_built_again_each_table_keeps_its_version(spark, homes, monkeypatch):
    (here, before), _ = homes
    use_session(monkeypatch, spark, build)
    again = build_warehouse(here)
    assert [each["version"] for each in again["tables"]] == [each["version"] for each in before["tables"]]


def test_where_those_who_are_known_are_many_spark_publishes(spark, homes, tmp_path, monkeypatch):
    land(tmp_path / "landing")
    use_session(monkeypatch, spark, build)
    monkeypatch.setattr(publish_few, "MOST_KNOWN", 1)
    monkeypatch.setattr(tables, "publish_here", None)  # nothing may call it
    assert build_warehouse(tmp_path) == homes[0][1]


def test_the_filters_are_the_same_byte_for_byte(homes):
    (here, _), (on_spark, _) = homes
    made = [
        {path.relative_to(home / "filters"): path.read_bytes() for path in (home / "filters").rglob("*.npy")}
        for home in (here, on_spark)
    ]
    assert made[0] == made[1]
    assert len(made[0]) == 6


def test_pseudonyms_made_here_are_those_that_spark_makes(spark, tmp_path):
    spine = tmp_path / "spine"
    rows = [("a", "1", "P1"), ("a", "2", "P2"), ("b", "1", "P1"), ("b", "2", ""), ("b", "3", None), ("b", "4", "Pé")]
    spark.createDataFrame(rows, "provider string, local_id string, person string").write.parquet(str(spine))
    here = known.known_persons(spark, spine, KEYS["warehouse-pseudonym"], tmp_path).collect()
    with on_spark_alone():
        there = known.known_persons(spark, spine, KEYS["warehouse-pseudonym"], tmp_path).collect()
    told = [{(row.provider, row.local_id, row.person, row.pseudonym) for row in rows} for rows in (here, there)]
    assert told[0] == told[1]
    assert len(told[0]) == len(rows)
    assert {person for *_, person, name in told[0] if name is None} == {"", None}


@pytest.mark.parametrize(("events", "wanted"), [(1_000, 8), (10**8, 10**8 + 8)])
def test_what_is_left_to_spark_is_counted_before_it_starts(events, wanted):
    rows = {"gp_events": events, "gp_patients": 100, "admitted_care": 5, "fhir_patient": 3}
    files = tuple(LandedFile(name, f"{name}.parquet", name, "1.0.0", "csv", each, "") for name, each in rows.items())
    receipt = Receipt(1, "june", "gp-system", "", "", "", files)
    assert judging.rows_for_spark([receipt], load_contracts(CONTRACTS)) == wanted
