"""Nothing that Presidio's recognisers find on a cell is missed, and a column at once finds what cell by cell does.

The reference is each recogniser on every cell, with no filter before it. Cells are mutated identifiers: glued to text,
with other separators, foreign digits, spaces and dashes, in any case.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bench.disclosure_cells import PLANTED
from tre.disclosure.contents import Cells
from tre.disclosure.detectors import recognise
from tre.disclosure.detectors.patterns import Forms
from tre.disclosure.folding import AT, DIGIT, LETTER, fold, marks_of
from tre.disclosure.packs import load_pack
from tre.disclosure.policy import load_policy

PACK = load_pack()
OURS = {
    "UK_NHS": ["nhs_number"], "UK_NINO": ["nino"], "UK_DRIVING_LICENCE": ["driving_licence"],
    "UK_PASSPORT": ["passport"], "UK_POSTCODE": ["postcode"], "UK_VEHICLE_REGISTRATION": ["vehicle_registration"],
    "EMAIL_ADDRESS": ["email"], "PHONE_NUMBER": ["phone"],
}  # fmt: skip
# Decimals, alone or in a row, are no telephone numbers and no NHS numbers here, whatever their digits are.
DECIMAL = re.compile(r"\d\.\d")
# Digits glued to a Latin letter are a code to phonenumbers; here also to one of double width, or to the Kelvin sign.
GLUED = re.compile("[A-Za-z]$")
MET: Counter[str] = Counter()


@pytest.fixture(scope="module")
def presidio() -> dict[str, Any]:
    import tldextract
    from presidio_analyzer import predefined_recognizers as library

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    shipped = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)  # and not the one of the network

    class Emails(library.EmailRecognizer):
        def validate_result(self, pattern_text: str) -> bool:
            return bool(shipped(pattern_text).fqdn)

    made = [
        library.NhsRecognizer(), library.UkNinoRecognizer(), library.UkDrivingLicenceRecognizer(),
        library.UkPassportRecognizer(), library.UkPostcodeRecognizer(), library.UkVehicleRegistrationRecognizer(),
        Emails(), library.PhoneRecognizer(supported_regions=("GB",)),
    ]  # fmt: skip
    return {each.supported_entities[0]: each for each in made}


@st.composite
def cells(draw: st.DrawFn) -> str:
    """Return a cell: up to three pieces of which some are identifiers, each bent a little."""
    pieces = []
    for _ in range(draw(st.integers(1, 3))):
        entity = draw(st.sampled_from([*sorted(PLANTED), "", ""]))
        words, make = PLANTED[entity] if entity else ("{}", lambda random: draw(st.text(max_size=12)))
        value = make(Random(draw(st.integers(0, 2**32))))
        text = words.format(value) if draw(st.booleans()) else value
        pieces.append(draw(st.sampled_from(BENT))(text, draw(st.integers(0, 40)), draw(st.sampled_from(SEPARATORS))))
    return draw(st.sampled_from(GLUE)).join(pieces)[:300]


SEPARATORS = [
    "", " ", "-", ".", "/", "  ", "\u00a0", "\u2009", "\u2013", "\u2011", "\u200b", "\t", "\n", "(", ")", "+", "x", "7",
    "_", "é", "٣", "３", "Ａ", "²", "\u0301", "K", "ſ", "@", "0", "44", "+44", "\x1d", "~", "％",
]  # fmt: skip
GLUE = ["", " ", ",", ", ", "; ", "\n", "_", "-", "/", "\t", ".", "=", ":", "é", "@", "\u3000", "|", "'"]
BENT = [
    lambda text, at, mark: text,
    lambda text, at, mark: text[:at] + mark + text[at:],
    lambda text, at, mark: text[:at] + mark + text[at + 1 :],
    lambda text, at, mark: text.replace(" ", mark),
    lambda text, at, mark: text.lower(),
    lambda text, at, mark: text.upper() + mark,
    lambda text, at, mark: mark + text,
    lambda text, at, mark: text[:at].translate({48 + n: 0x660 + n for n in range(10)}) + text[at:],
    lambda text, at, mark: text.translate({48 + n: 0xFF10 + n for n in range(10)}),
    lambda text, at, mark: f"({text}){mark}",
    lambda text, at, mark: text[at:] + text[:at],
    lambda text, at, mark: f"{text}{mark}{text}",
]


@settings(max_examples=1500, deadline=None)
@given(cells())
def test_what_presidio_finds_is_found(presidio: dict[str, Any], cell: str) -> None:
    folded = fold(cell)
    assert len(folded) == len(cell)
    for name, recogniser in presidio.items():
        found = [each for each in recogniser.analyze(cell, [name], None) if each.score > 0]
        ours = [
            span for entity in PACK.entities if entity.kind in OURS[name] for span in recognise.spans(entity, folded)
        ]
        for each in found:
            MET[name] += 1
            around = cell[max(0, each.start - 2) : each.end + 2]
            if name in ("PHONE_NUMBER", "UK_NHS") and DECIMAL.search(fold(around)):
                continue
            wide = folded[each.end : each.end + 1].isascii() and not cell[each.end : each.end + 1].isascii()
            if name == "PHONE_NUMBER" and (GLUED.search(folded[: each.start]) or (wide and folded[each.end].isalnum())):
                continue
            assert any(start < each.end and each.start < end for start, end in ours), (name, cell)


@pytest.mark.parametrize("letter", ["A", "\uff21", "\u212a"])
def test_digits_glued_to_a_letter_of_any_width_are_no_telephone_number(letter: str) -> None:
    phone = next(entity for entity in PACK.entities if entity.kind == "phone")
    assert not list(recognise.spans(phone, fold(f"{letter}020 79460776")))
    assert not list(recognise.spans(phone, fold(f"020 79460776{letter}")))
    assert list(recognise.spans(phone, fold("020 79460776")))


def test_every_entity_came_up() -> None:
    assert set(MET) == set(OURS), MET
    assert min(MET.values()) >= 20, MET


@settings(max_examples=150, deadline=None)
@given(st.lists(cells(), min_size=1, max_size=30), st.booleans())
def test_a_column_at_once_is_each_cell_by_itself(column: list[str], by_arrow: bool) -> None:
    folded = [fold(cell) for cell in column]
    few, recognise._FEW = recognise._FEW, 0 if by_arrow else 10**6
    try:
        for entity in PACK.entities:
            slowly = [n for n, cell in enumerate(folded) if next(recognise.spans(entity, cell), None) is not None]
            assert recognise.recognised(entity, pa.array(folded, pa.string())).tolist() == slowly, entity.kind
    finally:
        recognise._FEW = few


@settings(max_examples=300, deadline=None)
@given(st.lists(cells(), min_size=1, max_size=8))
def test_no_gate_stops_what_a_recogniser_finds(column: list[str]) -> None:
    values = pa.array(column, pa.string())
    marks = marks_of(values)
    gate = re.compile(recognise.gate([e for e in PACK.entities if e.evidence != "context"], ()), re.ASCII)
    for cell, mark in zip(column, marks.tolist(), strict=True):
        for entity in PACK.entities:
            if next(recognise.spans(entity, fold(cell)), None) is None:
                continue
            assert mark & (DIGIT | AT), entity.kind
            assert len(cell.encode()) >= 5, entity.kind
            assert entity.numeric or mark & (LETTER | AT), entity.kind
            assert entity.evidence == "context" or gate.search(fold(cell)), entity.kind


@settings(max_examples=60, deadline=None)
@given(st.lists(cells(), min_size=1, max_size=40), st.integers(1, 40), st.sampled_from(["", "nhs_number", "phone"]))
def test_batches_say_what_one_batch_says(column: list[str], size: int, header: str) -> None:
    distinct = list(dict.fromkeys(column))
    evidence = load_policy().evidence

    def hits(step: int) -> list[tuple[str, str, str, int]]:
        forms = Forms(PACK, header, evidence, in_table=True)
        for start in range(0, len(distinct), step):
            part = pa.array(distinct[start : start + step], pa.string())
            forms.feed(Cells.of("", header, part, in_table=True, start=start))
        return [(hit.rule, hit.kind, hit.place, hit.count) for hit in forms.hits()]

    assert hits(size) == hits(len(distinct))


@given(st.lists(st.text(max_size=30), max_size=20))
def test_marks_tell_what_stands_in_each_string(values: list[str]) -> None:
    marks = marks_of(pa.array(values, pa.string()))
    for value, mark in zip(values, marks.tolist(), strict=True):
        plain = value.isascii() and not set(value) & set("\x1c\x1d\x1e\x1f")
        assert plain == (not mark & 16)
        if plain:
            assert bool(mark & DIGIT) == any(each.isdigit() for each in value)
            assert bool(mark & LETTER) == any(each.isalpha() for each in value)
    sliced = pa.array(["é", *values, "x"], pa.string()).slice(1, len(values))
    assert np.array_equal(marks_of(sliced), marks)
