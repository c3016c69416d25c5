"""The filters of pseudonyms: Spark's and plain Python's say the same, and an extract's are kept under the project."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from spark_jobs import filters
from spark_jobs.pseudonymise import pseudonym
from tre.disclosure import pseudonyms
from tre.projects import pseudonyms as kept

KEY = b"k" * 32
PEOPLE = [pseudonym(b"w" * 32, str(n)) for n in range(200)]


def test_spark_writes_the_warehouses_filter_as_plain_python_would(spark: SparkSession, tmp_path: Path) -> None:
    known = spark.createDataFrame([(each,) for each in [*PEOPLE, PEOPLE[0], ""]], "pseudonym string")
    held = filters.write_pseudonyms(known, KEY, tmp_path / "filters", tmp_path / "scratch")
    made = np.load(tmp_path / "filters" / "pseudonyms" / "warehouse.npy")
    assert held == 200
    assert np.array_equal(made, pseudonyms.digests(KEY, PEOPLE))


def test_an_extracts_pseudonyms_are_added_to_the_projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extract, folder = tmp_path / "extract", tmp_path / "filters"
    for name, people in (("people", PEOPLE[:5]), ("spells", [*PEOPLE[:2], None, PEOPLE[7]])):
        (extract / name).mkdir(parents=True)
        pq.write_table(pa.table({"pseudonym": people}), extract / name / "part-0.parquet")
    pq.write_table(pa.table({"code": ["x"]}), extract / "codes.parquet")
    monkeypatch.setattr(kept, "newest_filters", lambda: None)
    kept.keep_pseudonyms("P1", extract)
    assert not folder.exists()
    monkeypatch.setattr(kept, "newest_filters", lambda: (folder, KEY))
    kept.keep_pseudonyms("P1", extract)
    kept.keep_pseudonyms("P1", extract)
    found = pseudonyms.PseudonymFilters.load(folder, KEY).owner_of(PEOPLE[:9])
    assert found == ["p1"] * 5 + ["", "", "p1", ""]
