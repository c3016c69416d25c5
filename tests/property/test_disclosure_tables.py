"""Tables that were written out are read back as they were, whatever stands in them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tre.disclosure.contents import Contents
from tre.disclosure.detectors.counts import INTEGER, share, without_shares
from tre.disclosure.detectors.curves import is_disordered
from tre.disclosure.detectors.low_bits import texts_below
from tre.disclosure.readers.printed import find_printed
from tre.disclosure.readers.statements import read_inserted
from tre.disclosure.readers.web import walk

WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=9)
LABELS = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
COUNTS = st.integers(0, 10**6)
ANY = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=20)


@given(st.lists(st.tuples(LABELS, COUNTS, COUNTS), min_size=2, max_size=12), WORDS, st.booleans(), st.booleans())
def test_the_counts_of_a_printed_frame_are_read_back(
    rows: list[tuple[str, int, int]], name: str, index: bool, under: bool
) -> None:
    frame = pd.DataFrame(rows, columns=[name, "people", "deaths"])
    text = frame.to_string(index=index) + "\n"
    (table,) = find_printed("", f"The table is as follows.\n\n{text}\nThe end\n" if under else text)
    assert table.names[-2:] == ("people", "deaths")
    for kept, written in zip(table.columns[-2:], ("people", "deaths"), strict=True):
        assert kept.to_pylist() == [str(each) for each in frame[written]]
    for label, row in zip((label for label, _, _ in rows), range(table.rows), strict=True):
        assert label.split()[-1] in " ".join(column[row].as_py() for column in table.columns)


@given(st.lists(st.tuples(COUNTS, st.integers(0, 1000)), min_size=1, max_size=30), st.booleans(), st.booleans())
def test_a_count_is_told_from_its_share(rows: list[tuple[int, int]], grouped: bool, first: bool) -> None:
    def cell(count: int, tenths: int) -> str:
        number, percent = f"{count:,}" if grouped else str(count), f"{tenths / 10:.1f}%"
        return f"{number} ({percent})" if first else f"{percent} ({number})"

    column, had = without_shares("all", pa.array([cell(*row) for row in rows]))
    assert had
    assert [int(each.replace(",", "")) for each in column.to_pylist()] == [count for count, _ in rows]
    assert share(column, INTEGER) == 1
    plain = pa.array([str(count) for count, _ in rows])
    assert without_shares("all", plain) == (plain, False)


@given(st.lists(st.tuples(ANY, COUNTS), min_size=1, max_size=8))
def test_inserted_rows_are_read_back(rows: list[tuple[str, int]]) -> None:
    def quoted(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    listed = ", ".join(f"({quoted(text)}, {count})" for text, count in rows)
    (table,), rest = read_inserted("", f'CREATE TABLE t (a TEXT);\nINSERT INTO t ("a b", n) VALUES {listed};\n')
    assert rest == "CREATE TABLE t (a TEXT);\n;\n"
    assert table.names == ("a b", "n")
    assert table.columns[1].to_pylist() == [str(count) for _, count in rows]


@given(st.lists(st.lists(st.integers() | ANY, min_size=3, max_size=3), min_size=1, max_size=6), st.booleans())
def test_rows_beside_their_names_are_one_table(rows: list[list[int | str]], late: bool) -> None:
    names = {"fields": ["a", "b", "c"]}
    document = {"values": rows, **names} if late else {**names, "values": rows}
    contents = Contents()
    walk(json.loads(json.dumps(document)), "", contents, in_figure=False)
    (table,) = contents.tables
    assert table.names == ("a", "b", "c")
    assert table.rows == len(rows)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["f2", "f4", "f8"]))
def test_weights_spell_nothing_by_chance(seed: int, kind: str) -> None:
    assert not list(texts_below(np.random.default_rng(seed).normal(size=3000).astype(kind)))


@given(st.integers(0, 2**32 - 1))
def test_order_that_says_nothing_is_told_from_a_curve(seed: int) -> None:
    drawn = np.random.default_rng(seed)
    values = np.round(drawn.normal(50, 10, 200), 1)
    assert is_disordered(values)
    assert is_disordered(np.sort(values))
    assert not is_disordered(np.round(0.7 * 0.97 ** np.arange(200), 5))
    assert not is_disordered(np.cumsum(values - 50))
