"""Makes the tables of an extract on Spark's executors, for any number of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from spark_jobs import parallel, tables
from spark_jobs.provisioning.engines import OnSpark
from spark_jobs.provisioning.generalise import AREAS
from spark_jobs.provisioning.persons import PLACE, own
from spark_jobs.provisioning.selection import Selection, Written, columns_of
from spark_jobs.provisioning.write import files_for, write

_BROADCAST_PERSONS = 500_000  # some 80 bytes each on every executor


class Many:
    """Makes the tables of one extract where the rows are.

    Parameters
    ----------
    people : int
        The rows of the people table.
    rows : mapping of str to int
        Those of each agreed table, by its name.
    """

    def __init__(
        self, spark: SparkSession, warehouse: Path, key: bytes, staged: Path, people: int, rows: Mapping[str, int]
    ) -> None:
        self._warehouse, self._key, self._staged, self._people, self._rows = warehouse, key, staged, people, rows
        self.engine = OnSpark(spark)

    def make(
        self, cohort: DataFrame, selections: Sequence[Selection], say: Callable[[str], None]
    ) -> tuple[int, list[Written]]:
        """Write every table and return the number of persons, and what was written.

        Parameters
        ----------
        cohort : DataFrame
            The pseudonyms of the persons.
        """
        say("choosing the cohort")
        owns, persons = self._owns(cohort, sorted({each.linkage for each in selections if each.of_persons}))

        def written(selection: Selection) -> Written:
            say(f"provisioning {selection.name}")
            return self._written(selection, owns.get(selection.linkage), persons)

        return persons, parallel.each(written, selections)

    def _owns(self, cohort: DataFrame, linkages: Sequence[str]) -> tuple[dict[str, DataFrame], int]:
        """Return the persons' two pseudonyms for each linkage, and their number."""
        if len(linkages) > 1:  # else they are read once, by the one linkage
            cohort = cohort.persist()
        owns = {linkage: own(cohort, self._key, linkage).persist() for linkage in linkages}
        count = next(iter(owns.values()), cohort).count()
        self.engine.few_persons = count <= _BROADCAST_PERSONS
        return owns, count

    def _written(self, selection: Selection, own: DataFrame | None, persons: int) -> Written:
        rows, read = self._rows[selection.name], self._read(selection, own)
        if selection.of_persons:
            rows = rows * persons // max(1, self._people)
        more = [PLACE] if selection.shows_persons else []
        frame = self.engine.table(selection.query(self.engine, *more), **read)
        folder = self._staged / selection.name
        files = write(frame, folder, files_for(rows))
        columns = columns_of(frame.drop(PLACE).schema, selection)
        return Written(selection, folder, files, columns, own if selection.shows_persons else None)

    def _read(self, selection: Selection, own: DataFrame | None) -> dict[str, Any]:
        spark = self.engine.spark
        read = {"rows": tables.read(spark, self._warehouse / selection.name, selection.version)}
        if own is not None and selection.of_persons:
            read["own"] = own
        if selection.withheld is not None:
            read["withheld"] = selection.withheld
        if selection.areas is not None:
            read["areas"] = tables.read(spark, self._warehouse / AREAS, selection.areas)
        return read
