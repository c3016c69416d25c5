"""Answers one question about an extract with differential privacy: a question in, noisy numbers out, and nothing else.

The privacy unit is one person: everything that they have in the table is theirs. What is paid for, and whether it was,
is the control plane's: it gives the noise.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from spark_jobs.extracts import opened
from spark_jobs.noisy.bounding import sums
from spark_jobs.noisy.query import Query
from spark_jobs.noisy.release import check_noise, release

ANSWER, TABLE = "answer.json", "answer.csv"


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Write the answer into a folder, as JSON and as a table; return the ``confidence`` of how far off it may be.

    Parameters
    ----------
    spec : dict
        ``extract``, ``manifest`` and ``scratch`` (see :func:`spark_jobs.extracts.opened`); ``query``
        (:class:`~spark_jobs.noisy.query.Query`); ``noise`` as a multiple of what one person may change; ``public``, by
        what bounds and values of the question are public; ``out``, the folder.

    Raises
    ------
    JobRefused
        When the question does not fit the table, or the extract is not what the platform has on record: no row was
        looked at for that.
    """
    query, noise = Query.from_json(spec["query"]), float(spec["noise"])
    check_noise(noise)
    with opened("private", spec) as extract:
        table = extract.table(query.table)
        progress(f"answering a question about {query.table}")
        answer = release(sums(table, query), query, noise)
    out = Path(spec["out"])
    (out / ANSWER).write_text(
        json.dumps({"question": spec["query"], "public": spec["public"], **answer}, indent=1) + "\n"
    )
    _write(answer["rows"], out / TABLE)
    return {"confidence": answer["confidence"]}


def _write(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
