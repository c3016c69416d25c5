"""The rows that do not stand, kept in landing as they were sent, all text, until their provider sends them anew."""

from __future__ import annotations

import uuid
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet
from pyspark.sql import DataFrame, SparkSession

from spark_jobs.contracts import Contract
from spark_jobs.validate import SOURCE


def add(bad: DataFrame, quarantine: Path, dataset: str) -> None:
    """Add a dataset's rows, with ``reason``, to its folder."""
    as_text = (f"CAST(`{name}` AS string) AS `{name}`" for name in bad.columns)
    bad.selectExpr(*as_text).write.mode("append").parquet(str(quarantine / dataset))


def add_here(bad: pa.Table, quarantine: Path, dataset: str) -> None:
    """Add a dataset's rows, with ``reason``, to its folder: rows that this process holds."""
    folder = quarantine / dataset
    folder.mkdir(parents=True, exist_ok=True)
    as_text = bad.cast(pa.schema([(name, pa.string()) for name in bad.column_names]))
    parquet.write_table(as_text, folder / f"part-{uuid.uuid4().hex}.parquet", compression="zstd")


def read(spark: SparkSession, quarantine: Path, contract: Contract) -> DataFrame | None:
    """Return a dataset's rows as sent, or None when none wait."""
    folder = quarantine / contract.dataset
    if not folder.exists():
        return None
    schema = ", ".join(f"`{name}` string" for name in (*SOURCE, *(field.name for field in contract.fields)))
    return spark.read.schema(schema).parquet(str(folder))
