"""Makes the Spark session of a job: the same on two cores and on a cluster."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

# Splink's string similarities for Spark, which linkage on Spark needs; found without the cost of importing it.
_SPLINK = importlib.util.find_spec("splink")
_SIMILARITY = Path(
    (_SPLINK.origin if _SPLINK else None) or "", "..", "internals", "files", "spark_jars",
    "scala-udf-similarity-0.2.1_spark4.x.jar",
).resolve()  # fmt: skip


@contextmanager
def session(name: str) -> Iterator[SparkSession]:
    """Start a Spark session and stop it at the end.

    Its user interface and its log are off and plans are cut short, so that no value and no key is shown anywhere:
    Spark logs a failed task with the value that it failed on. What failed is told by the job's own entry point, as the
    error's class. The master and the heap come from ``SPARK_MASTER`` (default: every core here) and
    ``TRE_SPARK_MEMORY``.
    """
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    spark = (
        SparkSession.builder.appName(name)
        .master(os.environ.get("SPARK_MASTER", "local[*]"))
        .config("spark.driver.memory", os.environ.get("TRE_SPARK_MEMORY", "2g"))
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.hadoop.fs.permissions.umask-mode", "077")  # Hadoop sets modes itself, whatever the process's
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", os.environ.get("TRE_SPARK_PARTITIONS", "8"))
        .config("spark.sql.debug.maxToStringFields", "10")
        .config("spark.sql.maxPlanStringLength", "200")
        .config("spark.sql.ansi.enabled", "true")
        .config("spark.sql.parquet.compression.codec", "zstd")
        .config("spark.log.level", "OFF")
        .config("spark.executor.syncLogLevel.enabled", "true")
        .config("spark.jars", str(_SIMILARITY))
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
        .getOrCreate()
    )
    try:
        yield spark
    finally:
        spark.stop()
