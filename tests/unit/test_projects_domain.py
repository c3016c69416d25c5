"""What a project must have before it is approved and provisioned, as tables."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.factories import agreed
from tre.errors import Refused
from tre.projects.domain import check_approvable, check_provisionable

TODAY = date(2026, 7, 1)
DAY = timedelta(days=1)
WHOLE = {
    "purpose": "To learn what helps.",
    "members": 1,
    "starts": TODAY,
    "ends": TODAY + DAY,
    "agreements": [agreed()],
}
IN_FORCE = {
    "status": "approved",
    "starts": TODAY,
    "ends": TODAY,
    "agreements": [agreed(starts=TODAY, ends=TODAY)],
    "today": TODAY,
}


def test_a_project_that_lacks_nothing_is_approvable():
    check_approvable(**WHOLE)


@pytest.mark.parametrize(
    ("change", "lacks"),
    [
        ({"purpose": " \n"}, "a purpose"),
        ({"members": 0}, "a named person"),
        ({"agreements": []}, "a data-sharing agreement"),
        ({"agreements": [agreed(), agreed(columns=())]}, "agreed columns for each dataset"),
        ({"ends": TODAY}, "an end date after its start"),
        ({"ends": TODAY - DAY}, "an end date after its start"),
        ({"purpose": "", "members": 0}, "a purpose"),  # the first that is missing
    ],
)
def test_what_is_missing_is_named(change, lacks):
    with pytest.raises(Refused, match=f"^The project lacks {lacks}"):
        check_approvable(**{**WHOLE, **change})


def test_a_project_in_force_is_provisionable_on_its_first_and_last_day():
    check_provisionable(**IN_FORCE)


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"status": "draft"}, "The project is draft, not approved"),
        ({"status": "closed"}, "The project is closed, not approved"),
        ({"starts": TODAY + DAY}, "dates do not include today"),
        ({"ends": TODAY - DAY}, "dates do not include today"),
        ({"agreements": [agreed(starts=TODAY, ends=TODAY), agreed(starts=TODAY + DAY)]}, "not in force today"),
        ({"agreements": [agreed(starts=TODAY - DAY, ends=TODAY - DAY)]}, r"not in force today \(people\)"),
    ],
)
def test_what_stands_against_an_extract_is_named(change, because):
    with pytest.raises(Refused, match=because):
        check_provisionable(**{**IN_FORCE, **change})


@pytest.mark.parametrize(
    ("starts", "ends", "live"),
    [(0, 0, True), (-1, 1, True), (0, 5, True), (-5, 0, True), (1, 5, False), (-5, -1, False)],
)
def test_an_agreement_holds_from_its_first_day_to_its_last(starts, ends, live):
    assert agreed(starts=TODAY + starts * DAY, ends=TODAY + ends * DAY).live(TODAY) is live
