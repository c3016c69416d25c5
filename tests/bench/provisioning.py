"""Provisioning against what plain Spark needs to filter, join and write the same columns and rows.

`measure` is the provisioning half of the benchmark ``warehouse``. Both sides read the same versions of the same tables
in the same session; provisioning also re-keys, sorts, hashes, proves and reports its risk. Each is run some times in
turn and its fastest counts, so that what else the machine does falls on both alike. What is made in the job's own
process, as few rows are (:mod:`spark_jobs.provisioning.few`), is also made on Spark's executors, as many are: the price
of order, and of its proofs, where rows are spread.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from unittest.mock import patch

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs import provision, tables
from spark_jobs.provisioning import few
from tests.bench.harness import Row, row, timed
from tests.spark import lent
from tests.warehouse import nobody_opted_out, specification, table

PERSONS = {"small": (2_000, 20_000, 200_000), "medium": (5_000, 50_000, 500_000), "large": (10_000, 100_000, 1_000_000)}
_EVENTS_EACH = 20
_KEY = bytes(range(32))
_PEOPLE = ("birth_year", "sex", "lsoa")
_EVENTS = ("event_date", "snomed_code", "value", "unit")
_FIRST, _LAST, _BORN = "2018-01-01", "2024-12-31", 1970
_ROUNDS = 3


def measure(spark: SparkSession, folder: Path, size: str, seed: int) -> list[Row]:
    """Measure at three sizes a factor ten apart.

    Parameters
    ----------
    folder : Path
        Scratch; each size's tables are made below it and removed.
    """
    found = []
    with patch.object(provision, "session", lent(spark)):
        for persons in PERSONS[size]:
            warehouse = folder / f"warehouse-{persons}"
            _publish(spark, warehouse, persons, seed)
            label = f"{persons:,} persons, {persons * _EVENTS_EACH:,} events: provisioning, times plain Spark"
            ours, plain = _fastest(spark, warehouse, folder / "out")
            found.append(row("warehouse", label, ours / plain, "<= 1.3", size, seed))
            if persons == max(PERSONS[size]):
                with patch.object(few, "MOST_CELLS", -1):
                    ours, plain = _fastest(spark, warehouse, folder / "out")
                found.append(row("warehouse", f"{label}, on executors", ours / plain, "", size, seed))
            shutil.rmtree(warehouse)
    return found


def _fastest(spark: SparkSession, warehouse: Path, out: Path) -> tuple[float, float]:
    spec = specification(
        warehouse, out, table("people", *_PEOPLE), table("gp_events", *_EVENTS, **{"from": _FIRST, "to": _LAST}),
        cohort=f"birth_year <= {_BORN}",
    )  # fmt: skip
    ours, plain = [], []
    for _ in range(_ROUNDS):
        for action, kept in (
            (lambda: provision.run(spec, {"project-pseudonym": _KEY}, lambda text: None), ours),
            (lambda: _plain(spark, warehouse, out), plain),
        ):
            kept.append(timed(action))
            spark.catalog.clearCache()
            shutil.rmtree(out)
    return min(ours), min(plain)


def _plain(spark: SparkSession, warehouse: Path, out: Path) -> None:
    """Filter, join and write as one would by hand: no re-keying, no order, no proof."""
    people = tables.read(spark, warehouse / "people", 0).where(F.col("birth_year") <= _BORN)
    events = tables.read(spark, warehouse / "gp_events", 0).where(F.col("event_date").between(_FIRST, _LAST))
    people.select("pseudonym", *_PEOPLE).write.parquet(str(out / "people"))
    chosen = events.join(people.select("pseudonym"), "pseudonym", "left_semi")
    chosen.select("pseudonym", *_EVENTS).write.parquet(str(out / "gp_events"))


def _publish(spark: SparkSession, warehouse: Path, persons: int, seed: int) -> None:
    """Publish people and events that look like the true ones to whoever compresses, sorts or joins them."""
    tables.publish(_people(spark, persons, seed), warehouse / "people")
    tables.publish(_gp_events(spark, persons, seed), warehouse / "gp_events")
    tables.publish(nobody_opted_out(spark), warehouse / "opt_outs")


def _drawn(seed: int, name: str, below: int) -> Column:
    return F.pmod(F.xxhash64(F.col("id"), F.lit(f"{seed} {name}")), F.lit(below))


def _pseudonym(seed: int, number: Column) -> Column:
    return F.upper(F.substring(F.translate(F.sha2(F.concat(F.lit(f"{seed} "), number), 256), "0189", "ghij"), 1, 26))


def _people(spark: SparkSession, persons: int, seed: int) -> DataFrame:
    return spark.range(persons).select(
        _pseudonym(seed, F.col("id")).alias("pseudonym"),
        (F.lit(1930) + _drawn(seed, "birth", 80)).cast("int").alias("birth_year"),
        (F.lit(1) + _drawn(seed, "sex", 2)).cast("string").alias("sex"),
        F.concat(F.lit("E010"), F.lpad(_drawn(seed, "lsoa", 1 + persons // 1500), 5, "0")).alias("lsoa"),
        F.lit("A").alias("ethnicity"),
    )


def _gp_events(spark: SparkSession, persons: int, seed: int) -> DataFrame:
    value = F.when(_drawn(seed, "kind", 3) == 0, F.round(_drawn(seed, "value", 2000) / 10, 1))
    return spark.range(persons * _EVENTS_EACH).select(
        _pseudonym(seed, _drawn(seed, "person", persons)).alias("pseudonym"),
        F.date_add(F.lit("2012-01-01"), _drawn(seed, "day", 5200).cast("int")).alias("event_date"),
        (F.lit(10**7) + _drawn(seed, "code", 400) * 9973).cast("string").alias("snomed_code"),
        value.alias("value"),
        F.when(value.isNotNull(), F.lit("mmol/L")).alias("unit"),
    )
