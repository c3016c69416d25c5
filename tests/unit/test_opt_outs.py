"""Opt-outs: they fail closed, and just who opted out is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from spark_jobs import build, tables
from spark_jobs.errors import JobRefused
from spark_jobs.pseudonymise import pseudonym
from tests.health_system import KEYS, build_warehouse, number, patient, submit, use_session

pytestmark = pytest.mark.spark


@pytest.fixture(autouse=True)
def _one_session(monkeypatch, spark):
    use_session(monkeypatch, spark, build)


def spaced(digits: str) -> str:
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}"


def people(spark, home: Path) -> set[str]:
    return {row["pseudonym"] for row in tables.read(spark, home / "warehouse" / "people").collect()}


def pseudonyms(*persons: int) -> set[str]:
    return {pseudonym(KEYS["warehouse-pseudonym"], f"P{person}") for person in persons}


def test_an_opt_out_holds_whatever_its_spelling_and_its_other_columns_say(spark, tmp_path):
    landing = tmp_path / "landing"
    patients = [
        *(patient(person) for person in range(9)),
        patient(9, nhs_number=spaced(number(9))),  # the practice writes it apart
        patient(11, nhs_number=""),
    ]
    submit(landing, "gp-1", "gp", gp_patients=patients)
    care = {"local_id": "R10", "admission_method": "21", "icd10_primary": "R55X", "sex": "1"}
    spells = [
        {**care, "spell_id": "S1", "admitted_on": "2025-01-01"},
        {**care, "spell_id": "S2", "admitted_on": "2026-02-30", "nhs_number": number(10)},  # in quarantine, and theirs
    ]
    submit(landing, "acute-1", "acute", admitted_care=spells)
    opt_outs = [
        {"nhs_number": number(0), "recorded_on": "2020-01-01"},
        {"nhs_number": spaced(number(1)), "recorded_on": "2020-01-01"},
        {"nhs_number": f" {number(2)} ", "recorded_on": ""},
        {"nhs_number": number(3), "recorded_on": "2099-01-01"},
        {"nhs_number": number(4), "recorded_on": "yesterday"},
        {"nhs_number": number(5).replace(number(5)[5], f"-{number(5)[5]}", 1), "recorded_on": "2020-02-30"},
        {"nhs_number": number(9), "recorded_on": "2020-01-01"},
        {"nhs_number": number(10), "recorded_on": "2020-01-01"},
        {"nhs_number": number(500), "recorded_on": "2020-01-01"},  # nobody's here
    ]
    submit(landing, "nhse-1", "nhs-england", opt_outs=opt_outs)
    result = build_warehouse(tmp_path)
    assert people(spark, tmp_path) == pseudonyms(6, 7, 8, 11)
    assert result["opted_out"] == 8


@pytest.mark.parametrize("unread", ["", "943476591", number(0)[:9] + str((int(number(0)[9]) + 1) % 10), "unknown"])
def test_nothing_is_built_while_an_opt_out_cannot_be_read(tmp_path, unread):
    landing = tmp_path / "landing"
    submit(landing, "gp-1", "gp", gp_patients=[patient(0)])
    rows = [{"nhs_number": number(0), "recorded_on": "2020-01-01"}, {"nhs_number": unread, "recorded_on": "2020-01-01"}]
    submit(landing, "nhse-1", "nhs-england", opt_outs=rows)
    with pytest.raises(JobRefused, match="cannot be read") as told:
        build_warehouse(tmp_path)
    sentence = told.value.sentence()
    assert "nhse-1" in sentence
    assert not unread or unread not in sentence
    assert not (tmp_path / "warehouse").exists()
    assert not (landing / "work").exists()


def test_without_opt_outs_everybody_is_there(spark, tmp_path):
    submit(tmp_path / "landing", "gp-1", "gp", gp_patients=[patient(person) for person in range(3)])
    assert build_warehouse(tmp_path)["opted_out"] == 0
    assert people(spark, tmp_path) == pseudonyms(0, 1, 2)
