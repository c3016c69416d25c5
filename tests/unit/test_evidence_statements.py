"""The statements of SATRE as the policy file lists them: all of them, each with what shows it or where that goes."""

from __future__ import annotations

import re

import pytest

from tre.errors import SettingsError
from tre.evidence.checks import CHECKS, looks_at
from tre.evidence.documents import DOCUMENTS
from tre.evidence.statements import POLICY_FILE, specification

# Those that an installation has to show by a live check at the least.
MANDATORY = {
    "1.2.09", "1.4.01", "1.4.02", "1.4.04", "1.5.01", "1.5.03", "1.5.04", "1.5.06", "1.6.04", "2.1.01", "2.1.08",
    "2.1.14", "2.2.04", "2.2.10", "2.2.11", "2.2.13", "2.5.03", "2.8.01", "2.8.02", "3.1.04", "3.1.05", "3.1.06",
    "3.1.08", "3.1.12", "3.2.03", "3.2.04", "3.3.05", "3.3.07",
}  # fmt: skip
RECOMMENDED = {
    "2.2.14", "3.1.10", "3.1.11", "3.1.13", "3.1.16", "3.1.20", "3.3.01", "3.3.06", "3.4.01",
}  # fmt: skip
# Those that ask for something documented, as the specification words them: a generated document tells of each.
DOCUMENTED = {
    "1.2.02", "1.3.04", "1.5.02", "1.6.01", "2.2.01", "2.2.03", "2.2.06", "2.3.03", "2.4.01", "3.1.08", "3.1.09",
    "3.1.17", "3.3.04", "3.3.05", "3.3.07",
}  # fmt: skip


def test_every_statement_is_there_once_with_its_importance():
    """SATRE 2.0.0 has 185 statements; 89 are mandatory everywhere and 6 where something is so."""
    listed = specification().statements
    assert len({each.number for each in listed}) == len(listed) == 185
    assert all(re.fullmatch(r"[1-5]\.[1-9]\.\d\d", each.number) for each in listed)
    assert [each.number for each in listed] == sorted(each.number for each in listed)
    mandatory = [each for each in listed if each.importance == "mandatory" and not each.number.startswith("5.")]
    federation = [each for each in listed if each.importance == "mandatory" and each.number.startswith("5.")]
    assert len(mandatory) + len(federation) == 95
    assert {each.number for each in mandatory if each.only} == {"1.2.08", "1.4.07", "1.7.01", "1.7.02", "1.7.03"}
    assert all(each.only for each in federation)


def test_what_has_to_be_looked_at_is_looked_at():
    by_number = {each.number: each for each in specification().statements}
    assert set(CHECKS) >= MANDATORY
    assert {by_number[number].importance for number in MANDATORY} == {"mandatory"}
    assert set(CHECKS) >= RECOMMENDED
    assert {by_number[number].importance for number in RECOMMENDED} == {"recommended"}
    assert set(CHECKS) <= set(by_number)


def test_each_check_says_what_it_looks_at():
    for number, check in CHECKS.items():
        assert re.fullmatch(r"[A-Z].{20,}\.", looks_at(check)), number


def test_every_statement_is_answered_somehow():
    for each in specification().statements:
        assert each.number in CHECKS or each.generated or each.document, each.number


def test_what_asks_for_a_document_has_one():
    by_number = {each.number: each for each in specification().statements}
    assert {number for number in DOCUMENTED if not by_number[number].generated} == set()
    named = {name for each in by_number.values() for name in each.generated}
    assert named == set(DOCUMENTS)


def test_whose_words_they_are_is_said():
    told = specification()
    assert told.licence == "CC BY 4.0"
    assert "University of Dundee" in told.attribution
    assert told.source.startswith("https://satre-specification.readthedocs.io/en/v2.0.0/")
    assert "creativecommons.org/licenses/by/4.0" in POLICY_FILE.read_text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "statements: 3",
        "[unclosed",
        'specification: S\nsource: s\nlicence: l\nattribution: a\ncapabilities: {"1.1": C}\n'
        "statements: {1.1.01: {importance: vital, title: T}}",
        "specification: S\nsource: s\nlicence: l\nattribution: a\ncapabilities: {}\n"
        "statements: {1.1.01: {importance: mandatory, title: T}}",
        'specification: S\nsource: s\nlicence: l\nattribution: a\ncapabilities: {"1.1": C}\n'
        "statements: {1.1.01: {importance: mandatory, title: T, colour: red}}",
    ],
)
def test_a_file_that_is_none_is_told_in_a_sentence(tmp_path, text):
    path = tmp_path / "satre.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match="statements cannot be read"):
        specification(path)


def test_a_file_that_is_not_there_is_told_too(tmp_path):
    with pytest.raises(SettingsError, match="statements cannot be read"):
        specification(tmp_path / "none.yaml")
