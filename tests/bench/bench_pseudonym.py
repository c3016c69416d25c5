"""Pseudonyms: what they add to a job that copies its key column, and how a Python function doing the same compares.

The job reads Parquet and writes it again, as publishing does. Spark's encryption of shuffles is compared as well.
"""

import hmac
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.pseudonymise import with_pseudonym
from spark_jobs.session import session_builder
from tests.bench.harness import Row, row, timed
from tre.config.options import load
from tre.runs.java import java_home

ROWS = {"small": (100_000, 400_000), "medium": (1_000_000, 4_000_000), "large": (5_000_000, 20_000_000)}
KEY = bytes(range(32))
_TIMES = 3  # the least of them is taken: the machine may do other things


def _by_python(key: bytes) -> Callable[[str], Column]:
    def pseudonym(values: pd.Series) -> pd.Series:
        return values.map(lambda each: hmac.new(key, each.encode(), "sha256").hexdigest()[:26])

    return F.pandas_udf(pseudonym, "string")  # type: ignore[call-overload]


def _events(spark: SparkSession, rows: int, seed: int) -> DataFrame:
    """Return a table like the practices' events: an identity, a day, a code, a value."""
    number = F.col("id")
    return spark.range(rows).select(
        F.concat(F.lit("person "), number % (rows // 20) + seed).alias("identity"),
        F.date_add(F.lit("2020-01-01"), (number % 2000).cast("int")).alias("event_date"),
        (F.xxhash64("id") % 1_000_000).cast("string").alias("code"),
        (F.xxhash64("id", F.lit(1)) % 1000 / 10).alias("value"),
    )


def _least(frame: Callable[[], DataFrame], out: Path) -> float:
    frame().write.mode("overwrite").parquet(str(out))  # compiled once before it is timed
    return min(timed(lambda: frame().write.mode("overwrite").parquet(str(out))) for _ in range(_TIMES))


def _measured(spark: SparkSession, rows: int, size: str, seed: int, folder: Path) -> list[Row]:
    made, out = str(folder / f"events-{rows}"), folder / "out"
    _events(spark, rows, seed).write.parquet(made)
    events = spark.read.parquet(made)
    others = events.columns[1:]
    copied = _least(lambda: events.select(F.col("identity").alias("pseudonym"), *others), out)
    ours = _least(lambda: with_pseudonym(events, "identity", KEY), out)
    peer = _least(lambda: events.select(_by_python(KEY)("identity").alias("pseudonym"), *others), out)
    # What is added to the copying job is what makes pseudonyms: by this the two ways are compared.
    added, peer_added = max(ours - copied, 1e-9), peer - copied
    label = f"{rows:,} rows"
    figures = {
        "times the same job with the key column copied": (ours / copied, "<= 1.5"),
        "times as fast as a Python function in the same job": (peer / ours, ""),
        "times as fast as a Python function, the copying job taken off": (peer_added / added, ">= 4"),
    }
    return [row("pseudonym", f"{label}: {name}", *told, size, seed) for name, told in figures.items()]


@contextmanager
def _session(folder: Path, encrypted: bool) -> Iterator[SparkSession]:
    """Start a session as jobs do, with Spark's encryption of shuffles or without; its folder outlives it."""
    told = str(encrypted).lower()
    spark = session_builder("bench", folder).config("spark.io.encryption.enabled", told).getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()


def run(size: str, seed: int) -> list[Row]:
    """Measure at two sizes, so that the growth shows."""
    os.environ["JAVA_HOME"] = str(java_home(load().path("run", "java")))
    found, shuffled, most = [], {}, ROWS[size][-1]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for encrypted in (False, True):
            with _session(folder, encrypted) as spark:
                frame = with_pseudonym(_events(spark, most, seed), "identity", KEY).repartition(8, "pseudonym")
                shuffled[encrypted] = _least(lambda frame=frame: frame, folder / "out")
                for rows in ROWS[size] if encrypted else ():
                    found += _measured(spark, rows, size, seed, folder)
    metric = f"{most:,} rows: a job with its shuffle encrypted, times the same in plain"
    return [*found, row("pseudonym", metric, shuffled[True] / shuffled[False], "<= 1.3", size, seed)]
