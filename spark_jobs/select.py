"""Writes the rows of a query over an extract as one Parquet file, for a training that the platform runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

from spark_jobs.errors import JobRefused
from spark_jobs.extracts import opened

MOST_CELLS = 64_000_000  # some 16 bytes each: a training holds them all


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Write the rows; return how many there are.

    Parameters
    ----------
    spec : dict
        ``extract``, ``manifest`` and ``scratch`` (see :func:`spark_jobs.extracts.opened`); ``query``; ``out``, the
        file.

    Raises
    ------
    JobRefused
        When the query is refused or yields more than :data:`MOST_CELLS`, or the extract is not what the platform has on
        record.
    """
    with opened("select", spec) as extract:
        progress("reading the query")
        found = extract.query(spec["query"]).persist()
        if found.count() * len(found.columns) > MOST_CELLS:
            what = f"The query yields more than {MOST_CELLS:,} cells"
            raise JobRefused(what, where="query", todo="Choose fewer rows or columns")
        # In the order of all columns: the same query over the same extract is the same file.
        rows = found.orderBy(*found.columns).toArrow()
    parquet.write_table(rows, Path(spec["out"]), compression="zstd")
    return {"rows": rows.num_rows}
