"""What fits a privacy budget and what does not, as tables."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tre.errors import Refused
from tre.privacy.domain import Budget, budget, check_fits

ALLOWED = budget(10, "1e-5")


@pytest.mark.parametrize(
    ("epsilon", "delta", "wrong"),
    [
        ("-0.1", "0", "epsilon must be zero or more"),
        ("NaN", "0", "epsilon must be zero or more"),
        ("Infinity", "0", "epsilon must be zero or more"),
        ("1", "-0.1", "delta must be zero or more"),
        ("1", "NaN", "delta must be zero or more"),
        ("1", "1", "delta must be less than 1"),
        ("1", "1.5", "delta must be less than 1"),
    ],
)
def test_what_is_no_amount_of_privacy_cannot_be_written(epsilon, delta, wrong):
    with pytest.raises(ValueError, match=wrong):
        Budget(Decimal(epsilon), Decimal(delta))


@pytest.mark.parametrize(("epsilon", "delta"), [(1, 1), (1, "0.9999999999999"), ("x", 0), (1, "inf"), (1, None)])
def test_what_a_person_gives_is_refused_in_one_sentence(epsilon, delta):
    with pytest.raises(Refused, match="delta less than 1"):
        budget(epsilon, delta)


@pytest.mark.parametrize(
    ("spent", "wanted"),
    [
        (budget(0, 0), budget(10, "1e-5")),  # all of it
        (budget(9, "9e-6"), budget(1, "1e-6")),  # the last of it
        (budget(4, 0), budget("0.000001", 0)),
    ],
)
def test_what_fits_is_taken(spent, wanted):
    check_fits(ALLOWED, spent, wanted)


@pytest.mark.parametrize(
    ("spent", "wanted", "told"),
    [
        (budget(0, 0), budget(0, 0), "A spend needs an epsilon greater than zero"),
        (budget(0, 0), budget(0, "1e-6"), "A spend needs an epsilon greater than zero"),
        (budget(9, 0), budget("1.000001", 0), r"does not cover epsilon 1.000001 \(1 is left\)"),
        (budget("9.5", 0), budget(1, 0), r"does not cover epsilon 1 \(0.5 is left\)"),
        (budget(0, "1e-5"), budget(1, "1e-12"), r"\(10 is left\)"),  # delta alone is enough to refuse
        (budget(12, 0), budget(1, 0), r"\(0 is left\)"),  # a budget that was lowered since
    ],
)
def test_what_does_not_fit_is_refused_and_what_is_left_is_told(spent, wanted, told):
    with pytest.raises(Refused, match=told):
        check_fits(ALLOWED, spent, wanted)
