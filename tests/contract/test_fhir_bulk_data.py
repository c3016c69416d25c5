"""FHIR Bulk Data that this project did not make: what is read from it is what plain Python reads."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import functions as F

from spark_jobs import fhir
from spark_jobs.contracts import load_contracts
from spark_jobs.validate import SOURCE
from tests.conftest import REPOSITORY
from tests.validated import split

pytestmark = pytest.mark.spark
CONTRACTS = load_contracts(REPOSITORY / "policies" / "contracts")
RESOURCES = {"fhir_patient": "Patient", "fhir_condition": "Condition", "fhir_encounter": "Encounter"}


@pytest.fixture
def bulk(shared_data) -> Path:
    folder = shared_data / "synthea-fhir-10"
    if not folder.is_dir():
        pytest.skip("the public FHIR files are not beside this checkout")
    return folder


def resources(bulk: Path, dataset: str) -> tuple[list[str], list[dict]]:
    files = sorted(str(path) for path in bulk.glob(f"{RESOURCES[dataset]}.*.ndjson"))
    return files, [json.loads(line) for name in files for line in Path(name).read_text().splitlines()]


@pytest.mark.parametrize("dataset", sorted(RESOURCES))
def test_every_line_becomes_one_row_with_its_own_key(spark, bulk, dataset):
    files, held = resources(bulk, dataset)
    rows = fhir.read(spark.read.text(files), dataset).collect()
    assert sorted(row[0] for row in rows) == sorted(each["id"] for each in held)


@pytest.mark.parametrize("dataset", ["fhir_condition", "fhir_encounter"])
def test_every_event_is_of_a_patient_that_was_sent(spark, bulk, dataset):
    files, _ = resources(bulk, dataset)
    _, patients = resources(bulk, "fhir_patient")
    of = {row.local_id for row in fhir.read(spark.read.text(files), dataset).select("local_id").collect()}
    assert of
    assert of <= {each["id"] for each in patients}


def test_a_patient_is_read_as_plain_python_reads_it(spark, bulk):
    files, held = resources(bulk, "fhir_patient")
    rows = {row.local_id: row for row in fhir.read(spark.read.text(files), "fhir_patient").collect()}
    for each in held:
        row, name = rows[each["id"]], each["name"][0]
        assert (row.surname, row.forename) == (name["family"], name["given"][0])
        assert row.birth_date == each["birthDate"]
        assert row.sex == {"male": "1", "female": "2"}[each["gender"]]
        # They are American: their numbers are of other systems, and none is taken for ours.
        assert row.nhs_number is None


@pytest.mark.parametrize("dataset", sorted(RESOURCES))
def test_real_rows_are_good_or_go_to_quarantine_with_a_reason(spark, bulk, dataset):
    files, held = resources(bulk, dataset)
    rows = fhir.read(spark.read.text(files), dataset).withColumns({name: F.lit(name) for name in SOURCE})
    good, bad = split(rows, CONTRACTS[dataset], date(2026, 7, 1))
    kept, refused = good.count(), bad.collect()
    assert kept + len(refused) == len(held)
    assert kept > 0
    assert all(row.reason for row in refused)


def test_of_a_concept_s_codes_the_one_of_snomed_ct_is_taken(spark):
    local = {"system": "http://example.org/local", "code": "E10"}
    ours = {"system": "http://snomed.info/sct", "code": "44054006"}
    concepts = {"a": [local, ours], "b": [ours], "c": [local], "d": []}
    lines = [
        json.dumps({"resourceType": "Condition", "id": name, "code": {"coding": codings}})
        for name, codings in concepts.items()
    ]
    rows = fhir.read(spark.createDataFrame([(line,) for line in lines], "value string"), "fhir_condition").collect()
    assert {row.condition_id: row.code for row in rows} == {"a": "44054006", "b": "44054006", "c": "E10", "d": None}
