"""Pseudonyms: how the native HMAC compares with a Python function doing the same, and with a hash without a key."""

import hmac
import os

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.pseudonymise import with_pseudonym
from spark_jobs.session import session
from tests.bench.harness import Row, row, timed
from tre.config.options import load
from tre.runs.java import java_home

ROWS = {"small": (100_000, 400_000), "medium": (1_000_000, 4_000_000), "large": (5_000_000, 20_000_000)}
KEY = bytes(range(32))


def _run(frame: DataFrame) -> None:
    frame.write.format("noop").mode("overwrite").save()


def _by_python(key: bytes):
    def pseudonym(values: pd.Series) -> pd.Series:
        return values.map(lambda each: hmac.new(key, each.encode(), "sha256").hexdigest()[:26])

    return F.pandas_udf(pseudonym, "string")  # type: ignore[call-overload]


def run(size: str, seed: int) -> list[Row]:
    """Measure at two sizes, so that the growth shows."""
    os.environ["JAVA_HOME"] = str(java_home(load().path("run", "java")))
    found = []
    with session("bench") as spark:
        for rows in ROWS[size]:
            frame = spark.range(rows).select(F.concat(F.lit("person "), F.col("id") + seed).alias("identity")).persist()
            _run(frame)
            _run(with_pseudonym(frame, "identity", KEY))  # compiled once before it is timed
            ours = timed(lambda frame=frame: _run(with_pseudonym(frame, "identity", KEY)))
            peer = timed(lambda frame=frame: _run(frame.select(_by_python(KEY)("identity"))))
            floor = timed(lambda frame=frame: _run(frame.select(F.sha2("identity", 256))))
            label = f"{rows:,} rows"
            found.append(
                row("pseudonym", f"{label}: times as fast as a Python function", peer / ours, ">= 1", size, seed)
            )
            found.append(row("pseudonym", f"{label}: times a hash without a key", ours / floor, "<= 12", size, seed))
            frame.unpersist()
    return found
