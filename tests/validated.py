"""Rows as the build judges them, parted at once: a test's are few."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame

from spark_jobs.validate import bad, good, judge
from tre.contracts import Contract


def split(rows: DataFrame, contract: Contract, as_of: date) -> tuple[DataFrame, DataFrame]:
    """Return the good rows and the bad ones."""
    judged = judge(rows, contract, as_of)
    return good(judged, contract), bad(judged)
