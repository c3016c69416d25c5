"""De-identified text: what goes, what stays, and what stands in its place."""

from __future__ import annotations

from datetime import date

import pytest

from tre.disclosure.deidentify import Known, deidentifier
from tre.disclosure.detectors.births import readings

CLEAN = deidentifier(frozenset({"zainab", "kowalczyk"}))
KNOWN = Known.of(
    ["Ann", "Archer", "May", "O'Neil", "José", "Wedgwood"], ["9990000042", "RJE00012", "G7"], ["1950-01-31"]
)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Phoned Ann Archer: feels better.", "Phoned [NAME]: feels better."),
        ("phoned ann archer", "phoned [NAME]"),
        ("ARCHER, Ann was seen", "[NAME] was seen"),
        ("JOSE and José and Jos\u0065\u0301", "[NAME] and [NAME] and [NAME]"),
        ("O'Neil, O’Neil, ONeil", "[NAME]"),
        ("She may call in May.", "She may call in [NAME]."),  # their own name, with a capital letter: it goes
        ("Wedgwood's daughter", "[NAME]'s daughter"),
        ("Spoke to Margaret on the ward", "Spoke to [NAME] on the ward"),
        ("Zainab phoned. Kowalczyk too", "[NAME] phoned. [NAME] too"),
        ("Spoke to Zainab Shufflebotham", "Spoke to [NAME]"),
        ("Referred by Dr. P. Quux", "Referred by [NAME]"),
        ("Will call if worse. White cells low. Long wait.", "Will call if worse. White cells low. Long wait."),
        ("No concerns. Plan: bloods in two weeks.", "No concerns. Plan: bloods in two weeks."),
        ("NHS 999 000 0042", "NHS [NHS_NUMBER]"),
        ("NHS 943 476 5919", "NHS [NHS_NUMBER]"),
        ("number RJE-00012 and rje00012", "number [HOSPITAL_NUMBER] and [HOSPITAL_NUMBER]"),
        ("lives at ST4 6QG", "lives at [POSTCODE]"),
        ("tel 01782 555123", "tel [PHONE]"),
        ("write to a.b@example.co.uk", "write to [EMAIL]"),
        ("31/01/1950, 31.1.50, 1950-01-31, 31st January 1950", ", ".join(["[DATE_OF_BIRTH]"] * 4)),
        ("d.o.b. 3 Mar 1961, seen 12/03/2024", "d.o.b. [DATE_OF_BIRTH], seen 12/03/2024"),
        ("Admitted 12/03/2024 with J18.9, BP 132/80", "Admitted 12/03/2024 with J18.9, BP 132/80"),
        ("", ""),
    ],
)
def test_what_names_a_person_goes_and_the_rest_stays(text, clean):
    assert CLEAN(text, KNOWN) == clean


def test_it_is_cleaned_once_and_stays_so():
    for text in ("Mrs Archer of ST4 6QG", "Spoke to Margaret; born 31/01/1950"):
        once = CLEAN(text, KNOWN)
        assert CLEAN(once, KNOWN) == once


def test_what_is_known_of_one_person_is_not_used_of_another():
    assert CLEAN("Seen with Wedgwood", KNOWN) != CLEAN("Seen with Wedgwood", Known())


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("31/01/1950", [date(1950, 1, 31)]),
        ("1950-1-31", [date(1950, 1, 31)]),
        ("19500131", [date(1950, 1, 31)]),
        ("31.1.50", [date(1950, 1, 31), date(2050, 1, 31)]),
        ("1st February 2001", [date(2001, 2, 1)]),
        ("Feb 1, 2001", [date(2001, 2, 1)]),
        ("30/02/2001", []),
    ],
)
def test_the_days_that_a_date_may_mean(written, days):
    assert list(readings(written)) == days
