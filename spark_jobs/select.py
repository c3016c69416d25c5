"""Writes the rows of a query over an extract as one Parquet file, for a training that the platform runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

from spark_jobs.extracts import opened


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
        When the query is refused, or the extract is not what the platform has on record.
    """
    with opened("select", spec) as extract:
        progress("reading the query")
        found = extract.query(spec["query"])
        # In the order of all columns: the same query over the same extract is the same file.
        rows = found.orderBy(*found.columns).toArrow()
    parquet.write_table(rows, Path(spec["out"]), compression="zstd")
    return {"rows": rows.num_rows}
