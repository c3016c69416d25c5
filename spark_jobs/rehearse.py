"""Does a little of everything that Spark does here, on made-up rows, and keeps nothing.

The Java of this job writes down the classes it loaded (``tre.runs.class_archive``), so that later ones start quicker.
"""

from __future__ import annotations

import multiprocessing
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from spark_jobs.session import plans_for, scratch_folder, session_builder

_TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN"  # noqa: S105 - the setting's name
_SECONDS = 120
_CONNECT = {
    "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.connect.grpc.binding.port": "0",
}


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Rehearse as a job does, in Spark's own process, and as a notebook does, by Spark Connect.

    Returns
    -------
    dict
        ``rows``: how many rows the two read, for whoever wants to see that they did.
    """
    os.environ[_TOKEN] = secrets.token_hex(16)
    with scratch_folder(None) as folder:
        builder = session_builder("rehearse", folder)
        for name, value in _CONNECT.items():
            builder = builder.config(name, value)
        spark = builder.getOrCreate()
        try:
            rows = _as_job(spark, folder)
            asking = multiprocessing.get_context("spawn").Process(
                target=_as_notebook, args=(_port(spark), folder / "rows")
            )
            asking.start()
            asking.join(_SECONDS)
            if asking.exitcode != 0:
                asking.kill()
                raise RuntimeError("Spark Connect did not answer")
        finally:
            spark.stop()
    return {"rows": rows}


def _port(spark: SparkSession) -> int:
    service = spark._jvm.org.apache.spark.sql.connect.service  # type: ignore[union-attr]
    return int(getattr(getattr(service, "SparkConnectService$"), "MODULE$").localPort())


def _as_job(spark: SparkSession, folder: Path) -> int:
    (folder / "sent.csv").write_text("id,day,text\n" + "".join(f"{n},2020-01-0{n % 9 + 1},x{n}\n" for n in range(50)))
    sent = spark.read.csv(str(folder / "sent.csv"), header=True, schema="id string, day string, text string")
    typed = sent.select(F.expr("try_cast(id AS int)").alias("id"), F.expr("try_cast(day AS date)").alias("day"), "text")
    typed.write.partitionBy("day").parquet(str(folder / "rows"))
    rows = spark.read.parquet(str(folder / "rows")).persist()
    _summary(rows).write.parquet(str(folder / "summary"))
    with plans_for(spark, rows=0):
        _summary(rows).write.mode("overwrite").parquet(str(folder / "summary"))
    rows.unpersist()
    marked = rows.mapInArrow(_marked, rows.schema)
    return marked.join(spark.read.parquet(str(folder / "summary")), "day", "left").count()


def _summary(rows: DataFrame) -> DataFrame:
    latest = F.row_number().over(Window.partitionBy("day").orderBy(F.desc("id")))
    hashed = rows.withColumn("place", latest).withColumn("key", F.sha2(F.concat_ws("|", "id", "text"), 256))
    grouped = hashed.groupBy("day").agg(
        F.count("*").alias("n"), F.countDistinct("key").alias("keys"), F.mode("text", True).alias("text"),
        F.collect_list(F.struct("id", "text")).alias("all"), F.percentile_approx("id", 0.5).alias("median"),
        F.max(F.when(F.col("place") == 1, F.col("id"))).alias("last"), F.avg("id").alias("mean"),
    )  # fmt: skip
    unpacked = grouped.withColumn("one", F.explode("all")).select("day", "n", "keys", "one.id", "median", "mean")
    return unpacked.unionByName(unpacked.dropDuplicates(["day"])).orderBy("day", "id").limit(40)


def _marked(batches: Any) -> Any:
    for batch in batches:
        yield pa.RecordBatch.from_arrays(batch.columns, schema=batch.schema)


def _as_notebook(port: int, rows: Path) -> None:
    spark = SparkSession.builder.remote(f"sc://localhost:{port}").getOrCreate()
    spark.read.parquet(str(rows)).createOrReplaceTempView("rows")
    spark.sql("SELECT day, count(*) AS n, avg(id) AS mean FROM rows GROUP BY day HAVING n > 1 ORDER BY day").toPandas()
    table = spark.table("rows")
    _summary(table).toPandas()
    table.join(table.groupBy("day").agg(F.count("*").alias("n")), "day").filter("n > 1").sample(0.5).collect()
    spark.createDataFrame([(1, "a")], "id int, text string").write.mode("overwrite").format("noop").save()
    table.printSchema()
    table.describe("id").show()
    spark.stop()
