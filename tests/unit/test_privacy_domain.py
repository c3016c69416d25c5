"""What fits a privacy budget and what does not, as tables."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tre.errors import Refused
from tre.privacy.composition import Mechanism, loss_of, mechanism, stated
from tre.privacy.covering import check_covers
from tre.privacy.domain import Budget, budget

ALLOWED = budget(10, "1e-5")


def check(spent: Budget, wanted: Budget) -> None:
    check_covers("project:frailty", ALLOWED, stated(spent), wanted, stated(wanted))


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
        (budget(0, 0), budget(10, "9e-6")),  # all of it: a tenth of delta is for the choice of an order
        (budget(9, "8e-6"), budget(1, "1e-6")),  # the last of it
        (budget(4, 0), budget("0.000001", 0)),
    ],
)
def test_what_fits_is_taken(spent, wanted):
    check(spent, wanted)


@pytest.mark.parametrize(
    ("spent", "wanted", "told"),
    [
        (budget(0, 0), budget(0, 0), "A spend needs an epsilon greater than zero"),
        (budget(0, 0), budget(0, "1e-6"), "A spend needs an epsilon greater than zero"),
        (
            budget(9, 0),
            budget("1.000001", 0),
            r"does not cover epsilon 1.000001 \(epsilon 1 and delta 9e-06 are left\)",
        ),
        (budget("9.5", 0), budget(1, 0), r"does not cover epsilon 1 \(epsilon 0.5 "),
        (budget(0, "9e-6"), budget(1, "1e-12"), r"\(epsilon 10 and delta 0 are left\)"),  # delta alone refuses
        (budget(12, 0), budget(1, 0), r"\(epsilon 0 "),  # a budget that was lowered since
    ],
)
def test_what_does_not_fit_is_refused_and_what_is_left_is_told(spent, wanted, told):
    with pytest.raises(Refused, match=told):
        check(spent, wanted)


def test_what_does_not_fit_is_told_what_can_be_done_and_no_budget_is_asked_for():
    with pytest.raises(Refused, match="No budget is enlarged: use a smaller epsilon or delta, or suppressed tables"):
        check(budget(9, 0), budget(2, 0))


def test_what_loses_more_than_any_order_proves_is_never_covered():
    endless = loss_of(Mechanism("sampled_gaussian", 0.3, 1.0, 10_000_000))
    with pytest.raises(Refused, match="epsilon 10 and"):
        check_covers("project:frailty", ALLOWED, stated(budget(0, 0)), budget(1, 0), endless)


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        (None, "is one of"), ({}, "is one of"), ({"kind": "magic", "noise": 1}, "is one of"), ([1], "is one of"),
        ({"kind": "gaussian"}, "Noise"), ({"kind": "gaussian", "noise": "1"}, "Noise"),
        ({"kind": "gaussian", "noise": True}, "Noise"), ({"kind": "gaussian", "noise": float("nan")}, "Noise"),
        ({"kind": "gaussian", "noise": 0.1}, "Noise"), ({"kind": "laplace", "noise": 1e9}, "Noise"),
        ({"kind": "gaussian", "noise": 1, "rate": 0.5}, "rate"),
        ({"kind": "sampled_gaussian", "noise": 1, "rate": 0}, "rate"),
        ({"kind": "gaussian", "noise": 1, "steps": 0}, "Steps"),
        ({"kind": "gaussian", "noise": 1, "steps": 1.0}, "Steps"),
        ({"kind": "gaussian", "noise": 1, "steps": True}, "Steps"),
        ({"kind": "gaussian", "noise": 1, "x": 1}, "1 more"),
    ],
)  # fmt: skip
def test_what_is_no_mechanism_is_refused_in_one_sentence(told, wrong):
    with pytest.raises(Refused, match=wrong):
        mechanism(told)


def test_a_mechanism_covers_those_that_lose_no_more():
    paid = Mechanism("sampled_gaussian", 1.0, 0.1, 100)
    assert mechanism(paid.to_json()) == paid
    assert paid.covers(Mechanism("sampled_gaussian", 1.5, 0.05, 50))
    assert not paid.covers(Mechanism("sampled_gaussian", 0.9, 0.1, 100))
    assert not paid.covers(Mechanism("sampled_gaussian", 1.0, 0.2, 100))
    assert not paid.covers(Mechanism("sampled_gaussian", 1.0, 0.1, 101))
    assert not paid.covers(Mechanism("gaussian", 1.0, 1.0, 1))
