"""A log that tells one measured value a line is told, and one that tells how a program fared is not."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.disclosing import judged, rules

RANDOM = Random(7)
VALUES = [RANDOM.gauss(27, 4) for _ in range(150)]
AGES = [RANDOM.randint(18, 95) for _ in range(150)]
TOLD = {
    "a name and a value": [f"2026-01-01 10:00:{n % 60:02d} INFO bmi={value:.1f}" for n, value in enumerate(VALUES)],
    "words before a value": [f"INFO body mass index {value:.1f}" for value in VALUES],
    "a row's number and a value": [f"row {n}: {value:.1f}" for n, value in enumerate(VALUES)],
    "ages": [f"2026-01-0{1 + n % 9} 10:00:00 DEBUG read age {age}" for n, age in enumerate(AGES)],
}
CLEAN = {
    "seconds": [f"10:00:{n % 60:02d} INFO wrote file {n} in {value / 10:.2f} s" for n, value in enumerate(VALUES)],
    "milliseconds": [f"10:00:{n % 60:02d} INFO done in {age}ms" for n, age in enumerate(AGES)],
    "rows": [f"INFO read {age} rows" for age in AGES],
    "loss": [f"epoch {n} loss={1 / (1 + n) + value / 1e4:.5f}" for n, value in enumerate(VALUES)],
    "scores of folds": [f"INFO fold score {value / 40:.4f}" for value in VALUES],
    "few values": [f"INFO bmi={value:.1f}" for value in VALUES[:40]],
    "a curve": [f"INFO mean temperature {20 + n / 10:.1f}" for n in range(150)],
}


@pytest.mark.parametrize("name", TOLD)
def test_one_measured_value_a_line_is_told(tmp_path: Path, name: str) -> None:
    assert rules(judged(tmp_path, "\n".join(TOLD[name]))) & {"possible-records", "record-level"}


@pytest.mark.parametrize("name", CLEAN)
def test_how_a_program_fared_is_not(tmp_path: Path, name: str) -> None:
    assert judged(tmp_path, "\n".join(CLEAN[name])).verdict == "pass"
