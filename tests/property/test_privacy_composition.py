"""Privacy budgets: sums are exact, never too small, and never depend on the order."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tre.errors import Refused
from tre.privacy.domain import NOTHING, budget, total

AMOUNTS = st.tuples(st.floats(0, 100, allow_nan=False), st.floats(0, 0.01, allow_nan=False))


@given(st.lists(AMOUNTS, max_size=30), st.randoms())
def test_the_sum_is_the_same_in_any_order_and_never_below_the_true_one(amounts, random):
    spends = [budget(*each) for each in amounts]
    shuffled = list(spends)
    random.shuffle(shuffled)
    assert total(spends) == total(shuffled)
    assert total(spends).epsilon >= sum((Decimal(repr(epsilon)) for epsilon, _ in amounts), Decimal(0))
    assert total(spends).delta >= sum((Decimal(repr(delta)) for _, delta in amounts), Decimal(0))


@given(AMOUNTS, AMOUNTS)
def test_what_is_taken_and_what_is_left_are_the_whole(whole, part):
    one, other = budget(*whole), budget(*part)
    if one.covers(other):
        assert one.without(other) + other == one
    else:
        with pytest.raises(ValueError, match="zero or more"):
            one.without(other)


@given(st.one_of(st.text(), st.none(), st.floats(), st.binary(), st.lists(st.integers())))
def test_anything_is_a_budget_or_refused_in_one_sentence(anything):
    made, sentence = NOTHING, ""
    try:
        made = budget(anything, "1e-6")
    except Refused as refused:
        sentence = refused.sentence()
    assert "\n" not in sentence
    assert made.epsilon >= NOTHING.epsilon
