"""A private group-by beside the same plain Spark query: how many persons there are in each group, of the same files."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.noisy.bounding import sums
from spark_jobs.noisy.query import Query
from spark_jobs.noisy.release import release
from spark_jobs.session import session
from tests.bench.harness import Row, row, timed
from tre.config.options import load
from tre.runs.java import java_home

ROWS = {"small": 10_000_000, "medium": 10_000_000, "large": 50_000_000}
TURNS = {"small": 3, "medium": 7, "large": 7}
_OF_A_PERSON = 10
_WARDS = tuple(str(ward) for ward in range(40))


def rows(size: str, seed: int) -> Iterator[Row]:
    """Measure one question in turn with its plain form; a first turn, in which Java compiles both, is not counted."""
    os.environ["JAVA_HOME"] = str(java_home(load().path("run", "java")))
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    query = Query.from_json({"kind": "count", "table": "stays", "by": [{"column": "ward", "values": list(_WARDS)}]})
    with tempfile.TemporaryDirectory() as scratch, session("bench") as spark:
        stays = _stays(spark, Path(scratch) / "stays", ROWS[size], seed)
        turns = [
            (timed(lambda: release(sums(stays, query), query, 1.0)), timed(lambda: _plain(stays)))
            for _ in range(TURNS[size] + 1)
        ]
    ratios = [ours / plain for ours, plain in turns[1:]]
    label = f"private group-by of {ROWS[size]:,} rows, times plain"
    yield row("learning", label, statistics.median(ratios), "<= 1.5", size, seed)
    low, _, high = statistics.quantiles(ratios)
    yield row("learning", f"{label}: lower quartile", low, "", size, seed)
    yield row("learning", f"{label}: upper quartile", high, "", size, seed)


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
