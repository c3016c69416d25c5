"""An NHS number that must be worked out is found; chapters, sizes and other products are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.disclosing import judged, kinds, rules
from tre.disclosure.detectors.reckoned import in_roman, is_prime, of_factors, roman

NUMBER = "9434765919"
TOLD = [
    "case CMXLIII-CDLXXVI-MMMMMCMXIX", "case cmxliii cdlxxvi mmmmmcmxix", "CMXLIII. CDLXXVI. MMMMMCMXIX",
    "IX IV III IV VII VI V IX I IX", "XCIV/XXXIV/LXXVI/LIX/XIX",
    "size 3 x 37003 x 84991", "3*37003*84991", "seed = 3 · 37003 · 84991", "2**4*11*25568183", "2^4 × 11 × 25568183",
]  # fmt: skip
NOT_TOLD = [
    "Chapters IX, X and XIV of ICD-10; part III, annex xvii, MMXXVI", "CMXLIII-CDLXXVI-MMMMMCMXX", "mild mix civic",
    "l.c.c", "CMXLIII cdlxxvi MMMMMCMXIX", "I II III IV V VI VII VIII IX X",
    "A grid of 32 x 13 x 21 cells; 2 x 3 x 7 = 42 models", "3 x 37003 x 84992", "1920 x 1080", "3 x 37003 x 84991.5",
    "2 x 3 x 5 x 7 x 11 x 13 x 17 x 19 x 23 x 29 x 31", "999999999**99 x 3",
]  # fmt: skip


@pytest.mark.parametrize("text", TOLD)
def test_a_number_to_be_worked_out_is_for_a_checker(tmp_path: Path, text: str) -> None:
    found = judged(tmp_path, f"Results of the run\n{text}\n")
    assert "possible-identifier" in rules(found)
    assert NUMBER not in str(found.to_json())


def test_one_that_is_called_so_is_blocked(tmp_path: Path) -> None:
    assert "nhs_number" in kinds(judged(tmp_path, "NHS number CMXLIII-CDLXXVI-MMMMMCMXIX\n"))


@pytest.mark.parametrize("text", NOT_TOLD)
def test_what_only_looks_so_is_not(tmp_path: Path, text: str) -> None:
    assert not rules(judged(tmp_path, f"Results of the run\n{text}\n")) & {"possible-identifier", "identifier"}


def test_a_number_deep_in_a_long_table_is_worked_out(tmp_path: Path) -> None:
    rows = ["note,n"] + [f"a plain remark of row {n},1200" for n in range(20_000)]
    rows[19_000] = "3 x 37003 x 84991,1200"
    assert "possible-identifier" in rules(judged(tmp_path, "\n".join(rows) + "\n"))


def test_numerals_have_one_spelling() -> None:
    assert roman("MCMXCIV") == 1994
    assert roman("n") == 0
    assert {roman(each) for each in ("IIII", "VX", "IC", "mild", "NN")} == {-1}


def test_only_ten_digits_are_numbers() -> None:
    assert not list(in_roman("MI-MII-MIII"))
    assert not list(in_roman("XL-L-LX-LXX"))
    assert not list(of_factors("2 x 3 x 5"))
    assert is_prime(9999999967)
    assert not is_prime(9999999969)
    assert not is_prime(1)
