"""What runs the queries of provisioning: Spark, or DuckDB in this process. One interface, one dialect of SQL for both.

The queries are written as Spark has them, a table's place in braces; DuckDB gets the functions that it names otherwise
as macros. DuckDB sees Arrow alone: it opens no file, and lays nothing aside on disk. It has no time zones: a moment is
given to it as UTC without one, and told as what it is again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa
from pyarrow import dataset
from pyspark.sql import DataFrame, SparkSession

# https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview
_CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "temp_directory": "",  # what it laid aside would not be encrypted
}
# Spark counts by HyperLogLog++, which is exact for few; so few rows are counted exactly at once.
_MACROS = """
    CREATE MACRO approx_count_distinct(value, error) AS count(DISTINCT value);
    CREATE MACRO regexp_like(text, pattern) AS regexp_matches(text, pattern);
    CREATE MACRO pmod(number, divisor) AS ((number % divisor) + divisor) % divisor;
"""
_NUMBERS = count()  # of views, in no session the same twice
_MOMENT, _NAIVE = pa.timestamp("us", "UTC"), pa.timestamp("us")


class Engine(Protocol):
    """What provisioning asks of what runs its queries.

    A table is a folder of Parquet, or what this engine has made: by :meth:`keep`, or by its own ``table``.
    """

    def name(self, column: str) -> str:
        """Return a column's name as a query holds it."""

    def beside(self, alias: str) -> str:
        """Return what stands after SELECT so that the persons' pseudonyms, under an alias, are brought to the rows."""

    def ask(self, query: str, **tables: Any) -> list[dict[str, Any]]:
        """Return the rows of a query that yields few."""

    def keep(self, query: str, **tables: Any) -> Any:
        """Return the rows of a query as a table, computed once and used in a ``with``."""


class OnSpark:
    """Runs queries over any number of rows."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        self.few_persons = True  # so that every executor can hold them all

    def name(self, column: str) -> str:
        """Return a column's name as a query holds it."""
        return f"`{column.replace('`', '``')}`"

    def beside(self, alias: str) -> str:
        """Return a hint. A frame's own (`F.broadcast`) does not come through the views that a query's tables are."""
        return f"/*+ BROADCAST({alias}) */" if self.few_persons else ""

    def ask(self, query: str, **tables: Any) -> list[dict[str, Any]]:
        """Return the rows of a query that yields few."""
        return [row.asDict() for row in self.table(query, **tables).collect()]

    @contextmanager
    def keep(self, query: str, **tables: Any) -> Iterator[DataFrame]:
        """Yield the rows of a query, persisted for so long."""
        kept = self.table(query, **tables).persist()
        try:
            yield kept
        finally:
            kept.unpersist()

    def table(self, query: str, **tables: Any) -> DataFrame:
        """Return the rows of a query, not computed yet."""
        views = {name: self._view(each) for name, each in tables.items()}
        return self.spark.sql(query.format(**views))

    def _view(self, table: DataFrame | Path) -> str:
        """Return the name of a view of a table. It stays: dropping one also forgets what of its table was persisted."""
        name = f"_provisioned_{next(_NUMBERS)}"
        frame = self.spark.read.parquet(str(table)) if isinstance(table, Path) else table
        frame.createOrReplaceTempView(name)
        return name


class InProcess:
    """Runs queries over few rows: every answer is held in this process's memory."""

    def __init__(self) -> None:
        self._base = duckdb.connect(config=_CLOSED)
        self._base.execute(_MACROS)

    def name(self, column: str) -> str:
        """Return a column's name as a query holds it."""
        return '"' + column.replace('"', '""') + '"'

    def beside(self, alias: str) -> str:
        """Return nothing: they are."""
        return ""

    def ask(self, query: str, **tables: Any) -> list[dict[str, Any]]:
        """Return the rows of a query that yields few."""
        rows: list[dict[str, Any]] = self.table(query, **tables).to_pylist()
        return rows

    @contextmanager
    def keep(self, query: str, **tables: Any) -> Iterator[pa.Table]:
        """Yield the rows of a query."""
        yield self.table(query, **tables)

    def table(self, query: str, **tables: Any) -> pa.Table:
        """Return the rows of a query."""
        with self._base.cursor() as cursor:  # has its own names, so that several threads can ask at once
            for name, each in tables.items():
                cursor.register(name, _opened(each))
            found = cursor.execute(query.format(**{name: name for name in tables})).to_arrow_table()
        return found.cast(_with_moments(found.schema, _MOMENT))

    def close(self) -> None:
        """Let go of its memory."""
        self._base.close()


def _opened(table: pa.Table | dataset.FileSystemDataset | Path) -> pa.Table | dataset.Dataset:
    opened = dataset.dataset(table, format="parquet") if isinstance(table, Path) else table
    naive = _with_moments(opened.schema, _NAIVE)
    if isinstance(opened, pa.Table):
        return opened.cast(naive)
    return dataset.dataset(opened.files, schema=naive, format="parquet")


def _with_moments(schema: pa.Schema, kind: pa.DataType) -> pa.Schema:
    fields = (each.with_type(kind) if pa.types.is_timestamp(each.type) else each for each in schema)
    return pa.schema(list(fields))
