"""A health system of a few people, written by hand, and its warehouse: linked by local number, so that it is quick."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from pyspark.sql import SparkSession

from spark_jobs import build, consistency_few, feedback_few, known, linkage, validate_few
from spark_jobs.contracts import load_contracts
from spark_jobs.nhs_number import test_numbers as numbers_of_the_test_range
from tests.conftest import REPOSITORY
from tests.landing import landed, outbox, sent
from tests.spark import lent

CONTRACTS = REPOSITORY / "policies" / "contracts"
KEYS = {"warehouse-pseudonym": bytes(range(32)), "exact-match": bytes(range(32, 64))}
Rows = Sequence[Mapping[str, object]]


_numbers = lru_cache(maxsize=1)(numbers_of_the_test_range)  # made once: there are 900,000


def number(person: int) -> str:
    """Return the NHS number of a person, by their place in the test range."""
    return str(_numbers()[person])


def patient(person: int, **changes: object) -> dict[str, object]:
    """Return a person's row in the practices' register."""
    told = {
        "local_id": f"G{person}", "nhs_number": number(person), "forename": f"Ann{chr(97 + person)}",
        "surname": "Archer", "sex": "2", "birth_date": "1950-01-31", "postcode": "ST4 6QG", "lsoa": "E01014000",
        "ethnicity": "A", "practice_code": "M80001", "registered_on": "2001-01-01",
    }  # fmt: skip
    return {**told, **changes}


def submit(landing: Path, name: str, provider: str, **datasets: Rows) -> None:
    """Land a submission as the platform does; a column that is not told is empty."""
    folder, contracts, files = landing.with_name("outboxes") / name, load_contracts(CONTRACTS), []
    for dataset, rows in datasets.items():
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, [field.name for field in contracts[dataset].fields], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        files.append(sent(folder, f"{dataset}-0.csv", dataset, out.getvalue().encode(), len(rows)))
    landed(outbox(folder, *files, provider=provider), landing)


def by_local_number(
    records: Path, old: Path | None, out: Path, generation: int, progress: object, **more: object
) -> linkage.Linked:
    """Write a spine in which the digits of a local number are the person, in place of linkage."""
    told = parquet.read_table(records, columns=["provider", "local_id"]).to_pylist()
    rows = [
        {**row, "record": f"{row['provider']} {row['local_id']}", "person": "P" + row["local_id"][1:]} for row in told
    ]
    out.mkdir(parents=True)
    parquet.write_table(pa.Table.from_pylist(rows), out / "part-0.parquet")
    return linkage.Linked.nobody()


def use_session(monkeypatch: pytest.MonkeyPatch, spark: SparkSession, *jobs: Any) -> None:
    """Let jobs use the tests' session."""
    for job in jobs:
        monkeypatch.setattr(job, "session", lent(spark))
    monkeypatch.setattr(linkage, "link", by_local_number)


@contextmanager
def on_spark_alone() -> Iterator[None]:
    """Let a build do nothing in its own process, as where rows are many."""
    with (
        patch.object(validate_few, "MOST_CELLS", -1),
        patch.object(consistency_few, "MOST_DAYS", -1),
        patch.object(known, "MOST_HERE", -1),
        patch.object(feedback_few, "MOST_BAD", -1),
    ):
        yield


def build_warehouse(home: Path, keys: Mapping[str, bytes] = KEYS, **more: object) -> dict[str, Any]:
    """Build the warehouse of ``home / "landing"`` in ``home / "warehouse"`` and return the job's result."""
    return build.run(build_specification(home, **more), dict(keys), lambda text: None)


def build_specification(home: Path, **more: object) -> dict[str, Any]:
    """Return the whole specification of a build from everything that has landed."""
    names = sorted(path.name for path in (home / "landing" / "submissions").glob("[!.]*"))
    held = [{"submission": name, "datasets": list(load_contracts(CONTRACTS))} for name in names]
    return {
        "submissions": held, "feedback": str(home / "feedback"),
        "landing": str(home / "landing"), "warehouse": str(home / "warehouse"), "filters": str(home / "filters"),
        "contracts": str(CONTRACTS), "quality": str(CONTRACTS.parent / "quality.yaml"), "unmeasured": names,
        "truth": None, "as_of": "2026-07-01", **more,
    }  # fmt: skip
