"""What Spark makes of an identifier for the exact-match filters is what plain Python makes of it when it asks them."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from pyspark.sql import SparkSession

from spark_jobs.filters import message_of
from tests.health_system import number
from tre.disclosure import exact_match

pytestmark = pytest.mark.spark
MARKS = "aB9 -'|.\t\u00e9\u00df\u0130\u2010\u00a0"
CHANGED = some.sampled_from(["", " ", "-", "\t", "'", "\u00e9", "|"])
LIKELY = {
    "nhs_number": some.sampled_from([number(1), "9434765919", "9434765918", "943 476 5919"]),
    "name_dob": some.sampled_from(["Ann Mary Archer|1950-01-31", "Zo\u00eb|1950-01-31", "O'Neil-Smith A|1950-1-31"]),
    "full_name": some.sampled_from(["Ann Archer", "Mary-Ann  O'Neil", "Jos\u00e9 Silva", "Ann"]),
    "postcode": some.sampled_from(["ST4 6QG", "st46qg", "EC1A 1BB", "ST4"]),
    "hospital_number": some.sampled_from(["RJE00012000", "g-123", "abcdef", "00 12"]),
}
SEEN: Counter[bool] = Counter()


@some.composite
def values(draw: some.DrawFn) -> tuple[str, str]:
    """Return a kind of identifier and a text: one that is likely of that kind, changed at one place, or any."""
    kind = draw(some.sampled_from(exact_match.KINDS))
    likely = draw(LIKELY[kind])
    at = draw(some.integers(0, len(likely)))
    changed = likely[:at] + draw(CHANGED) + likely[at:]
    return kind, draw(some.one_of(some.just(changed), some.text(some.sampled_from(MARKS), max_size=12)))


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(some.lists(values(), min_size=150, max_size=300))
def test_spark_spells_identifiers_as_plain_python_does(spark: SparkSession, told: list[tuple[str, str]]) -> None:
    rows = [(place, kind, value) for place, (kind, value) in enumerate(told)]
    made = message_of(spark.createDataFrame(rows, "place int, kind string, value string").select("kind", "value"))
    found = Counter((row["kind"], row["message"]) for row in made.collect())
    spelled = ((kind, exact_match.normalise(kind, value)) for kind, value in told)
    expected = Counter((kind, exact_match.message(kind, value)) for kind, value in spelled if value)
    assert found == expected
    SEEN.update(kind in {each for each, _ in expected} for kind in exact_match.KINDS)


def test_each_kind_came_up() -> None:
    assert SEEN[True] > 20
