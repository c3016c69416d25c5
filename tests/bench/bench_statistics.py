"""Statistical disclosure rules: on Spark against ACRO on pandas."""

from __future__ import annotations

from tests.bench import disclosure_statistics
from tests.bench.harness import Row


def run(size: str, seed: int) -> list[Row]:
    """Measure at one size; see :mod:`tests.bench.disclosure_statistics`."""
    return disclosure_statistics.rows(size, seed)
