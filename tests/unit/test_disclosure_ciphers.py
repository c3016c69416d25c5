"""A name under a cipher that anybody can do by hand is found, and words and numbers that only look so are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.disclosing import OPEN, judged, rules
from tests.enciphering import CIPHERS, by_capitals, by_fives
from tre.disclosure import Context
from tre.disclosure.detectors.sounds import sound_of, sounds_of
from tre.disclosure.exact_match import digests, write_filter

NAMES = {"person-name", "possible-name"}
QUIET = [
    "on holiday by Friday the runway lay midway", "the gateway may delay a relay day", "anyway, today",
    "code HYPERLINK and TRIGGERED", "cadvisor ndarray setuptools dataframe fontconfig",
    "theTableShowsRatesByAgeAndSexForAllPractices", "getHttpResponseCodeFromTheServerOfThisService",
    "for res in run, cov", "pip install [extra], see docs; then run", "assert res1.resid, res2.resid, rtol=rtol",
    "2 3 4 5 6 7 8 9", "22 33 44 55 66 77 88 99", "2, 22, 222, 3, 33, 333, 4, 44", "4444444 5555555", "2634567 3456789",
    "useState, useEffect, setState, getElementById, onClick, innerHTML and createElement were called",
    "mRNA, pH, eGFR, tRNA, miRNA, dsDNA, siRNA, cDNA, HbA1c, NHSmail, iPhone and LaTeX",
    "Kaplan Meier curves and Kruskal Wallis tests", "Mann Whitney", "Jupyter Hub", "Keras Tuner", "Levenberg Marquardt",
]  # fmt: skip
HEARD = ["Khloe Fompson", "Matfew Brown", "Kristofer Huez", "Marieam Taylor"]


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("name", ["margaret hughes", "chloe thompson"])
def test_a_name_under_a_cipher_is_found(tmp_path: Path, cipher: str, name: str) -> None:
    found = judged(tmp_path, f"Results of the run\nnote {CIPHERS[cipher](name)}\n")
    assert rules(found) & NAMES
    assert name.split()[0] not in str(found.to_json()).lower()


def test_the_surname_may_stand_first(tmp_path: Path) -> None:
    assert rules(judged(tmp_path, f"thanks to {CIPHERS['Pig Latin']('hughes margaret')}\n")) & NAMES


@pytest.mark.parametrize("cipher", [each for each in CIPHERS if "once" not in each])
def test_a_surname_that_no_list_has_is_found_when_it_is_held(tmp_path: Path, cipher: str) -> None:
    text = f"Results of the run\nnote {CIPHERS[cipher]('olivia tunnicliffe')}\n"
    assert "held-identifier" in rules(judged(tmp_path, text, _held(tmp_path, "olivia tunnicliffe")))


@pytest.mark.parametrize("text", HEARD)
def test_a_name_as_it_sounds_is_found(tmp_path: Path, text: str) -> None:
    assert rules(judged(tmp_path, f"The caller said she is {text}, not checked\n")) & NAMES


@pytest.mark.parametrize("text", QUIET)
def test_what_only_looks_enciphered_is_not(tmp_path: Path, text: str) -> None:
    assert not rules(judged(tmp_path, f"Results of the run\n{text}\n")) & {*NAMES, "held-identifier"}


def test_capitals_may_tell_bacons_alphabet_or_bits(tmp_path: Path) -> None:
    bits = "".join(f"{ord(mark):08b}" for mark in "Margaret Hughes was seen")
    for text in (by_fives("margaret hughes", "abcdefghiklmnopqrstuwxyz"), by_capitals(bits)):
        assert rules(judged(tmp_path, f"Results of the run\n{text}\n")) & NAMES


def test_spellings_that_sound_alike_are_one() -> None:
    for one, two in (("thompson", "fompson"), ("hughes", "hues"), ("philip", "filip"), ("wright", "rite")):
        assert sound_of(one) == sound_of(two)
    assert sound_of("khloe") in sounds_of("chloe")
    assert sound_of("leo") != sound_of("lee")


def _held(folder: Path, name: str) -> Context:
    key = b"k" * 32
    write_filter(folder / "filters", "full_name", digests(key, "full_name", [name]))
    return Context(sandbox=OPEN.sandbox, filters=folder / "filters", filter_key=key)
