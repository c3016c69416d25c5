"""Whatever a person is encoded in, and however often, is found; what nobody encoded does not become a person."""

from __future__ import annotations

import json
import string
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.disclosing import ESCAPINGS, SPELLINGS, TURNINGS, judged, kinds
from tre.disclosure import Inspection
from tre.disclosure.detectors import disguises, hiding, packed
from tre.disclosure.detectors.encodings import rot13

PLANTED = {
    "Margaret Hughes was here": "name",
    "NHS number 943 476 5919": "nhs_number",
    "write to margaret.hughes@example.co.uk": "email",
    "her national insurance number is AB123456C": "nino",
    "date of birth 12 March 1974": "date_of_birth",
}
WRITTEN = SPELLINGS | ESCAPINGS
WORDS = ["the", "patient", "Margaret", "Hughes", "was", "admitted", "to", "ward", "nine", "943", "476", "5919", "with"]
CALM = string.ascii_lowercase + "    "


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(sorted(PLANTED)),
    st.lists(st.sampled_from(sorted(WRITTEN)), min_size=1, max_size=3),
    st.one_of(st.none(), st.sampled_from(sorted(TURNINGS))),
)
@example("NHS number 943 476 5919", ["base85", "base64"], None)
@example("Margaret Hughes was here", ["URL escapes", "hexadecimal", "base64"], "reversed ROT13")
@example("Margaret Hughes was here", ["binary digits", "hexadecimal", "base32"], None)
def test_a_person_is_found_in_any_nesting_of_encodings(text: str, ways: list[str], turning: str | None) -> None:
    written = TURNINGS[turning](text) if turning else text
    for way in ways:
        written = WRITTEN[way](written)
    if len(written) > 4000:  # longer lines are cut, and what is no single run is decoded piece by piece
        return
    with TemporaryDirectory() as folder:
        found = judged(Path(folder), f"The results\n{written}\nand the end\n")
    assert PLANTED[text] in kinds(found) or _is_stopped(found)
    assert text not in json.dumps(found.to_json())


def _is_stopped(found: Inspection) -> bool:
    return any(each.rule in ("too-big", "encoded-text") and each.severity == "block" for each in found.findings)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_no_text_breaks_the_second_look_and_none_of_it_is_repeated(text: str) -> None:
    with TemporaryDirectory() as folder:
        found = judged(Path(folder), "The results\n" + text)
    assert found.verdict in ("pass", "review", "block")


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(CALM, min_size=4, max_size=60), min_size=1, max_size=12))
def test_small_letters_alone_are_never_a_hidden_person(lines: list[str]) -> None:
    with TemporaryDirectory() as folder:
        found = judged(Path(folder), "\n".join(line.strip() for line in lines))
    assert not {each.rule for each in found.findings} & {"identifier", "date-of-birth", "hidden-message"}


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=64, max_size=400))
def test_random_bytes_in_base64_hold_no_person(data: bytes) -> None:
    import base64

    with TemporaryDirectory() as folder:
        found = judged(Path(folder), f"key: {base64.b64encode(data).decode()}\n")
    assert not {each.rule for each in found.findings} & {"identifier", "person-name", "held-identifier", "pseudonym"}


@given(st.text(max_size=100))
def test_plain_letters_are_settled_and_ascii_stays(text: str) -> None:
    once = disguises.plain_letters(text)
    assert disguises.plain_letters(once) == once
    assert text.isascii() is False or once == text
    assert rot13(rot13(text)) == text


@given(st.lists(st.sampled_from(WORDS), min_size=8, max_size=14).map(" ".join), st.integers(0, 7), st.booleans())
def test_what_bits_spell_is_read_at_any_offset_and_either_way(text: str, offset: int, turned: bool) -> None:
    if len(set(text)) < 8:
        return
    bits = [True] * offset + [bit == "1" for each in text.encode() for bit in f"{each:08b}"]
    assert text.strip() in hiding.spelled([bit != turned for bit in bits])


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=60))
def test_no_numbers_break_the_reading_of_numbers(numbers: list[float]) -> None:
    import numpy as np

    for values in (np.array(numbers, dtype="f8"), np.array(numbers, dtype="f4"), np.array(numbers, dtype="f2")):
        assert all(text for _, text in packed.texts_in(values))
