"""Whom a build knows: each provider's local numbers with their person and pseudonym, ready for every dataset's join."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.contracts import Contract
from spark_jobs.pseudonymise import pseudonyms, with_pseudonym
from spark_jobs.tables import rows_in

KEY = ("provider", "local_id")
MOST_HERE = 1_000_000  # records: a person's pseudonym takes a microsecond
_COLUMNS = ["provider", "local_id", "person"]
_SPINE = ", ".join(f"{name} string" for name in _COLUMNS)
_ROWS_PER_GROUP = 100_000
SORTED_FROM = 100_000  # records; fewer go whole to every task, which costs less than to put a dataset in their order
_SENT_TO = 500_000  # records that still go whole where a dataset has more rows: some 100 bytes each, four times at once


def known_persons(spark: SparkSession, spine: Path, key: bytes, scratch: Path) -> DataFrame:
    """Return ``provider``, ``local_id``, ``person`` and ``pseudonym``, made here and not for each row of a dataset.

    Of few persons this process makes the pseudonyms itself: Spark's least job takes longer, and the key stays here.

    Parameters
    ----------
    spine : Path
        A folder of Parquet with the first three.
    key : bytes
        The warehouse's pseudonym key.
    scratch : Path
        A folder in the landing zone, that receives ``known``.
    """
    if rows_in(spine) > MOST_HERE:
        told = spark.read.schema(_SPINE).parquet(str(spine))
        return with_pseudonym(told.withColumn("_of", F.col("person")), "_of", key)
    return read(spark, here(spine, key), scratch / "known")


def here(spine: Path, key: bytes) -> pa.Table:
    """Return the same as a table in this process."""
    told = pa.concat_tables(parquet.read_table(path, columns=_COLUMNS) for path in sorted(spine.glob("*.parquet")))
    persons = told["person"].combine_chunks().dictionary_encode()
    return told.append_column("pseudonym", pseudonyms(key, persons.dictionary).take(persons.indices))


def read(spark: SparkSession, known: pa.Table, folder: Path) -> DataFrame:
    """Return records that this process holds for Spark to read, from a folder in the landing zone."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    parquet.write_table(known, folder / "part-0.parquet", compression="zstd", row_group_size=_ROWS_PER_GROUP)
    schema = ", ".join(f"{each.name} {'boolean' if each.type == pa.bool_() else 'string'}" for each in known.schema)
    return spark.read.schema(schema).parquet(str(folder))


def ready_to_join(known: DataFrame, records: int) -> DataFrame:
    """Return the records, kept for all joins: so many that none sends them whole lie where joins look for them."""
    if records >= SORTED_FROM:
        parts = int(known.sparkSession.conf.get("spark.sql.shuffle.partitions") or 1)
        known = known.repartition(parts, *KEY).sortWithinPartitions(*KEY)
    return known.persist()


def sent(known: DataFrame, records: int, rows: int) -> DataFrame:
    """Return the records as a join with so many rows takes them: whole to every task, or as they lie.

    Spark itself would look at the size alone, of which it knows nothing before the records have been made.
    """
    return F.broadcast(known) if records < (max(SORTED_FROM, min(rows, _SENT_TO))) else known


def with_person(frame: DataFrame, known: DataFrame, contract: Contract) -> DataFrame:
    """Return a dataset's rows with their person: null for a local number that nobody registered."""
    return frame.withColumnRenamed(contract.local_key, "local_id").join(known, list(KEY), "left")


def nobody(contract: Contract) -> str:
    """Return why a row waits in quarantine whose local number nobody registered."""
    return f"{contract.local_key}: no such person"
