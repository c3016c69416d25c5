"""A build without what was withdrawn, and the erasure of the versions that held it, on real tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from deltalake import DeltaTable

from spark_jobs import build, erase, tables
from spark_jobs.errors import JobRefused
from tests.conftest import REPOSITORY
from tests.landing import FOLDER, landed, outbox, sent
from tests.spark import lent
from tests.unit.test_arrivals import AREAS

pytestmark = pytest.mark.spark
KEYS = {"warehouse-pseudonym": bytes(32), "exact-match": bytes(32)}


@pytest.fixture
def home(spark, monkeypatch, tmp_path) -> Path:
    monkeypatch.setattr(build, "session", lent(spark))
    folder = tmp_path / "areas-1"
    landed(outbox(folder, sent(folder, "areas.csv", "small_area", AREAS, 2)), tmp_path / "landing")
    return tmp_path


def built(home: Path, *datasets: str) -> dict[str, tuple[int, int]]:
    """Build from the one submission's datasets and return each table's version and rows."""
    spec = {
        **{name: str(home / name) for name in ("landing", "warehouse", "filters", "feedback")},
        "contracts": str(FOLDER),
        "submissions": [{"submission": "areas-1", "datasets": list(datasets)}], "truth": None, "as_of": "2026-07-01",
        "quality": str(REPOSITORY / "policies" / "quality.yaml"), "unmeasured": ["areas-1"],
    }  # fmt: skip
    made = build.run(spec, KEYS, lambda text: None)
    measured = {each["submission"] for each in made["measures"] if each["dataset"] == "small_area"}
    assert measured == ({"areas-1", ""} if datasets else set())
    return {each["dataset"]: (each["version"], each["rows"]) for each in made["tables"]}


def test_the_next_version_is_without_it_and_the_ones_that_held_it_are_erased(spark, home):
    assert built(home, "small_area") == {"small_area": (0, 2), "people": (0, 0), "opt_outs": (0, 0)}
    assert built(home) == {"small_area": (1, 0), "people": (0, 0), "opt_outs": (0, 0)}
    table = home / "warehouse" / "small_area"
    assert tables.read(spark, table, 0).count() == 2
    spec = {
        **{name: str(home / name) for name in ("landing", "warehouse", "certificates")},
        "submissions": [{"submission": "areas-1", "datasets": ["small_area"]}], "tables": ["people", "small_area"],
    }  # fmt: skip
    told = erase.run(spec, {}, lambda text: None)
    (erased,) = [each for each in told["tables"] if each["table"] == "small_area"]
    assert (erased["versions"], erased["kept"]) == ([0], 1)
    assert erased["files"] >= 1
    with pytest.raises(JobRefused, match="Version 0 of the table has been erased"):
        tables.read(spark, table, 0)
    assert tables.read(spark, table, 1).count() == tables.read(spark, table).count() == 0
    assert {entry["operation"] for entry in DeltaTable(table).history()} >= {"VACUUM START", "VACUUM END"}
    certificate = json.loads((home / "certificates" / told["certificate"]).read_text())
    files = {each["table"]: each["files"] for each in certificate["tables"]}["small_area"]
    assert files
    assert not any((table / each["path"]).exists() for each in files)
    assert all(len(each["sha256"]) == 64 for each in files)
    assert [each["stored"] for each in certificate["landing"]] == ["0001.parquet"]
    assert b"E01000001" not in b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file()
                                        and "areas-1/areas" not in str(path))  # fmt: skip
    # Erased once more, nothing changes.
    assert [each["files"] for each in erase.run(spec, {}, lambda text: None)["tables"]] == [0, 0]


def test_nothing_has_landed(home):
    with pytest.raises(JobRefused, match="Nothing has landed"):
        built(home)
