"""A project's extract as a query sees it, for what the platform runs over it out of a researcher's reach."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from spark_jobs.errors import JobRefused
from spark_jobs.provisioning import guard
from spark_jobs.provisioning.about import PERSON
from spark_jobs.session import plans_for, session
from tre.hashing import sha256_of


class Extract:
    """The tables of one extract, whose files are those that its manifest tells of.

    Parameters
    ----------
    spark : SparkSession
    folder : Path
        As provisioning made it.
    manifest : dict
        What its manifest has to be: the platform's own record, not what lies in the folder.

    Raises
    ------
    JobRefused
        When a file is missing or was altered.
    """

    def __init__(self, spark: SparkSession, folder: Path, manifest: dict[str, Any]) -> None:
        self._spark, self._folder, self.manifest = spark, folder, manifest
        for table in manifest["tables"]:
            for file in table["files"]:
                _check(folder / table["name"] / file["name"], file["sha256"])

    @property
    def rows(self) -> int:
        """Return how many rows its tables have together."""
        return sum(int(table["rows"]) for table in self.manifest["tables"])

    def query(self, sql: str) -> DataFrame:
        """Return the rows of a query about persons, each with the pseudonym of whom it is about.

        Raises
        ------
        JobRefused
            When it holds what is not known to be harmless (:data:`spark_jobs.provisioning.guard.QUERY`), or tells of
            nobody.
        """
        tables = {table["name"]: self._read(table) for table in self.manifest["tables"]}
        return guard.run(self._spark, sql, tables, guard.QUERY)

    def table(self, name: str) -> DataFrame:
        """Return one table, without the rows of nobody.

        Raises
        ------
        JobRefused
            When the extract has none of this name.
        """
        found = next((table for table in self.manifest["tables"] if table["name"] == name), None)
        if found is None:
            raise JobRefused("The extract has no such table", where=name, todo="See tre.tables")
        return self._read(found)

    def _read(self, table: dict[str, Any]) -> DataFrame:
        """Return a table without the rows of nobody: they would be counted, and no member would be known of them."""
        paths = [str(self._folder / table["name"] / each["name"]) for each in table["files"]]
        read = self._spark.read.parquet(*paths)
        return read.where(read[PERSON].isNotNull()) if PERSON in read.columns else read


@contextmanager
def opened(name: str, spec: dict[str, Any]) -> Iterator[Extract]:
    """Open the extract that a job is to look at, with a Spark session of the job's own.

    Parameters
    ----------
    name : str
        The job's.
    spec : dict
        ``extract``, its folder; ``manifest``, what the platform has on record of it; ``scratch``, an empty folder.

    Raises
    ------
    JobRefused
        When a file is missing or was altered.
    """
    with session(name, Path(spec["scratch"]), [Path(spec["extract"])]) as spark:
        extract = Extract(spark, Path(spec["extract"]), spec["manifest"])
        with plans_for(spark, extract.rows):
            yield extract


def _check(path: Path, sha256: str) -> None:
    if not path.is_file() or sha256_of(path) != sha256:
        raise JobRefused(
            "A file of the extract is missing or was altered", where=path.parent.name, todo="Make a new one"
        )
