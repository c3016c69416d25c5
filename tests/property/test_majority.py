"""What most rows of a key say: as counting in plain Python has it, whether or not the rows agree."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from pyspark.sql import SparkSession

from spark_jobs import majority

pytestmark = pytest.mark.spark
SEEN: Counter[str] = Counter()
TEXTS, NUMBERS = some.sampled_from([None, "a", "b"]), some.sampled_from([None, 1, 2])
ROWS = some.tuples(some.integers(0, 3), TEXTS, NUMBERS)


def most(values: list[str | int | None]) -> str | int | None:
    counts = Counter(value for value in values if value is not None)
    return min(counts, key=lambda value: (-counts[value], value)) if counts else None


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(some.lists(ROWS, max_size=10))
def test_the_value_of_most_votes_is_taken_and_of_equals_the_smallest(
    spark: SparkSession, rows: list[tuple[int, str | None, int | None]]
) -> None:
    frame = spark.createDataFrame(rows, "key int, text string, number int")
    with tempfile.TemporaryDirectory() as scratch:
        made = majority.settle(frame, frame, ["key"], ["text", "number"], Path(scratch))
        found = {row["key"]: (row["text"], row["number"]) for row in made.collect()}
    by_key = {key: [row for row in rows if row[0] == key] for key, _, _ in rows}
    assert found == {key: (most([r[1] for r in told]), most([r[2] for r in told])) for key, told in by_key.items()}
    split = any(len({r[n] for r in told} - {None}) > 1 for told in by_key.values() for n in (1, 2))
    SEEN["differ" if split else "agree"] += 1


def test_rows_that_agree_and_rows_that_differ_came_up() -> None:
    assert min(SEEN["differ"], SEEN["agree"]) > 0
