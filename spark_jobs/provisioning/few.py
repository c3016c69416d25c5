"""Makes the tables of an extract in this process, where the rows that have to be read for it are few.

Spark chooses the cohort. Then each person's HMAC is computed once, DuckDB filters, joins and sorts, and Arrow reads and
writes: of the same rows that takes a quarter of the processor time of Spark's shuffle and sort, and the least of
Spark's jobs costs a tenth of a second. How many rows are few follows from the tables' logs and from what was agreed,
never from the machine, so that the bytes are the same anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import from_arrow_schema

from spark_jobs import parallel, tables
from spark_jobs.provisioning.cohort import PSEUDONYM
from spark_jobs.provisioning.engines import InProcess
from spark_jobs.provisioning.generalise import AREAS
from spark_jobs.provisioning.persons import OWN
from spark_jobs.provisioning.selection import Selection, Written, columns_of
from spark_jobs.pseudonymise import pseudonyms

MOST_CELLS = 32_000_000  # some 16 bytes each, and as much again for a table that is being sorted
MOST_BYTES = 512 * 1024 * 1024  # of the files that are read: cells of long text are larger
_PERSON = 16  # cells: what a person's HMAC takes
_ROWS_PER_FILE = 250_000


def are_few(people: int, read: Collection[tuple[int, int]], size: int) -> bool:
    """Return whether an extract can be made here.

    Parameters
    ----------
    people : int
        The rows of the people table.
    read : collection of tuple of int
        Rows and columns of each agreed table, before anything is left out, and of the opt-outs.
    size : int
        The bytes of all their files.
    """
    cells = people * _PERSON + sum(rows * columns for rows, columns in read)
    return cells <= MOST_CELLS and size <= MOST_BYTES


class Few:
    """Makes the tables of one extract here."""

    def __init__(self, warehouse: Path, key: bytes, staged: Path) -> None:
        self._warehouse, self._key, self._staged = warehouse, key, staged
        self._withheld: dict[int, pa.Table] = {}
        self.engine = InProcess()

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
        withheld = {id(each.withheld): each.withheld for each in selections if each.withheld is not None}
        chosen, *gathered = parallel.each(DataFrame.toArrow, [cohort, *withheld.values()])
        self._withheld = dict(zip(withheld, gathered, strict=True))
        persons = chosen[PSEUDONYM]
        linkages = sorted({each.linkage for each in selections if each.of_persons})
        owns = {linkage: _own(persons, self._key, linkage) for linkage in linkages}
        written = []
        for selection in selections:
            say(f"provisioning {selection.name}")
            written.append(self._written(selection, owns.get(selection.linkage)))
        return len(persons), written

    def close(self) -> None:
        """Let go of its memory."""
        self.engine.close()

    def _written(self, selection: Selection, own: pa.Table | None) -> Written:
        """Write a table, sorted by every column, and look at nothing but what is needed for it."""
        read: dict[str, Any] = {"rows": tables.arrow(self._warehouse / selection.name, selection.version)}
        if selection.of_persons:
            read["own"] = own
        if selection.withheld is not None:
            read["withheld"] = self._withheld[id(selection.withheld)]
        if selection.areas is not None:
            read["areas"] = tables.arrow(self._warehouse / AREAS, selection.areas)
        rows = self.engine.table(f"{selection.query(self.engine)} ORDER BY ALL ASC NULLS FIRST", **read)
        folder = self._staged / selection.name
        columns = columns_of(from_arrow_schema(rows.schema), selection)
        return Written(selection, folder, _write(rows, folder), columns, own if selection.shows_persons else None)


def _own(persons: pa.ChunkedArray, key: bytes, table: str) -> pa.Table:
    """Return what :func:`spark_jobs.provisioning.persons.own` does, without places; nobody's is refused later."""
    before = f"{table} " if table else ""
    return pa.table({PSEUDONYM: persons, OWN: pseudonyms(key, persons.combine_chunks(), before)})


def _write(rows: pa.Table, folder: Path) -> list[dict[str, Any]]:
    """Write the rows into a folder and return its files, each of as many rows, but the last."""
    folder.mkdir()
    starts = range(0, max(1, rows.num_rows), _ROWS_PER_FILE)
    parts = [(folder / f"part-{n:05d}.parquet", rows.slice(start, _ROWS_PER_FILE)) for n, start in enumerate(starts)]
    return parallel.each(lambda part: _file(*part), parts)


def _file(path: Path, rows: pa.Table) -> dict[str, Any]:
    """Write one file, of one row group, and return ``name``, ``rows``, ``bytes`` and ``sha256``."""
    # One chunk, since pages end where chunks do, and those are cut by whoever yielded the rows.
    whole = rows.combine_chunks()
    parquet.write_table(whole, path, compression="zstd", row_group_size=_ROWS_PER_FILE, store_schema=False)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "rows": rows.num_rows, "bytes": path.stat().st_size, "sha256": digest}
