"""What the build reads of landing: the recorded submissions, whole, and nothing else that lies in the folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spark_jobs import arrivals, feedback
from spark_jobs.errors import JobRefused
from spark_jobs.landed import place
from tests.landing import contracts, landed, outbox, sent

pytestmark = pytest.mark.spark
NAMES = [field.name for field in contracts()["small_area"].fields]
BLANKS = "," * (len(NAMES) - 3)
AREAS = f"{','.join(NAMES)}\nE01000001,3,12.5{BLANKS}\nE01000002,4,10.0{BLANKS}\n".encode()


@pytest.fixture
def landing(tmp_path) -> Path:
    for number in (1, 2):
        folder = tmp_path / f"areas-{number}"
        landed(outbox(folder, sent(folder, "areas.csv.gz", "small_area", AREAS, 2)), tmp_path / "landing")
    return tmp_path / "landing"


def recorded(*names: str, dataset: str = "small_area") -> list[dict]:
    return [{"submission": name, "datasets": [dataset]} for name in names]


def rows(spark, landing: Path, *names: str, dataset: str = "small_area") -> list:
    receipts = arrivals.held(landing, recorded(*names, dataset=dataset))
    return arrivals.read(spark, landing, receipts, contracts()[dataset]).collect()


def test_only_what_is_recorded_is_read_and_a_name_chooses_no_codec(spark, landing):
    read = rows(spark, landing, "areas-1")
    assert [(row.provider, row.submission, row.landed, row.lsoa) for row in read] == [
        ("reference", "areas-1", 1, "E01000001"), ("reference", "areas-1", 1, "E01000002"),
    ]  # fmt: skip
    assert len(rows(spark, landing, "areas-1", "areas-2")) == 4


def test_a_withdrawn_dataset_is_not_read(landing):
    receipts = arrivals.held(landing, [{"submission": "areas-1", "datasets": []}])
    assert arrivals.datasets(receipts) == []


def test_a_recorded_submission_that_landing_lacks_is_told(landing):
    with pytest.raises(JobRefused, match="areas-3"):
        arrivals.held(landing, recorded("areas-3"))


def test_a_file_that_gives_other_rows_than_it_landed_with_is_named(spark, landing):
    receipt = place(landing, "areas-2") / "receipt.json"
    told = json.loads(receipt.read_text())
    told["files"][0]["rows"] = 3
    receipt.write_text(json.dumps(told))
    with pytest.raises(JobRefused, match=r"2 rows .* 3 \(areas-2, areas.csv.gz\)"):
        rows(spark, landing, "areas-1", "areas-2")


@pytest.mark.parametrize(
    ("reference", "patient"),
    [
        ("Patient/123", "123"),
        ("Patient/123/_history/2", "123"),
        ("https://ehr.example.org/fhir/Patient/a-1.b", "a-1.b"),
        ("https://ehr.example.org/fhir/Patient/9/_history/4", "9"),
        ("Group/123", ""),
        ("Patient/", ""),
        ("Patient/1/2", ""),
        ("Patient/1\n", ""),
        ("XPatient/1", ""),
        ("https://x/?q=/Patient/1", ""),
        ("urn:uuid:8f3c", ""),
        (None, None),
    ],
)
def test_a_reference_names_a_patient_or_nobody(spark, tmp_path, reference, patient):
    from spark_jobs import fhir

    condition = {"resourceType": "Condition", "id": "c", "subject": {"reference": reference}}
    (tmp_path / "condition.ndjson").write_text(json.dumps(condition) + "\n")
    (row,) = fhir.read(spark.read.text(str(tmp_path / "condition.ndjson")), "fhir_condition").collect()
    assert row.local_id == patient


def test_a_provider_is_told_file_row_and_field_of_each_fault_and_no_value(spark, tmp_path):
    rows = [("s1", "a.csv", str(n), "lsoa: wrong form", "SECRET") for n in range(1, 1500)]
    rows += [("s1", "b.csv", "7", "lsoa: missing", "SECRET"), ("s2", "c.csv", "2", "lsoa: missing", "SECRET")]
    frame = spark.createDataFrame(rows, "submission string, file string, row string, reason string, lsoa string")
    frame.write.parquet(str(tmp_path / "quarantine" / "small_area"))
    feedback.write(spark, tmp_path / "quarantine", tmp_path / "feedback")
    told = {path.stem: path.read_text().splitlines() for path in (tmp_path / "feedback").iterdir()}
    assert told["s2"] == ["dataset,file,row,field,fault", "small_area,c.csv,2,lsoa,missing"]
    assert told["s1"][1:3] == ["small_area,a.csv,1,lsoa,wrong form", "small_area,a.csv,2,lsoa,wrong form"]
    assert told["s1"][-1] == "small_area,b.csv,7,lsoa,missing"
    assert len(told["s1"]) == 1 + feedback.MOST_ROWS + 1
    assert "SECRET" not in str(told)
