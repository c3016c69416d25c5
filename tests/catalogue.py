"""Submissions, builds and measures for tests, written down as the product does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tre.catalogue.models import Submission, WarehouseBuild
from tre.catalogue.services import marks, write_build, write_submission

_FAULT = ("submission", "dataset", "file", "field", "fault", "rows")


def submission(identity: str, provider: str = "north", datasets: Iterable[str] = ("visits",)) -> Submission:
    """Return a submission of these datasets, with one file of 400 rows each."""
    files = [{"name": f"{name}.csv", "dataset": name, "sha256": "0" * 64, "rows": 400} for name in datasets]
    receipt = {"submission": identity, "provider": provider, "controller": "ICB", "files": files, "by": "test"}
    return write_submission({**receipt, "number": Submission.objects.count() + 1})


def measured(*identities: str, dataset: str = "visits", numerator: int = 395, denominator: int = 400) -> list[dict]:
    """Return measures of these submissions and of the whole dataset, as a build tells them."""
    asked = [("", "completeness"), ("", "uniqueness"), ("code", "validity")]
    return [
        {"dataset": dataset, "submission": name, "field": field, "dimension": dimension, "numerator": numerator,
         "denominator": denominator}
        for name in (*identities, "")
        for field, dimension in asked
    ]  # fmt: skip


def built(
    measures: list[dict],
    *,
    faults: Iterable[tuple] = (),
    inputs: str = "a",
    tables: Iterable[dict[str, Any]] = (),
) -> WarehouseBuild:
    """Return a build that told these measures."""
    result = {
        "linkage": None,
        "model": None,
        "shared": [],
        "doubtful": [],
        "quarantine": [],
        "opted_out": 0,
        "filters": {},
        "tables": list(tables),
        "measures": measures,
        "faults": [dict(zip(_FAULT, fault, strict=True)) for fault in faults],
    }
    return write_build(result, inputs, "test", marks())
