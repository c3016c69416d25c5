"""Private statistics on Spark: what a person gives is bounded, exactly, and what is told is right but for the noise."""

from __future__ import annotations

import datetime
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession

from spark_jobs import extracts, private
from spark_jobs.errors import JobRefused
from spark_jobs.noisy.bounding import UNIT, sensitivity, sums
from spark_jobs.noisy.query import GRID, Query
from spark_jobs.noisy.release import release
from tests.spark import lent
from tre.hashing import sha256_of

SEX = {"column": "sex", "values": ["f", "m"]}
WARD = {"column": "ward", "values": ["a", "b", "c"]}
QUESTIONS = {
    "count": {"kind": "count"},
    "count by sex": {"kind": "count", "by": [SEX]},
    "count by ward, twice": {"kind": "count", "by": [WARD], "cells": 2},
    "table": {"kind": "table", "by": [SEX, WARD]},
    "histogram": {"kind": "histogram", "column": "days", "edges": [0, 2, 5, 30], "by": [SEX]},
    "sum": {"kind": "sum", "column": "days", "low": 0, "high": 20},
    "sum by ward": {"kind": "sum", "column": "days", "low": -3, "high": 20, "by": [WARD], "cells": 2},
    "mean": {"kind": "mean", "column": "days", "low": 0, "high": 20, "by": [WARD]},
    "quantiles": {
        "kind": "quantiles",
        "column": "days",
        "low": 0,
        "high": 20,
        "quantiles": [0.5],
        "by": [WARD],
        "cells": 3,
    },
}


def question(**told: object) -> Query:
    return Query.from_json({"table": "stays", **told})


def stays(persons: int, seed: int = 0) -> pd.DataFrame:
    """Return several stays of each person, on many wards, some of them endless, unknown or of nobody."""
    random = np.random.default_rng(seed)
    whose = np.repeat(np.arange(persons), random.integers(1, 9, persons))
    frame = pd.DataFrame({"pseudonym": [f"P{at}" for at in whose]}).astype(object)
    frame["sex"] = np.where(whose % 2, "f", "m")
    frame["ward"] = random.choice(["a", "b", "c", "d"], len(frame))
    frame["days"] = random.choice([0.0, 1.0, 3.5, 12.0, 1e300, math.inf, -math.inf, math.nan, -50.0], len(frame))
    frame.loc[frame.index % 17 == 0, ["ward", "days"]] = None
    nobody = pd.DataFrame({"pseudonym": [None], "sex": ["f"], "ward": ["a"], "days": [3.0]})
    return pd.concat([frame, nobody], ignore_index=True)


def loaded(spark: SparkSession, frame: pd.DataFrame) -> DataFrame:
    return spark.createDataFrame(frame, "pseudonym string, sex string, ward string, days double")


@pytest.mark.parametrize("name", QUESTIONS)
def test_one_person_moves_the_sums_by_no_more_than_is_paid_for(spark: SparkSession, name: str):
    query, frame = question(**QUESTIONS[name]), stays(12)
    whole = sums(loaded(spark, frame), query)
    moved = []
    for person in ("P1", "P4", "P7"):
        without = sums(loaded(spark, frame[frame["pseudonym"] != person]), query)
        parts = [0, 1] if query.kind == "mean" else [1] if query.kind == "sum" else [0]
        moved.append(float(np.linalg.norm((whole - without)[parts].astype(float))))
    assert max(moved) <= sensitivity(query)
    assert max(moved) > 0


def test_the_sums_are_those_of_persons(spark: SparkSession):
    frame = pd.DataFrame(
        [("P1", "f", "a", 2.0), ("P1", "f", "a", 4.0), ("P2", "m", "a", 30.0), ("P3", "f", "x", 1.0)],
        columns=["pseudonym", "sex", "ward", "days"],
    )
    rows = loaded(spark, frame)
    assert sums(rows, question(kind="count"))[0].tolist() == [[3 * UNIT]]
    assert sums(rows, question(kind="count", by=[SEX]))[0, :, 0].tolist() == [2 * UNIT, UNIT]
    assert sums(rows, question(kind="count", where=[{"column": "sex", "values": ["m"]}]))[0].tolist() == [[UNIT]]
    table = sums(rows, question(kind="table", by=[SEX, WARD]))[0, :, 0]
    assert table.tolist() == [UNIT, 0, 0, UNIT, 0, 0]  # the ward x is nobody's
    total = sums(rows, question(kind="sum", column="days", low=0, high=10))[1]
    assert total[0, 0] / UNIT == pytest.approx((6 + 10 + 1) / 10, abs=1e-5)  # a person's total is cut, not a row
    mean = sums(rows, question(kind="mean", column="days", low=0, high=10))
    assert mean[:, 0, 0] / UNIT == pytest.approx([3, ((3 - 5) + 5 + (1 - 5)) / 5], abs=1e-5)


def test_a_person_in_many_cells_counts_in_some_at_random(spark: SparkSession):
    wards = ["a", "b", "c"]
    frame = pd.DataFrame([(f"P{at}", "f", ward, 1.0) for at in range(300) for ward in wards])
    rows = loaded(spark, frame)
    for cells in (1, 2):
        told = sums(rows, question(kind="count", by=[WARD], cells=cells))[0, :, 0] / UNIT
        assert told.sum() == 300 * cells
        assert told.min() > 300 * cells / 3 - 60


def told(query: Query, exact: list, noise: float = 0.3) -> list[dict]:
    values = np.zeros((2, query.groups(), query.steps()), np.int64)
    values[:] = np.array(exact, float).reshape(values.shape) * UNIT
    return release(values, query, noise)["rows"]


def test_what_is_told_is_near_what_is_so():
    count = told(question(kind="count", by=[SEX]), [[1000, 2000], [0, 0]])
    assert [each["sex"] for each in count] == ["f", "m"]
    assert [each["value"] for each in count] == pytest.approx([1000, 2000], abs=3)
    assert count[0]["off"] == pytest.approx(0.3 * 1.96, abs=0.01)
    total = told(question(kind="sum", column="days", low=-5, high=20), [[0], [100]])
    assert total[0]["value"] == pytest.approx(2000, abs=50)
    means = told(question(kind="mean", column="days", low=0, high=20, by=[SEX]), [[1000, 0], [500, 0]])
    assert means[0]["value"] == pytest.approx(15, abs=0.2)
    assert means[0]["off"] < 0.05
    assert means[1]["value"] is None  # of nobody there is no mean
    steps = told(question(kind="histogram", column="days", edges=[0, 1, 5]), [[30, 50], [0, 0]])
    assert [(each["from"], each["to"]) for each in steps] == [(0, 1), (1, 5)]
    assert [each["value"] for each in steps] == pytest.approx([30, 50], abs=3)


def test_quantiles_are_of_the_noisy_steps():
    query = question(kind="quantiles", column="days", low=0, high=128, quantiles=[0, 0.25, 0.5, 1])
    even = told(query, [[100] * GRID, [0] * GRID])
    assert [each["quantile"] for each in even] == [0, 0.25, 0.5, 1]
    assert [each["value"] for each in even] == pytest.approx([0, 32, 64, 128], abs=2)
    assert all(0 < each["off"] < 0.01 for each in even)
    assert told(query, [[0] * GRID, [0] * GRID])[0] == {"quantile": 0.0, "value": None, "off": None}


def test_noise_spreads_as_it_is_told():
    query = question(kind="count", by=[{"column": "ward", "values": [str(at) for at in range(4000)]}])
    values = [each["value"] for each in told(query, [[0] * 4000, [0] * 4000], noise=20.0)]
    assert np.std(values) == pytest.approx(20, rel=0.1)
    assert abs(np.mean(values)) < 2  # six of the mean's standard deviations


@pytest.mark.parametrize("noise", [0.29, 10_001, math.nan])
def test_noise_out_of_bounds_is_refused(noise: float):
    with pytest.raises(JobRefused, match="Noise is a number"):
        told(question(kind="count"), [[1], [1]], noise)


@pytest.mark.parametrize(
    "asked",
    [
        None, {}, {"kind": "count"}, {"kind": "other", "table": "stays"}, {"kind": "count", "table": "../stays"},
        {"kind": "sum", "table": "stays", "column": "days", "low": 1, "high": 1},
        {"kind": "sum", "table": "stays", "column": "days", "low": "much", "high": 1},
        {"kind": "sum", "table": "stays", "column": "days", "low": -math.inf, "high": 1},
        {"kind": "table", "table": "stays", "by": [SEX]},
        {"kind": "count", "table": "stays", "by": [{"column": "sex"}]},
        {"kind": "count", "table": "stays", "by": [{"column": "sex", "values": ["f", "f"]}]},
        {"kind": "histogram", "table": "stays", "column": "days", "edges": [1, 0]},
        {"kind": "quantiles", "table": "stays", "column": "days", "low": 0, "high": 1, "quantiles": [2]},
        {"kind": "count", "table": "stays", "by": [{"column": "value", "values": ["f"]}]},
        {"kind": "count", "table": "stays", "cells": 0}, {"kind": "count", "table": "stays", "cells": "all"},
        {"kind": "count", "table": "stays", "more": 1}, {"kind": "count", "table": 3},
        {"kind": "count", "table": "stays", "by": [{"column": at, "values": list("abcdefghi")} for at in "wxyz"]},
    ],
)  # fmt: skip
def test_a_question_that_is_not_whole_is_refused(asked: object):
    with pytest.raises(JobRefused, match="question"):
        Query.from_json(asked)


def job(folder: Path, asked: dict, noise: float = 1.0) -> tuple[dict, str]:
    """Ask the job a question of an extract in a folder; return its answer, and that as a table."""
    files = [{"name": path.name, "sha256": sha256_of(path)} for path in sorted((folder / "stays").glob("*.parquet"))]
    manifest = {"tables": [{"name": "stays", "rows": 10, "files": files}]}
    spec = {
        "extract": str(folder),
        "manifest": manifest,
        "scratch": str(folder / "scratch"),
        "out": str(folder),
        "public": {},
    }
    told = private.run({**spec, "query": {"table": "stays", **asked}, "noise": noise}, {}, lambda text: None)
    assert told == {"confidence": 0.95}
    return json.loads((folder / private.ANSWER).read_text()), (folder / private.TABLE).read_text()


def test_the_job_answers_a_question(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(extracts, "session", lent(spark))
    rows = loaded(spark, stays(400))
    rows.write.parquet(str(tmp_path / "stays"))
    asked = {"kind": "count", "by": [SEX]}
    answer, table = job(tmp_path, asked)
    assert [each["value"] for each in answer["rows"]] == pytest.approx([200, 200], abs=15)
    assert (answer["question"], answer["noise"]) == ({"table": "stays", **asked}, 1.0)
    assert [line.split(",")[0] for line in table.splitlines()] == ["sex", "f", "m"]
    with pytest.raises(JobRefused, match="no such table"):
        job(tmp_path, {"kind": "count", "table": "wards"})
    with pytest.raises(JobRefused, match="no such column"):
        job(tmp_path, {"kind": "count", "by": [{"column": "colour", "values": ["red"]}]})
    with pytest.raises(JobRefused, match="Noise is a number"):
        job(tmp_path, asked, noise=0.1)


def test_an_extract_that_was_altered_is_not_asked(spark: SparkSession, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(extracts, "session", lent(spark))
    loaded(spark, stays(4)).write.parquet(str(tmp_path / "stays"))
    manifest = {"tables": [{"name": "stays", "rows": 1, "files": [{"name": "part.parquet", "sha256": "ab" * 32}]}]}
    spec = {"extract": str(tmp_path), "manifest": manifest, "scratch": str(tmp_path / "s"), "out": str(tmp_path)}
    with pytest.raises(JobRefused, match="altered"):
        private.run({**spec, "query": {"kind": "count", "table": "stays"}, "noise": 1.0, "public": {}}, {}, print)


def test_a_table_of_no_persons_and_a_column_of_no_numbers_are_refused(spark: SparkSession):
    rows = spark.createDataFrame([("P1", datetime.date(2020, 1, 1))], "pseudonym string, day date")
    with pytest.raises(JobRefused, match="holds no numbers"):
        sums(rows, question(kind="sum", column="day", low=0, high=1))
    with pytest.raises(JobRefused, match="tells of no persons"):
        sums(rows.drop("pseudonym"), question(kind="count"))
