"""Of few rows the value of most is told as plain Python tells it: each column alone, of equally many the smallest."""

from __future__ import annotations

from collections import Counter
from contextlib import closing

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs import majority_few
from spark_jobs.identified_few import is_nhs_number
from spark_jobs.nhs_number import is_valid
from spark_jobs.provisioning.engines import InProcess

VALUE = st.one_of(st.none(), st.sampled_from(["a", "b", "B", "é", ""]))
ROWS = st.lists(st.tuples(st.sampled_from("pq"), st.sampled_from("12"), VALUE, VALUE), max_size=25)
SCHEMA = pa.schema([(name, pa.string()) for name in ("provider", "local_id", "one", "two")])


@pytest.fixture(scope="module")
def engine():
    with closing(InProcess()) as made:
        yield made


def most(values: list[str | None]) -> str | None:
    counted = Counter(each for each in values if each is not None)
    return min(counted, key=lambda each: (-counted[each], each.encode()), default=None)


@settings(max_examples=200, deadline=None)
@given(ROWS)
def test_it_is_what_most_rows_say(engine, rows):
    table = pa.Table.from_pylist([dict(zip(SCHEMA.names, each, strict=True)) for each in rows], schema=SCHEMA)
    query = "SELECT * FROM {sent}"
    found = majority_few.settle(engine, query, query, ["provider", "local_id"], ["one", "two"], sent=table)
    wanted = {
        key: (most([one for *place, one, _ in rows if tuple(place) == key]),
              most([two for *place, _, two in rows if tuple(place) == key]))
        for key in {(provider, local) for provider, local, _, _ in rows}
    }  # fmt: skip
    assert {(each["provider"], each["local_id"]): (each["one"], each["two"]) for each in found.to_pylist()} == wanted
    assert found.num_rows == len(wanted)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.from_regex(r"[0-9]{9,11}", fullmatch=True), st.text(max_size=12)))
def test_an_nhs_number_is_known_as_in_plain_python(engine, text):
    table = pa.table({"text": [text]})
    [told] = engine.ask(f"SELECT {is_nhs_number('text')} AS it FROM {{told}}", told=table)
    assert bool(told["it"]) == is_valid(text)
