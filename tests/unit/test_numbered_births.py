"""A day of birth that a program turned into a number is one still; a number of those born is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.disclosing import judged, kinds


@pytest.mark.parametrize(
    ("heading", "values"),
    [
        ("date_of_birth", "24504"),  # Excel
        ("DOB", "24504.0"),
        ("dob", "-7305"),  # R, in 1950
        ("birth date", "7671"),  # SAS, in 1981
        ("birthday", "-631152000"),  # seconds
        ("date of birth", "-631152000000"),
    ],
)
def test_a_numbered_day_of_birth_is_one(tmp_path: Path, heading: str, values: str) -> None:
    assert "date_of_birth" in kinds(judged(tmp_path, f"ward,{heading}\na,{values}\nb,\n"))


@pytest.mark.parametrize(
    ("heading", "value"),
    [("babies_born", "24504"), ("born_abroad", "24504"), ("birth_year", "1967"), ("year of birth", "2001"),
     ("date_of_birth_missing", "120"), ("birth_weight_g", "3405")],
)  # fmt: skip
def test_what_is_counted_or_a_year_is_none(tmp_path: Path, heading: str, value: str) -> None:
    assert "date_of_birth" not in kinds(judged(tmp_path, f"ward,{heading}\na,{value}\nb,{value}\n"))
