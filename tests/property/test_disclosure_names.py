"""Names and letters however they are written: whatever the name, and whatever stands between."""

from __future__ import annotations

from random import Random

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tre.disclosure.detectors.written_names import name_in, spelled_in
from tre.disclosure.packs import folder_of, load_pack, words_in
from tre.disclosure.packs.uk.checks import CHECKS
from tre.disclosure.readers.lettering import lettered, put_together
from tre.disclosure.readers.spare_values import SpareValues, strings

NAMES = load_pack().names
FORENAMES = sorted(each for each in NAMES.forenames if NAMES.is_forename(each) and len(each) >= 4)
SURNAMES = sorted(each for each in NAMES.surnames if len(each) >= 4)
ROLES = sorted({*words_in(folder_of("uk") / "roles.txt")} - ((NAMES.forenames | NAMES.surnames) - NAMES.ordinary))
PERSONS = st.tuples(st.sampled_from(FORENAMES), st.sampled_from(SURNAMES)).filter(
    lambda each: " ".join(each) not in NAMES.eponyms
)
MARKS = st.text(" .-_/|*0123456789\n", min_size=1, max_size=3)


@given(PERSONS, st.sampled_from(["{0} {1}", "{0}_{1}", "{1}, {0}", "x_{0}_{1}_3", "{2}{3}", "{0}{3}", "{0}.{1}@x"]))
def test_a_name_of_the_lists_is_found_in_whatever_case_and_joint(person: tuple[str, str], form: str) -> None:
    forename, surname = person
    swapped = NAMES.are_person(surname, forename)  # each may be the other
    turned = form.startswith("{1}") and NAMES.is_word(surname) and not swapped  # a word before a forename is a word
    assert bool(name_in(form.format(forename, surname, forename.title(), surname.title()), NAMES)) != turned


@given(PERSONS, MARKS)
def test_a_name_is_read_a_letter_at_a_time(person: tuple[str, str], mark: str) -> None:
    assert spelled_in(mark.join("".join(person)), NAMES)


@given(st.text(max_size=200))
def test_no_text_breaks_the_search(text: str) -> None:
    assert isinstance(name_in(text, NAMES), str)


WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="<&"), min_size=6, max_size=30)


@given(WORDS, st.integers(0, 99), st.floats(4, 12), st.booleans())
def test_what_a_drawing_spells_is_read_in_any_order(word: str, seed: int, step: float, down: bool) -> None:
    size = 16
    at = [(f'x="{n * step}"' if not down else f'y="{n * step}"', mark) for n, mark in enumerate(word)]
    Random(seed).shuffle(at)
    texts = "".join(f'<text font-size="{size}px" {place}>{mark}</text>' for place, mark in at)
    assert word in lettered(etree.fromstring(f'<svg xmlns="http://www.w3.org/2000/svg">{texts}</svg>'))


@given(st.lists(st.text(max_size=3), max_size=30))
def test_letters_that_follow_one_another_are_put_together(pieces: list[str]) -> None:
    joined = "".join(each if len(each) == 1 else "\x00" + each for each in pieces)
    for found in put_together(pieces):
        assert found in joined or " " in found


@settings(deadline=None)  # the first call reads the lists
@given(st.lists(st.sampled_from(ROLES), min_size=1, max_size=4), st.sampled_from([".", "-", "_", ""]))
def test_words_of_roles_are_nobody_s_address(words: list[str], joint: str) -> None:
    address = f"{joint.join(words)}@example.org"
    assert CHECKS["email"].end(address, 0, len(address)) == CHECKS["mailbox"].end(address, 0, len(address)) == 0
    sure, unsure = CHECKS["email"].whole(pa.array([address]))
    assert (sure.to_pylist(), unsure.to_pylist()) == ([False], [True])


@given(st.lists(st.integers(0, 7), max_size=20), st.lists(st.integers(0, 7), max_size=20))
def test_the_values_that_no_row_has_are_those_that_no_batch_uses(one: list[int], two: list[int]) -> None:
    values = pa.array([f"value {n}" for n in range(8)])
    batches = [
        pa.record_batch([pa.DictionaryArray.from_arrays(pa.array(each, pa.int8()), values)], ["of"])
        for each in (one, two)
    ]
    spare = SpareValues("")
    rows = [value for batch in spare.watched(iter(batches)) for value in strings(batch.column(0)).to_pylist()]
    left = {line for told in spare.left_over() for _, text in told.texts for line in text.split("\n")}
    assert left == set(values.to_pylist()) - set(rows)
