"""Tells a provider which rows of a submission wait in quarantine: file, row, field and fault, never a value."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from spark_jobs.tables import rows_in

MOST_ROWS = 1_000  # of one fault in one dataset: enough to find what is wrong with a system
COLUMNS = ("dataset", "file", "row", "field", "fault")


def write(spark: SparkSession, quarantine: Path, out: Path) -> None:
    """Write one CSV for each submission that has rows in quarantine, in place of those of the last build.

    Parameters
    ----------
    quarantine : Path
        A folder of Parquet for each dataset, with ``submission``, ``file``, ``row`` and ``reason``.
    out : Path
        Receives ``SUBMISSION.csv`` with :data:`COLUMNS`.
    """
    faults = [_faults(spark, folder) for folder in sorted(quarantine.glob("*")) if rows_in(folder)]
    with replaced(out) as staged:
        if not faults:
            return
        parts = staged / "parts"
        told = (
            reduce(DataFrame.unionByName, faults)
            .repartition("submission")
            .sortWithinPartitions("submission", "file", "row", "dataset", "field", "fault")
        )
        told.write.partitionBy("submission").csv(str(parts), header=True, escape='"')
        for part in parts.glob("submission=*/part-*.csv"):
            part.rename(staged / f"{part.parent.name.partition('=')[2]}.csv")
        shutil.rmtree(parts)


@contextmanager
def replaced(out: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of ``out``, in one step, once all is in it."""
    staged = out.with_name(f".{out.name}.staged")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    yield staged
    shutil.rmtree(out, ignore_errors=True)
    staged.rename(out)


def parted(reason: str) -> tuple[str, str]:
    """Return the field and the fault of a reason."""
    return reason.partition(": ")[0], reason.rpartition(": ")[2]


def _faults(spark: SparkSession, folder: Path) -> DataFrame:
    first = Window.partitionBy("submission", "reason").orderBy("file", "row")
    sent = spark.read.schema("submission string, file string, row string, reason string").parquet(str(folder))
    rows = sent.withColumn("row", F.col("row").cast("long"))
    kept = rows.withColumn("place", F.row_number().over(first)).where(F.col("place") <= MOST_ROWS)
    field, fault = F.substring_index("reason", ": ", 1), F.substring_index("reason", ": ", -1)
    told = (F.lit(folder.name), F.col("file"), F.col("row"), field, fault)
    return kept.select("submission", *(each.alias(name) for each, name in zip(told, COLUMNS, strict=True)))
