"""A Parquet file's footer is put in order, and nothing else of the file is touched."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs.provisioning.footer import put_in_order, with_encodings_in_order

_NESTED = [[{"a": [1, 2], "b": True, "é": None}], None, []]


def footer_of(path: Path) -> bytes:
    told = path.read_bytes()
    return told[-8 - int.from_bytes(told[-8:-4], "little") : -8]


def encodings(path: Path) -> list[list[str]]:
    told = parquet.read_metadata(path)
    groups = (told.row_group(number) for number in range(told.num_row_groups))
    return [list(group.column(place).encodings) for group in groups for place in range(told.num_columns)]


@settings(deadline=None)
@given(
    numbers=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=30),
    columns=st.integers(1, 20),
    group=st.integers(1, 30),
    dictionary=st.booleans(),
    note=st.binary(max_size=200),
)
def test_the_same_encodings_stand_there_in_one_order_and_the_rows_are_as_before(
    tmp_path_factory, numbers, columns, group, dictionary, note
):
    path = tmp_path_factory.mktemp("footer") / "a.parquet"
    held = {f"c{place}": pa.array(numbers, pa.int64()) for place in range(columns)}
    held["nested"] = pa.array((_NESTED * len(numbers))[: len(numbers)])
    rows = pa.table(held).replace_schema_metadata({"note": note})
    parquet.write_table(rows, path, row_group_size=group, use_dictionary=dictionary, write_statistics=True)
    before, told = encodings(path), path.read_bytes()
    put_in_order(path)
    assert [sorted(each) for each in encodings(path)] == [sorted(each) for each in before]
    assert parquet.read_table(path).equals(parquet.read_table(pa.BufferReader(told)))
    assert path.read_bytes()[: -8 - len(footer_of(path))] == told[: -8 - len(footer_of(path))]
    assert with_encodings_in_order(footer_of(path)) == footer_of(path)


def test_whatever_order_java_had_them_in_the_bytes_are_the_same(tmp_path):
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"a": ["x", "y", "x"]}), path)
    put_in_order(path)
    footer = footer_of(path)
    (told,) = encodings(path)  # plain, by run length, by dictionary
    ordered = next(bytes(each) for each in permutations((0, 6, 16)) if bytes(each) in footer)
    assert len(told) == len(ordered)
    for other in permutations(ordered):
        assert with_encodings_in_order(footer.replace(ordered, bytes(other), 1)) == footer


@pytest.mark.parametrize("told", [b"", b"PAR1", b"text that is long enough", b"\xff\xff\xff\x7fPAR1"])
def test_what_is_no_parquet_file_is_refused(tmp_path, told):
    (tmp_path / "a").write_bytes(told)
    with pytest.raises(ValueError, match="no Parquet file"):
        put_in_order(tmp_path / "a")
