"""A private group-by beside the same plain Spark query: how many persons there are in each group, of the same files.

The rows are made by Spark once, out of no person's data. Both questions take turns, and each turn is told as seconds
and as processor time, for others may use the machine.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.noisy.bounding import sums
from spark_jobs.noisy.query import Query
from spark_jobs.noisy.release import release
from spark_jobs.session import session
from tests.bench.cost import Cost, cost
from tests.bench.harness import Row, row
from tre.config.options import load
from tre.runs.java import java_home

NAME = "private"
ROWS = {"small": 1_000_000, "medium": 10_000_000, "large": 10_000_000}
TURNS = {"small": 3, "medium": 3, "large": 7}
_OF_A_PERSON = 10
_WARDS = tuple(str(ward) for ward in range(40))


def run(size: str, seed: int) -> list[Row]:
    """Measure one question in turn with its plain form; a first turn, in which Java compiles both, is not counted."""
    os.environ["JAVA_HOME"] = str(java_home(load().path("run", "java")))
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    query = Query.from_json({"kind": "count", "table": "stays", "by": [{"column": "ward", "values": list(_WARDS)}]})
    with tempfile.TemporaryDirectory() as scratch, session("bench") as spark:
        stays = _stays(spark, Path(scratch) / "stays", ROWS[size], seed)
        turns = [
            (cost(lambda: release(sums(stays, query), query, 1.0)), cost(lambda: _plain(stays)))
            for _ in range(TURNS[size] + 1)
        ]
    label = f"private group-by of {ROWS[size]:,} rows, times plain"
    return [*_told(turns[1:], "seconds", label, size, seed), *_told(turns[1:], "processor", label, size, seed)]


def _told(turns: list[tuple[Cost, Cost]], what: str, label: str, size: str, seed: int) -> list[Row]:
    ratios = [getattr(ours, what) / getattr(plain, what) for ours, plain in turns]
    low, _, high = statistics.quantiles(ratios)
    return [
        row(NAME, f"{label}: {what}", statistics.median(ratios), "<= 1.5", size, seed),
        row(NAME, f"{label}: {what}, lower quartile", low, "", size, seed),
        row(NAME, f"{label}: {what}, upper quartile", high, "", size, seed),
    ]


def _stays(spark: SparkSession, folder: Path, count: int, seed: int) -> DataFrame:
    person = F.floor(F.rand(seed) * (count // _OF_A_PERSON))
    made = spark.range(count).select(
        F.sha2(person.cast("string"), 256).substr(1, 26).alias("pseudonym"),
        F.floor(F.rand(seed + 1) * len(_WARDS)).cast("string").alias("ward"),
    )
    made.write.parquet(str(folder))
    return spark.read.parquet(str(folder))


def _plain(stays: DataFrame) -> object:
    return stays.groupBy("ward").agg(F.count_distinct("pseudonym")).collect()
