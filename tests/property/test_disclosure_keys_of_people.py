"""Keys that people are linked by, digests and addresses of three words, whoever's they are."""

from __future__ import annotations

import hashlib
from datetime import date

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tre.disclosure.contents import Cells, Table, text_cells
from tre.disclosure.detectors.digests import find_digests, find_lines_of_digests
from tre.disclosure.detectors.patterns import identifier_spans
from tre.disclosure.detectors.pseudonym_forms import find_pseudonyms
from tre.disclosure.detectors.word_addresses import find_word_addresses
from tre.disclosure.packs import load_pack
from tre.disclosure.policy import load_policy

PACK, SHAPE = load_pack(), load_policy().shape
NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=12)
WORDS = st.text("abcdefghijklmnopqrstuvwxyzéß", min_size=3, max_size=18)
ALGORITHMS = st.sampled_from(["sha1", "sha224", "sha256", "sha384", "sha512"])


@given(NAMES, NAMES, st.dates(date(1900, 1, 1), date(2026, 12, 31)), st.sampled_from("1239"), st.booleans())
@settings(deadline=None)
def test_a_linkage_key_is_recognised(surname: str, forename: str, born: date, sex: str, small: bool) -> None:
    """Letters 2, 3 and 5 of the surname and 2 and 3 of the forename, with 2 in place of one that is not there."""
    letters = [(surname + "2" * 5)[at] for at in (1, 2, 4)] + [(forename + "2" * 3)[at] for at in (1, 2)]
    key = f"{''.join(letters)}{born:%d%m%Y}{sex}"
    written = f"key={key.lower() if small else key};"
    found = [written[start:end] for start, end, kind in identifier_spans(written) if kind == "linkage_key"]
    assert found == [key.lower() if small else key]


@given(ALGORITHMS, st.binary(), st.booleans(), st.sampled_from(["patient=", "NHS number sha256: ", "person_id_hash "]))
@settings(deadline=None)
def test_a_digest_that_is_called_a_persons_is_told(algorithm: str, data: bytes, capital: bool, before: str) -> None:
    shown = hashlib.new(algorithm, data).hexdigest()
    cells = text_cells("", before + (shown.upper() if capital else shown))
    assert [hit.rule for hit in find_pseudonyms(cells, PACK)] == ["person-digest"]


@given(ALGORITHMS, st.sets(st.binary(), min_size=5, max_size=30))
@settings(deadline=None)
def test_different_digests_are_told_in_a_column_and_in_lines(algorithm: str, data: set[bytes]) -> None:
    shown = [hashlib.new(algorithm, each).hexdigest() for each in data]
    rules = ["possible-person-digest"]
    table = Table("", ("hash",), (pa.array(shown, pa.string()),))
    assert [hit.rule for hit in find_digests(table, SHAPE, PACK)] == rules
    assert [hit.rule for hit in find_lines_of_digests("", "Results\n" + "\n".join(shown), SHAPE)] == rules


@given(WORDS, WORDS, WORDS, st.sampled_from(["at ///{}", "(///{})", "what3words: {}.", "https://w3w.co/{}"]))
@settings(deadline=None)
def test_an_address_of_three_words_is_told(one: str, two: str, three: str, form: str) -> None:
    cells = text_cells("", form.format(f"{one}.{two}.{three}"))
    assert [hit.kind for hit in find_word_addresses(cells, PACK)] == ["address"]


@given(st.lists(st.text(max_size=30), max_size=8), st.text(max_size=60))
@settings(deadline=None)
def test_anything_is_read(values: list[str], text: str) -> None:
    column = pa.array([each.encode("utf-8", "replace").decode() for each in values], pa.string())
    assert len(list(find_digests(Table("", ("hash",), (column,)), SHAPE, PACK))) <= 1
    cells = Cells.of("", "what3words", column, in_table=True)
    assert len(list(find_word_addresses(cells, PACK))) <= 1
    assert not list(find_lines_of_digests("", text, SHAPE))
