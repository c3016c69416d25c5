"""Exact match meets what is held however it is written, and judges many at once as it does one."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tre.disclosure.contents import Cells
from tre.disclosure.detectors.held import _names, _numbers, find_held
from tre.disclosure.exact_match import ExactFilters, digests, nhs_number_is_valid, normalise, write_filter


@given(st.lists(st.tuples(st.sampled_from(["", " ", "-", ".", " / "]), st.integers(0, 10**10 - 1)), max_size=20))
def test_numbers_judged_at_once_are_those_judged_one_by_one(written: list[tuple[str, int]]) -> None:
    digits = [f"{number:010d}" for _, number in written]
    tokens = [mark.join((each[:3], each[3:6], each[6:])) for (mark, _), each in zip(written, digits, strict=True)]
    assert _numbers(tokens) == [each if nhs_number_is_valid(each) else None for each in digits]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_names_met_in_a_text_are_spelled_as_they_are_held(text: str) -> None:
    for name in _names(text):
        assert len(name.split()) < 2 or normalise("full_name", name) == name


@pytest.mark.parametrize("written", ["943 476 5919", "943.476.5919", "943/476/5919", "9434765919", "943-476-5919"])
def test_a_number_held_is_met_however_its_parts_are_parted(tmp_path: Path, written: str) -> None:
    key = b"k" * 32
    write_filter(tmp_path, "nhs_number", digests(key, "nhs_number", ["9434765919"]))
    cells = Cells.of("", "", pa.array([f"seen today ({written})"]), in_table=False)
    assert [hit.kind for hit in find_held(cells, ExactFilters.load(tmp_path, key))] == ["nhs_number"]


@pytest.mark.parametrize("written", ["Ann-Marie O’Neill", "O'NEILL, Ann Marie", "Dr Ann Marie O'Neill (aunt)"])
def test_a_name_held_is_met_however_it_is_written(tmp_path: Path, written: str) -> None:
    key = b"k" * 32
    write_filter(tmp_path, "full_name", digests(key, "full_name", ["Ann Marie O'Neill"]))
    cells = Cells.of("", "", pa.array([f"wrote to {written} twice"]), in_table=False)
    assert [hit.kind for hit in find_held(cells, ExactFilters.load(tmp_path, key))] == ["full_name"]
