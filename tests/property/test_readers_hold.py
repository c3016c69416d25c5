"""No reader is broken by a damaged file: whatever is done to the bytes, inspection ends in a verdict."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planted import CORNERS, MAKERS, examined
from tre.disclosure import Context, inspect
from tre.disclosure.policy import load_policy
from tre.disclosure.readers import READERS, STREAMED

# Their libraries are in C and C++, and a hostile file may end the process: they are read where that is no harm.
NATIVE = ("arrow", "arrow stream", "duckdb", "parquet", "sas", "sas transport", "spss", "spss portable", "stata")
OPEN = sorted(set(MAKERS) - set(NATIVE))
SPOT = st.floats(0, 1, exclude_max=True)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("set"), SPOT, st.integers(0, 255)),
        st.tuples(st.just("number"), SPOT, st.sampled_from([b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b"\1\0\0\0"])),
        st.tuples(st.just("cut"), SPOT, st.integers(1, 64)),
        st.tuples(st.just("add"), SPOT, st.binary(min_size=1, max_size=16)),
        st.tuples(st.just("twice"), SPOT, st.integers(1, 256)),
    ),
    min_size=1,
    max_size=4,
)


@cache
def whole(kind: str) -> bytes:
    return MAKERS[kind]({})


def changed(body: bytes, changes: list[tuple[str, float, object]]) -> bytes:
    for what, spot, with_ in changes:
        at = int(spot * len(body))
        if what == "set":
            body = body[:at] + bytes([with_]) + body[at + 1 :]
        elif what == "number":
            body = body[:at] + with_ + body[at + len(with_) :]
        elif what == "cut":
            body = body[:at] + body[at + with_ :]
        elif what == "add":
            body = body[:at] + with_ + body[at:]
        else:
            body = body[: at + with_] + body[at:]
    return body


def check_holds(kind: str, changes: list[tuple[str, float, object]]) -> None:
    """Damage a file, have its reader read it here, and ask for an end in findings."""
    told, hits = examined(changed(whole(kind), changes))
    assert told in {*READERS, *STREAMED, "empty", "unreadable"}
    severities = {load_policy().rules[hit.rule].severity for hit in hits}
    assert told != "unreadable" or "block" in severities


def check_who_asks_holds(kind: str, changes: list[tuple[str, float, object]]) -> None:
    """Damage a file, have it read in a worker, and ask for an end in findings."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(changed(whole(kind), changes))
        found = inspect(path, Context())
    assert found.type != "unreadable" or found.verdict == "block"


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(OPEN), CHANGES)
def test_no_damage_breaks_a_reader(kind: str, changes: list[tuple[str, float, object]]) -> None:
    check_holds(kind, changes)


@pytest.mark.sandbox
@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
@settings(max_examples=8, deadline=None)
@given(st.sampled_from(NATIVE), CHANGES)
def test_no_damage_breaks_who_asks(kind: str, changes: list[tuple[str, float, object]]) -> None:
    check_who_asks_holds(kind, changes)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([(kind, corner) for kind in OPEN for corner in CORNERS[kind]]), st.integers(0, 9999999))
def test_any_number_in_any_corner_is_met(place: tuple[str, str], serial: int) -> None:
    """A number with a right check digit is found wherever it is planted, whatever its digits are."""
    kind, corner = place
    if corner in ("pixels", "second page", "second frame", "number", "after the end"):
        return  # letters that are recognised, a value that the maker chooses, an archive that is refused
    nine = f"99{serial:07d}"
    check = 11 - sum((10 - n) * int(digit) for n, digit in enumerate(nine)) % 11
    if check == 10:
        return
    text = f"NHS number {nine[:3]} {nine[3:6]} {nine[6:]}{check % 11}"
    _, hits = examined(MAKERS[kind]({corner: text}))
    assert ("identifier", "nhs_number") in {(hit.rule, hit.kind) for hit in hits}
