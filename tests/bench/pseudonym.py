"""Pseudonyms: what they add to a job that copies its key column, and how a Python function doing the same compares.

The job reads events, joins them with the spine and writes them again, as publishing does: a person's pseudonym is made
once, within what is timed, and Python's for each row. Spark's encryption of shuffles is compared as well. `measure` is
the part of pseudonyms in the benchmark ``warehouse``.
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
from pyspark.sql.pandas.functions import pandas_udf

from spark_jobs import known
from spark_jobs.pseudonymise import with_pseudonym
from spark_jobs.session import session_builder
from tests.bench.cost import Cost, cost
from tests.bench.harness import Row, row

ROWS = {"small": (10_000, 100_000, 1_000_000), "medium": (50_000, 500_000, 5_000_000),
        "large": (200_000, 2_000_000, 20_000_000)}  # fmt: skip
KEY = bytes(range(32))
_EACH = 20  # events of a person
_TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds
_TIMES = 5  # the least of them is taken: the machine may do other things


def _by_python(key: bytes) -> Callable[[str], Column]:
    def pseudonym(values: pd.Series) -> pd.Series:
        return values.map(lambda each: hmac.new(key, each.encode(), "sha256").hexdigest()[:26])

    return pandas_udf(pseudonym, "string")  # type: ignore[call-overload]


def _write(spark: SparkSession, rows: int, seed: int, folder: Path) -> None:
    """Write a spine, and a table like the practices' events: a local number, a day, a code, a value."""
    number, provider = F.col("id"), F.lit("gp-system").alias("provider")
    persons = rows // _EACH
    local = F.concat(F.lit("G"), number + seed).alias("local_id")
    person = F.concat(F.lit("person "), number + seed).alias("person")
    spark.range(persons).select(provider, local, person).write.parquet(str(folder / "spine"))
    spark.range(rows).select(
        provider,
        F.concat(F.lit("G"), number % persons + seed).alias("local_id"),
        F.date_add(F.lit("2020-01-01"), (number % 2000).cast("int")).alias("event_date"),
        (F.xxhash64("id") % 1_000_000).cast("string").alias("code"),
        (F.xxhash64("id", F.lit(1)) % 1000 / 10).alias("value"),
    ).write.parquet(str(folder / "events"))


def _least(frame: Callable[[], DataFrame], out: Path) -> Cost:
    """Return the least seconds and the least processor time of writing a frame, each over some rounds."""
    frame().write.mode("overwrite").parquet(str(out))  # compiled once before it is measured
    took = [cost(lambda: frame().write.mode("overwrite").parquet(str(out))) for _ in range(_TIMES)]
    return Cost(min(each.seconds for each in took), min(each.processor for each in took))


def _by_build(events: DataFrame, spine: Path, rows: int) -> DataFrame:
    """Join events with their persons' pseudonyms as :mod:`spark_jobs.everyone` has them, made anew."""
    made = known.read(events.sparkSession, known.here(spine, KEY), spine.parent / "everyone")
    return events.join(known.sent(made, rows // _EACH, rows), list(known.KEY))


def _measured(spark: SparkSession, rows: int, size: str, seed: int, folder: Path) -> list[Row]:
    sent, out = folder / str(rows), folder / "out"
    _write(spark, rows, seed, sent)
    key = list(known.KEY)
    events, spine = (spark.read.parquet(str(sent / name)) for name in ("events", "spine"))
    others = [name for name in events.columns if name not in key]
    joined = events.join(spine, key)
    copied = _least(lambda: joined.select(F.col("person").alias("pseudonym"), *others), out)
    ours = _least(lambda: _by_build(events, sent / "spine", rows).select("pseudonym", *others), out)
    peer = _least(lambda: joined.select(_by_python(KEY)("person").alias("pseudonym"), *others), out)
    # What is added to the copying job is what makes pseudonyms: by this the two ways are compared, in processor time,
    # of which a small job's clock shows little. Under a tick of it nothing can be told apart.
    added, peer_added = max(ours.processor - copied.processor, _TICK), peer.processor - copied.processor
    label = f"{rows:,} rows"
    figures = {
        "times the same job with the key column copied": (ours.seconds / copied.seconds, "<= 1.5"),
        "the same in processor time": (ours.processor / copied.processor, "<= 1.5"),
        "times as fast as a Python function in the same job": (peer.seconds / ours.seconds, ""),
        "times as fast as a Python function, the copying job taken off": (peer_added / added, ">= 4"),
    }
    return [row("warehouse", f"pseudonyms, {label}: {name}", *told, size, seed) for name, told in figures.items()]


@contextmanager
def _session(folder: Path, encrypted: bool) -> Iterator[SparkSession]:
    """Start a session as jobs do, with Spark's encryption of shuffles or without; its folder outlives it."""
    told = str(encrypted).lower()
    spark = session_builder("bench", folder).config("spark.io.encryption.enabled", told).getOrCreate()
    try:
        yield spark
    finally:
        spark.stop()


def measure(size: str, seed: int) -> list[Row]:
    """Measure at three sizes a factor ten apart, in sessions of its own."""
    found, shuffled, most = [], {}, ROWS[size][-1]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for encrypted in (False, True):
            with _session(folder, encrypted) as spark:
                identity = F.concat(F.lit("person "), F.col("id") % (most // _EACH) + seed)
                numbered = spark.range(most).select(identity.alias("identity"), "id")
                frame = with_pseudonym(numbered, "identity", KEY).repartition(8, "pseudonym")
                shuffled[encrypted] = _least(lambda frame=frame: frame, folder / "out").seconds
                for rows in ROWS[size] if encrypted else ():
                    found += _measured(spark, rows, size, seed, folder)
    metric = f"{most:,} rows: a job with its shuffle encrypted, times the same in plain"
    return [*found, row("warehouse", metric, shuffled[True] / shuffled[False], "<= 1.3", size, seed)]
