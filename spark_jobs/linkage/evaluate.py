"""Measures linkage against a known truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from spark_jobs.tables import rows_in

MOST_RECORDS = 20_000_000  # some 100 bytes each, here: the truth is known of synthetic records alone
_KNOWN = """
    CREATE TABLE both_known AS SELECT s.person AS linked, t.person AS truly
    FROM read_parquet($1) s JOIN read_parquet($2) t USING (provider, local_id)
"""


def evaluate(spine: Path, truth: Path) -> dict[str, Any]:
    """Return precision, recall and F1 of the linked pairs against ground truth, and how many records and persons.

    Two records are a true pair when they are of one person. Counted from group sizes, so that no pair is listed.
    ``wholly_right`` is the share of true persons whose records are one person's and nobody else's. Of more than
    :data:`MOST_RECORDS` nothing is measured.
    """
    if rows_in(spine) > MOST_RECORDS:
        return {}
    with duckdb.connect() as database:
        database.execute(_KNOWN, [f"{spine}/*.parquet", f"{truth}/links/*.parquet"])
        pairs = "SELECT coalesce(sum(n * (n - 1) // 2), 0) FROM (SELECT count(*) AS n FROM both_known GROUP BY {})"
        right, linked, true = (
            int(_one(database, pairs.format(by))) for by in ("linked, truly", "linked", "truly")
        )  # fmt: skip
        records = int(_one(database, "SELECT count(*) FROM both_known"))
        persons = int(_one(database, "SELECT count(DISTINCT linked) FROM both_known"))
        whole = float(_one(database, _WHOLE) or 0)
    precision, recall = right / max(1, linked), right / max(1, true)
    f1 = 2 * precision * recall / max(1e-12, precision + recall)
    told = {"precision": precision, "recall": recall, "f1": f1, "wholly_right": whole}
    return {**told, "records": records, "persons": persons}


_WHOLE = """
    SELECT avg(CASE WHEN parts = 1 AND others = 0 THEN 1 ELSE 0 END) FROM (
        SELECT t.truly, count(DISTINCT t.linked) AS parts, max(l.truths) - 1 AS others
        FROM both_known t JOIN (SELECT linked, count(DISTINCT truly) AS truths FROM both_known GROUP BY linked) l
        USING (linked) GROUP BY t.truly
    )
"""


def _one(database: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = database.execute(query).fetchone()
    return row[0] if row else 0
