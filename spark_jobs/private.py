"""Answers one question about an extract with differential privacy: a question in, noisy numbers out, and nothing kept.

The privacy unit is one person: everything that they have in the table is theirs. What is paid for, and whether it was,
is the control plane's: it gives the noise.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from spark_jobs.errors import JobRefused
from spark_jobs.noisy.bounding import sums
from spark_jobs.noisy.query import Query
from spark_jobs.noisy.release import release
from spark_jobs.session import plans_for, session


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Return the answer: ``kind``, ``cells``, the ``confidence`` of how far each may be off, and the ``noise``.

    Parameters
    ----------
    spec : dict
        ``query`` (:class:`~spark_jobs.noisy.query.Query`), ``folder`` of the extract's tables, ``rows`` that the table
        has, and ``noise`` as a multiple of what one person may change.

    Raises
    ------
    JobRefused
        When the question does not fit the table: what it holds is not looked at for that.
    """
    query, noise = Query.from_json(spec["query"]), float(spec["noise"])
    folder = Path(spec["folder"]) / query.table
    if not folder.is_dir():
        raise JobRefused("The extract has no such table", where=query.table, todo="See tre.tables")
    progress(f"answering a question about {query.table}")
    with session("private") as spark, plans_for(spark, int(spec["rows"])):
        return release(sums(spark.read.parquet(str(folder)), query), query, noise)
