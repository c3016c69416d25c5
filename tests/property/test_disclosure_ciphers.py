"""Whatever name is enciphered by hand comes out among the names that it may be, and nothing breaks on any text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.enciphering import CIPHERS, on_rails
from tre.disclosure.contents import text_cells
from tre.disclosure.detectors.deciphered import deciphered
from tre.disclosure.detectors.paper_ciphers import off_rails
from tre.disclosure.packs import load_pack

NAMES = load_pack().names
FORENAMES = sorted(name for name in NAMES.forenames if len(name) > 4)
SURNAMES = sorted(name for name in NAMES.surnames if len(name) > 4 and name.isalpha())
LETTERS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=40)


def _read(text: str) -> set[str]:
    found = [each.asked.values.to_pylist() for each in deciphered(text_cells("", text), NAMES)]
    return {name for values in found for value in values for name in value.split("; ")}


@pytest.mark.parametrize("cipher", CIPHERS)
@given(st.sampled_from(FORENAMES), st.sampled_from(SURNAMES))
@settings(deadline=None)
def test_a_name_comes_out_of_its_cipher(cipher: str, forename: str, surname: str) -> None:
    if "once" in cipher and (len(forename) + len(surname) < 13 or not NAMES.are_person(forename, surname)):
        return
    written = CIPHERS[cipher](f"{forename} {surname}")
    if {word.strip(",;[") for word in written.lower().split()} & (NAMES.lexicon | NAMES.forenames | NAMES.surnames):
        return  # it reads as another word as it stands
    assert f"{forename} {surname}" in _read(f"note {written}")


@pytest.mark.parametrize(
    ("cipher", "name"),
    [
        ("Pig Latin", "crystal abbas"),  # a "y" after the consonants that go behind
        ("Pig Latin", "krystyna squires"),
        ("a telephone's keys, once a letter", "milan postlethwaite"),  # the longest surname
    ],
)
def test_a_name_of_the_longest_kind_comes_out(cipher: str, name: str) -> None:
    assert name in _read(f"note {CIPHERS[cipher](name)}")


@given(LETTERS, st.integers(2, 6))
@settings(deadline=None)
def test_rails_give_back_what_was_written(letters: str, rails: int) -> None:
    assert off_rails(on_rails(letters, rails), rails) == letters


@given(st.text(st.sampled_from("abtyAY 0123456789,;[.-/é\u200b"), max_size=200))
@settings(deadline=None)
def test_any_text_is_read(text: str) -> None:
    for each in deciphered(text_cells("", text), NAMES):
        assert len(each.asked.values) == len(each.asked.counts)
        assert each.told is None or len(each.told.values) <= len(each.asked.values)
