"""Makes the Spark session of a job: the same on two cores and on a cluster (:mod:`spark_jobs.cluster`)."""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from spark_jobs import cluster

COMPILED_FROM = 500_000  # rows
_INTERPRETED = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
# Splink's string similarities for Spark, which linkage on Spark needs; found without the cost of importing it.
_SPLINK = importlib.util.find_spec("splink")
_SIMILARITY = Path(
    (_SPLINK.origin if _SPLINK else None) or "", "..", "internals", "files", "spark_jars",
    "scala-udf-similarity-0.2.1_spark4.x.jar",
).resolve()  # fmt: skip


@contextmanager
def session(name: str, scratch: Path | None = None, shared: Sequence[Path] = ()) -> Iterator[SparkSession]:
    """Start a Spark session and stop it at the end.

    Its user interface and its log are off and plans are cut short, so that no value and no key is shown anywhere:
    Spark logs a failed task with the value that it failed on. What failed is told by the job's own entry point, as the
    error's class. What it shuffles, spills and persists on disk is encrypted under a key that Spark makes for this
    session and writes nowhere, and lies in a folder of the job's own. Where it runs is told by ``TRE_SPARK_MASTER``
    (default: every core here), its heap by ``TRE_SPARK_MEMORY``, more options for Java by ``TRE_SPARK_JAVA_OPTIONS``.

    Parameters
    ----------
    scratch : Path, optional
        A folder for this job's temporary files, mode 0700, emptied before and removed after; by default a new one in
        the system's own. On a cluster it is always a new one there, since what Spark lays aside belongs on a disk of
        the node's own; the executors' folders are their workers'.
    shared : sequence of Path
        The folders that the job reads and writes, which every node of a cluster must see.

    Raises
    ------
    JobRefused
        When the cluster cannot be trusted with the job: see :func:`spark_jobs.cluster.check`.
    """
    joins = cluster.Cluster.told(os.environ)
    with scratch_folder(None if joins else scratch) as folder:
        builder = session_builder(name, folder)
        spark = cluster.joined(builder, joins) if joins else builder.getOrCreate()
        try:
            if joins:
                cluster.check(spark, shared)
            yield spark
        finally:
            spark.stop()


@contextmanager
def plans_for(spark: SparkSession, rows: int) -> Iterator[None]:
    """Run plans as suits the number of rows that they read: over few, compiling each takes longer than running it.

    Over 250,000 rows, provisioning that compiled nothing took two thirds of the time and a build as long as it did;
    from :data:`COMPILED_FROM` rows on the session's own setting stands, which is to compile.
    """
    interpreted = {} if rows >= COMPILED_FROM else _INTERPRETED
    before = {name: str(spark.conf.get(name)) for name in interpreted}
    try:
        for name, value in interpreted.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name, value in before.items():
            spark.conf.set(name, value)


@contextmanager
def scratch_folder(folder: Path | None) -> Iterator[Path]:
    """Give an empty folder that only this user can enter, and remove it at the end, whatever happens."""
    if folder is None:
        made = Path(tempfile.mkdtemp(prefix="tre-spark-"))
    else:
        made = folder
        shutil.rmtree(made, ignore_errors=True)  # what a cut-off run left
        made.mkdir(mode=0o700, parents=True)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def session_builder(name: str, scratch: Path) -> SparkSession.Builder:
    """Return what :func:`session` starts, with its temporary files in an existing folder."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # At level DEBUG it writes down each byte that passes to the Java side, keys among them.
    logging.getLogger("py4j").setLevel(logging.WARNING)
    own = os.environ.get("TRE_SPARK_JAVA_OPTIONS", "")
    return (
        SparkSession.builder.appName(name)
        .master(os.environ.get("TRE_SPARK_MASTER", "local[*]"))
        .config("spark.driver.memory", os.environ.get("TRE_SPARK_MEMORY", "2g"))
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.hadoop.fs.permissions.umask-mode", "077")  # Hadoop sets modes itself, whatever the process's
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.local.dir", str(scratch))
        # Else it makes this folder where the job was started, which may be the platform's own code.
        .config("spark.sql.warehouse.dir", str(scratch / "warehouse"))
        # UsePerfData would map a file into /tmp whatever the folder for temporary files is.
        .config("spark.driver.extraJavaOptions", f'"-Djava.io.tmpdir={scratch}" -XX:-UsePerfData {own}')
        .config("spark.io.encryption.enabled", "true")
        .config("spark.io.encryption.keySizeBits", "256")
        # On a cluster the keys travel between processes: these encrypt that way.
        .config(map=dict(cluster.CRYPTO))
        # Else each call of PySpark's interface tells Java which line made it: three calls more for each.
        .config("spark.python.sql.dataFrameDebugging.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", os.environ.get("TRE_SPARK_PARTITIONS", "8"))
        .config("spark.sql.debug.maxToStringFields", "10")
        .config("spark.sql.maxPlanStringLength", "200")
        .config("spark.sql.ansi.enabled", "true")
        .config("spark.sql.parquet.compression.codec", "zstd")
        # Spark's own default is a form that Parquet has given up, Delta's log has no name for, and that carries no
        # smallest and largest value, by which a file can be passed over.
        .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
        .config("spark.log.level", "OFF")
        .config("spark.executor.syncLogLevel.enabled", "true")
        .config("spark.jars", str(_SIMILARITY))
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
    )
