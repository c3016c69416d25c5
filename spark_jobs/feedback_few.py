"""Tells in this process what :mod:`spark_jobs.feedback` and :func:`spark_jobs.quality.faults` tell of few bad rows."""

from __future__ import annotations

import csv
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from spark_jobs.feedback import COLUMNS, MOST_ROWS, parted, replaced
from spark_jobs.provisioning.engines import InProcess
from spark_jobs.quality import fault
from spark_jobs.tables import rows_in
from spark_jobs.validate_few import literal

MOST_BAD = 1_000_000  # rows in quarantine: of each some 100 bytes are looked at


def are_few(quarantine: Path) -> bool:
    """Return whether the rows in quarantine are so few that this process tells of them."""
    return sum(map(rows_in, quarantine.glob("*"))) <= MOST_BAD


def faults(engine: InProcess, quarantine: Path) -> list[dict[str, Any]]:
    """Return how many rows of each submission wait in quarantine, by file, field and fault."""
    waiting = _waiting(quarantine)
    if not waiting:
        return []
    key = "dataset, submission, file, reason"
    rows = engine.ask(f"SELECT {key}, count(*) AS rows FROM ({_rows(waiting)}) GROUP BY {key}", **waiting)
    return sorted((fault(**each) for each in rows), key=lambda each: [str(value) for value in each.values()])


def write(engine: InProcess, quarantine: Path, out: Path) -> None:
    """Write one CSV for each submission that has rows in quarantine, in place of those of the last build."""
    waiting = _waiting(quarantine)
    with replaced(out) as staged:
        if not waiting:
            return
        found = engine.ask(
            f"SELECT * FROM ({_rows(waiting)}) QUALIFY {MOST_ROWS} >= "
            "row_number() OVER (PARTITION BY dataset, submission, reason ORDER BY file, row) "
            "ORDER BY submission, file, row, dataset, reason",
            **waiting,
        )
        for submission, rows in groupby(found, itemgetter("submission")):
            with (staged / f"{submission}.csv").open("w", encoding="utf-8", newline="") as file:
                told = csv.writer(file, lineterminator="\n")
                told.writerow(COLUMNS)
                told.writerows((row["dataset"], row["file"], row["row"], *parted(row["reason"])) for row in rows)


def _waiting(quarantine: Path) -> dict[str, Path]:
    """Return the folders that hold rows, by how a query calls each."""
    folders = sorted(folder for folder in quarantine.glob("*") if rows_in(folder))
    return {f"waiting_{place}": folder for place, folder in enumerate(folders)}


def _rows(waiting: dict[str, Path]) -> str:
    return " UNION ALL ".join(
        f"SELECT {literal(folder.name)} AS dataset, submission, file, CAST(row AS BIGINT) AS row, reason "
        f"FROM {{{name}}}"
        for name, folder in waiting.items()
    )
