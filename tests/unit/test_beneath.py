"""What an Arrow or a Parquet file holds that no program shows: beneath missing values, unused, between its parts."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.planted import examined
from tre.disclosure.contents import Contents, Unreadable
from tre.disclosure.policy import load_policy
from tre.disclosure.readers import arrow
from tre.disclosure.readers.beneath import Beneath
from tre.disclosure.readers.spare_values import SpareValues
from tre.disclosure.source import Source

NUMBER = 9990000018
SAID = f"NHS number {NUMBER}"


def feather(frame: pd.DataFrame) -> bytes:
    packed = io.BytesIO()
    frame.to_feather(packed)
    return packed.getvalue()


def parquet(column: Any, **how: Any) -> bytes:
    packed = io.BytesIO()
    pq.write_table(pa.table({"a": column}), packed, **how)
    return packed.getvalue()


def met(body: bytes) -> set[tuple[str, str]]:
    return {(hit.rule, hit.kind) for hit in examined(body)[1]}


def test_a_number_that_pandas_marked_as_missing_is_still_in_the_file() -> None:
    numbers = pd.Series([NUMBER, NUMBER, NUMBER], dtype="Int64")
    numbers = numbers.mask(numbers > 0)
    assert ("identifier", "nhs_number") in met(feather(pd.DataFrame({"nhs_number": numbers})))


def test_a_small_count_that_was_only_marked_as_missing_is_found() -> None:
    counts = pd.Series([120, 7, 95], dtype="Int64")
    counts = counts.mask(counts < 10)
    frame = pd.DataFrame({"age_band": ["20-29", "30-39", "40-49"], "count": counts})
    assert ("small-count", "count") in met(feather(frame))


@pytest.mark.parametrize(
    "column",
    [pd.array([None, 120, None], "Int64"), pd.array([None, 1.5, None], "Float64"), pd.array([None, True], "boolean"),
     pd.to_datetime(["2026-01-01", None]), np.array([np.nan, 1.5]), ["a", None]],
)  # fmt: skip
def test_what_programs_put_there_of_their_own_is_nothing(column: Any) -> None:
    table = pa.Table.from_pandas(pd.DataFrame({"value": column}))
    beneath = Beneath("")
    list(beneath.watched(iter(table.to_batches())))
    assert not list(beneath.tables())


@given(some.lists(some.tuples(some.integers(2, 2**62), some.booleans()), min_size=1, max_size=20), some.integers(0, 5))
def test_every_number_beneath_a_missing_one_is_found_and_no_other(rows: list[tuple[int, bool]], start: int) -> None:
    values, gone = np.array([value for value, _ in rows]), np.array([each for _, each in rows])
    batch = pa.record_batch([pa.array(values, mask=gone)], names=["a"]).slice(start)
    beneath = Beneath("")
    list(beneath.watched(iter([batch])))
    found = {each for told in beneath.tables() for table in told.tables for each in table.columns[0].to_pylist()}
    assert found == {str(value) for value, each in rows[start:] if each}


def test_what_lies_beneath_a_missing_struct_text_or_time_is_found() -> None:
    mask = pa.array([True, False])
    inner = pa.StructArray.from_arrays([pa.array([SAID, "b"])], ["x"], mask=mask)
    text = pa.array([SAID, "b"])
    bits = pa.array([False, True]).buffers()[1]
    bare = pa.StringArray.from_buffers(2, *text.buffers()[1:], bits, 1)
    never = pa.Array.from_buffers(pa.timestamp("s"), 2, [bits, pa.array([2**62, 5]).buffers()[1]], 1)
    for column, expected in ((inner, SAID), (bare, SAID), (never, str(2**62))):
        beneath = Beneath("")
        list(beneath.watched(iter([pa.record_batch([column], names=["a"])])))
        (told,) = beneath.tables()
        assert [table.columns[0].to_pylist() for table in told.tables] == [[expected]]


def test_more_than_is_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tre.disclosure.readers.beneath._MOST", 2)
    beneath = Beneath("")
    list(beneath.watched(iter([pa.record_batch([pa.array(np.arange(5) + 9, mask=np.ones(5, bool))], names=["a"])])))
    (told,) = beneath.tables()
    assert [hit.rule for hit in told.hits] == ["too-big"]


@pytest.mark.parametrize("size", [1, 10])
def test_a_category_that_no_row_has_is_found_in_parquet(size: int) -> None:
    values = pd.Series(pd.Categorical(["x"] * 10, categories=["x", SAID]))
    assert ("identifier", "nhs_number") in met(parquet(pa.array(values), row_group_size=size))
    stored = pa.DictionaryArray.from_arrays(pa.array([0, 0]), pa.array(["x", SAID]))
    plain = parquet(stored, store_schema=False)
    assert pq.read_schema(io.BytesIO(plain)).field("a").type == pa.string()
    assert ("identifier", "nhs_number") in met(plain)


def test_a_dictionary_that_grows_has_no_value_to_spare() -> None:
    spare = SpareValues("")
    parts = [pa.DictionaryArray.from_arrays(pa.array([n]), pa.array(["a", "b", "c"][: n + 1])) for n in range(3)]
    list(spare.watched(iter([pa.record_batch([each], names=["a"]) for each in parts])))
    assert [told.texts for told in spare.left_over()] == [[]]


def test_many_different_texts_are_no_spare_values() -> None:
    body = parquet([f"ward {n}" for n in range(3000)], dictionary_pagesize_limit=1000, data_page_size=1000)
    assert not [hit for hit in examined(body)[1] if "no row has" in hit.where]


def before_the_footer(body: bytes, tail: int, said: str) -> bytes:
    """Put a text between the last column or batch and the footer, whose length stands before the mark at the end."""
    footer = len(body) - tail - int.from_bytes(body[-tail : 4 - tail], "little")
    return body[:footer] + said.encode() + body[footer:]


def test_what_stands_between_a_parquet_file_s_columns_and_its_footer_is_read() -> None:
    body = parquet(["a", "b"])
    assert met(body) == set()
    assert ("identifier", "nhs_number") in met(before_the_footer(body, 8, SAID))
    writer = body.index(b"parquet-cpp-arrow version")
    named = body[:writer] + SAID.ljust(25).encode() + body[writer + 25 :]
    assert ("identifier", "nhs_number") in met(named)


def test_what_stands_before_an_arrow_file_s_footer_is_told() -> None:
    body = feather(pd.DataFrame({"band": ["a", "b"]}))
    assert met(body) == set()
    assert ("appended-bytes", "appended") in met(before_the_footer(body, 10, SAID))


def test_more_between_columns_than_is_read_is_refused() -> None:
    limits = {**load_policy().limits, "part_bytes": 10}
    with pytest.raises(Unreadable, match="more stands between"):
        arrow.read_parquet(Source.of(parquet(["a"])), "", Contents(), replace(load_policy(), limits=limits))


def packed(column: Any) -> bytes:
    packed = io.BytesIO()
    table = pa.table({"nhs_number": column})
    with pa.ipc.new_file(packed, table.schema) as writer:
        writer.write_table(table)
    return packed.getvalue()


def ends(*places: int) -> pa.Buffer:
    return pa.py_buffer(np.array(places, "<i4").tobytes())


NOBODY, SPARE = pa.py_buffer(b"\0" * 8), pa.array([str(NUMBER)] * 3)
VIEWS = SPARE.cast(pa.string_view())
NOWHERE = {
    "a list that is missing": pa.Array.from_buffers(
        pa.list_(pa.string()), 1, [NOBODY, ends(0, 3)], null_count=1, children=[SPARE]
    ),
    "a list of fixed size that is missing": pa.Array.from_buffers(
        pa.list_(pa.int64(), 3), 1, [NOBODY], null_count=1, children=[pa.array([NUMBER] * 3)]
    ),
    "a list in a missing structure": pa.StructArray.from_arrays(
        [pa.ListArray.from_arrays(pa.array([0, 3], pa.int32()), SPARE)], ["l"], mask=pa.array([True])
    ),
    "a column of a union that no row is of": pa.UnionArray.from_dense(
        pa.array([0], pa.int8()), pa.array([0], pa.int32()), [pa.array(["q"]), SPARE]
    ),
    "a view that is missing": pa.Array.from_buffers(pa.string_view(), 3, [NOBODY, *VIEWS.buffers()[1:]], null_count=3),
}


@pytest.mark.parametrize("column", NOWHERE.values(), ids=NOWHERE.keys())
def test_values_that_no_row_has_are_read(column: pa.Array) -> None:
    assert ("identifier", "nhs_number") in met(packed(column))


def test_bytes_outside_all_texts_block() -> None:
    column = pa.Array.from_buffers(pa.string(), 1, [None, ends(0, 1), SPARE.buffers()[2]])
    assert ("hidden-content", "outside") in met(packed(column))


def test_a_slice_of_lists_takes_the_texts_of_others_along() -> None:
    """As pyarrow writes one: it cuts off the lists, and leaves the bytes of their texts."""
    lists = pa.ListArray.from_arrays(pa.array([0, 1, 3], pa.int32()), SPARE)
    assert {rule for rule, _ in met(packed(lists.slice(0, 1)))} & {"hidden-content", "identifier"}


@pytest.mark.parametrize(
    "column",
    [pa.array([["a", "b"], None, []]), pa.array([{"x": ["a"]}, None]), pa.array([None, "b", "cc"], pa.string_view()),
     pa.array([[1, 2], None], pa.list_(pa.int64(), 2)), pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
     pa.array(["a", None, "b"]), pa.array([], pa.string()), pa.array([None, b"b"], pa.large_binary())],
    ids=str,
)  # fmt: skip
def test_an_honest_column_holds_nothing_else(column: pa.Array) -> None:
    beneath = Beneath("")
    assert len(list(beneath.watched(iter(pa.table({"a": column}).to_batches())))) <= 1
    assert list(beneath.tables()) == []


def test_values_of_many_small_batches_are_all_kept() -> None:
    beneath = Beneath("")
    batches = (
        pa.record_batch(
            [pa.Array.from_buffers(pa.int64(), 1, [NOBODY, pa.array([n]).buffers()[1]], null_count=1)], ["a"]
        )
        for n in range(10, 1010)
    )
    assert len(list(beneath.watched(batches))) == 1000
    (found,) = beneath.tables()
    assert found.tables[0].rows == 1000
