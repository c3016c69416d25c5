"""Where linkage runs: DuckDB on one machine, or Spark. One interface, and one dialect of SQL for both.

The queries are written as Spark has them; DuckDB gets the few functions that it names otherwise as macros.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb
from pyspark.sql import SparkSession

from spark_jobs.linkage.settings import Backend as BackendSettings

_MACROS = """
    CREATE MACRO jaro_winkler(a, b) AS jaro_winkler_similarity(a, b);
    CREATE MACRO sha2(text, bits) AS sha256(text);
"""


class Backend(Protocol):
    """What linkage asks of the machine that it runs on."""

    @property
    def api(self) -> Any:
        """Return Splink's own interface to this backend."""

    def load(self, table: str, folder: Path) -> None:
        """Make a table of a folder of Parquet."""

    def make(self, table: str, query: str) -> None:
        """Make a table, or make it anew, from a query; it is computed once."""

    def save(self, table: str, folder: Path) -> None:
        """Write a table as a folder of Parquet."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query that yields few."""

    def registered(self, table: str) -> Any:
        """Return a table as Splink takes it."""

    def adopt(self, table: str, made: Any) -> None:
        """Make a table of one that Splink made."""


class DuckDB:
    """Linkage on one machine; what does not fit into memory goes to a folder of the landing zone."""

    def __init__(self, memory_gib: float, scratch: Path) -> None:
        from splink import DuckDBAPI

        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Splink's own order of results does not matter, and keeping it costs memory.
        settings: dict[str, Any] = {"memory_limit": f"{memory_gib}GiB", "temp_directory": str(scratch)}
        self._database = duckdb.connect(config={**settings, "preserve_insertion_order": False})
        self._database.execute(_MACROS)
        self.api = DuckDBAPI(self._database)

    def load(self, table: str, folder: Path) -> None:
        """Make a table of a folder of Parquet."""
        self._database.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM read_parquet('{folder}/*.parquet')")

    def make(self, table: str, query: str) -> None:
        """Make a table, or make it anew, from a query."""
        self._database.execute(f"CREATE OR REPLACE TABLE {table} AS {query}")

    def save(self, table: str, folder: Path) -> None:
        """Write a table as a folder of Parquet."""
        folder.mkdir(parents=True, exist_ok=True)
        self._database.execute(f"COPY {table} TO '{folder}/part-0.parquet' (FORMAT parquet)")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query that yields few."""
        return self._database.execute(query).fetchall()

    def registered(self, table: str) -> Any:
        """Return a table as Splink takes it."""
        return self.api.register(table)

    def adopt(self, table: str, made: Any) -> None:
        """Make a table of one that Splink made."""
        self.make(table, f"SELECT * FROM {made.physical_name}")

    def close(self) -> None:
        """End it, and remove what it laid aside."""
        self._database.close()


class Spark:
    """Linkage on Spark, for more records than one machine holds. Splink's similarity functions come from its jar."""

    def __init__(self, spark: SparkSession, scratch: Path) -> None:
        from splink import SparkAPI

        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._spark, self._scratch, self._made = spark, scratch, 0
        spark.sparkContext.setCheckpointDir(str(scratch / "checkpoints"))
        self.api = SparkAPI(spark_session=spark, break_lineage_method="parquet")

    def load(self, table: str, folder: Path) -> None:
        """Make a table of a folder of Parquet."""
        self._spark.read.parquet(str(folder)).createOrReplaceTempView(table)

    def make(self, table: str, query: str) -> None:
        """Make a table, or make it anew, from a query; it is written once, for a plan that grows is run again."""
        self._made += 1
        path = self._scratch / f"{table}-{self._made}"
        self._spark.sql(query).write.parquet(str(path))
        self.load(table, path)

    def save(self, table: str, folder: Path) -> None:
        """Write a table as a folder of Parquet."""
        self._spark.table(table).write.mode("overwrite").parquet(str(folder))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query that yields few."""
        return [tuple(row) for row in self._spark.sql(query).collect()]

    def registered(self, table: str) -> Any:
        """Return a table as Splink takes it."""
        return self.api.register(self._spark.table(table))

    def adopt(self, table: str, made: Any) -> None:
        """Make a table of one that Splink made."""
        self.make(table, f"SELECT * FROM {made.physical_name}")


@contextmanager
def choose(records: int, settings: BackendSettings, spark: SparkSession | None, scratch: Path) -> Iterator[Backend]:
    """Yield the backend for a number of records, and remove afterwards what it laid aside.

    Parameters
    ----------
    spark : SparkSession or None
        The session of the job; None means DuckDB however many records there are.
    scratch : Path
        A folder in the landing zone.
    """
    try:
        if spark is not None and records > settings.spark_above_records:
            yield Spark(spark, scratch)
            return
        small = DuckDB(settings.memory_gib, scratch)
        try:
            yield small
        finally:
            small.close()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
