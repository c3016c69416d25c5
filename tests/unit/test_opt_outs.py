"""Opt-outs hold whatever else is wrong with their rows, and one that cannot be read stops the build."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from spark_jobs import build, validate
from spark_jobs.contracts import load_contracts
from spark_jobs.errors import JobRefused
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.spark
CONTRACT = load_contracts(REPOSITORY / "policies" / "contracts")["opt_outs"]
ANN, BEN, CAT = "9434765919", "9990000018", "9990000026"


def opted_out(spark, folder: Path, *rows: tuple[str | None, str]) -> set[str]:
    """Return who is opted out by rows as sent: a number and the day it was recorded."""
    schema = (
        "provider string, submission string, landed int, file string, row int, nhs_number string, recorded_on string"
    )
    sent = spark.createDataFrame([("n", "s", 1, "f", place, *row) for place, row in enumerate(rows)], schema)
    zone = build._Zone(folder)
    validate.judge(sent, CONTRACT, date(2026, 7, 1)).write.parquet(str(zone.work / "judged" / "opt_outs"))
    told = [("gp", "1", ANN, "Ann"), ("gp", "2", BEN, "Ben"), ("acute", "3", ANN, "Ann"), ("gp", "4", None, "Dan")]
    everyone = spark.createDataFrame(told, "provider string, local_id string, nhs_number string, person string")
    records, known = everyone.drop("person"), everyone.drop("nhs_number")
    return {row.person for row in build._opted_out(spark, zone, records, known).collect()}


@pytest.mark.parametrize(
    ("rows", "persons"),
    [
        ([(ANN, "2026-01-01")], {"Ann"}),
        ([("943 476 5919", "2026-01-01")], {"Ann"}),
        ([("943-476-5919\n", "2026-01-01")], {"Ann"}),
        ([(ANN, "")], {"Ann"}),  # when is not known: that it is, is
        ([(ANN, "2031-01-01")], {"Ann"}),  # a clock that was wrong
        ([(ANN, "yesterday"), (BEN, "2026-01-01")], {"Ann", "Ben"}),
        ([(ANN, "2026-01-01"), (ANN, "2026-02-01")], {"Ann"}),
        ([(CAT, "2026-01-01")], set()),  # nobody whom a provider knows
    ],
)
def test_an_opt_out_holds(spark, tmp_path, rows, persons):
    assert opted_out(spark, tmp_path, *rows) == persons


@pytest.mark.parametrize("number", [None, "", "943476591", "9434765918", "see letter"])
def test_one_that_cannot_be_read_stops_the_build_and_tells_no_number(spark, tmp_path, number):
    with pytest.raises(JobRefused, match="1 opt-outs have an NHS number that cannot be read") as refused:
        opted_out(spark, tmp_path, (ANN, "2026-01-01"), (number, "2026-01-01"))
    assert not number or number not in refused.value.sentence()


def test_without_any_nobody_is_opted_out(spark, tmp_path):
    known = spark.createDataFrame([("gp", "1", "Ann")], "provider string, local_id string, person string")
    records = spark.createDataFrame([("gp", "1", ANN)], "provider string, local_id string, nhs_number string")
    assert build._opted_out(spark, build._Zone(tmp_path), records, known).count() == 0
