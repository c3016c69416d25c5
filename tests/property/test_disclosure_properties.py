from __future__ import annotations

import hashlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tre.disclosure import Context, Inspection, inspect
from tre.disclosure.exact_match import ExactFilters, digests, nhs_number_is_valid, normalise, write_filter
from tre.disclosure.model import storable
from tre.disclosure.readers import READERS, STREAMED
from tre.disclosure.statistics import safe_table

NINE = st.text("0123456789", min_size=9, max_size=9)


@given(NINE)
def test_at_most_one_check_digit_fits_nine_digits(nine: str) -> None:
    assert sum(nhs_number_is_valid(nine + digit) for digit in "0123456789") <= 1


@given(st.sampled_from(["nhs_number", "name_dob", "full_name", "postcode", "hospital_number"]), st.text(max_size=40))
def test_normalising_twice_changes_nothing(kind: str, value: str) -> None:
    once = normalise(kind, value)
    assert once is None or normalise(kind, once) == once


@settings(max_examples=30, deadline=None)
@given(st.sets(NINE, max_size=30), st.binary(min_size=16, max_size=32))
def test_a_filter_holds_what_was_put_in_and_nothing_else(nines: set[str], key: bytes) -> None:
    held = sorted(nines)[::2]
    names = [f"A{nine}" for nine in nines]
    with TemporaryDirectory() as folder:
        write_filter(Path(folder), "hospital_number", digests(key, "hospital_number", [f"A{nine}" for nine in held]))
        found = ExactFilters.load(Path(folder), key).contains("hospital_number", names)
    assert {name for name, hit in zip(names, found, strict=True) if hit} == {f"A{nine}" for nine in held}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=200))
def test_no_row_or_column_of_a_safe_table_hides_a_single_cell(pairs: list[tuple[int, int]]) -> None:
    table = safe_table(pd.DataFrame(pairs, columns=["a", "b"]), "a", "b")
    hidden = (table.outcome != "ok").to_numpy()
    for axis in (0, 1):
        assert hidden.shape[axis] == 1 or not np.any(hidden.sum(axis=axis) == 1)
    shown = [value for value in table.frame.to_numpy().ravel() if value != "[c]"]
    assert all(value >= 10 for value in shown)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from(
        [b"", b"PK\x03\x04", b"PAR1", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"[", b"<svg ", b"a,b\n", b"\x1f\x8b"]
    ),
)
def test_no_bytes_break_inspection(body: bytes, head: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(head + body)
        found = inspect(path, Context(sandbox=False))
    assert (found.sha256, found.size) == (hashlib.sha256(head + body).hexdigest(), len(head + body))
    assert Inspection.from_json(json.loads(json.dumps(found.to_json()))) == found
    for finding in found.findings:
        told = f"{finding.location}{finding.sample}{finding.kind}"
        assert "\0" not in told
        assert told.encode().decode() == told
    # What nobody could read is never let through, and what is let through was read as something.
    assert found.verdict == "block" or found.type in {*READERS, *STREAMED, "empty"}


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_any_text_becomes_storable_and_stays_so(text: str) -> None:
    kept = storable(text)
    assert len(kept) == len(text)
    assert storable(kept) == kept
    assert kept.encode().decode() == kept
    assert not set(kept) & {"\0", "\x1b", "\u202e"}
    assert all(mark in (other, "\ufffd") for mark, other in zip(kept, text, strict=True))
