"""The steps of a pair's weight, whatever the weights are: they add up, and every bar lies in the chart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tre.catalogue.waterfall import WIDTH, waterfall

BITS = st.floats(min_value=-60, max_value=60, allow_nan=False, width=32)


@given(BITS, st.dictionaries(st.sampled_from(["number", "forename", "surname", "sex"]), BITS))
def test_the_steps_add_up_and_lie_in_the_chart(weight, fields):
    told = waterfall(weight, fields, "start")
    assert [step.label for step in told.steps] == ["start", *fields]
    assert told.weight == pytest.approx(weight, abs=1e-6)
    assert [step.bits for step in told.steps[1:]] == list(fields.values())
    assert all(0 <= step.left <= WIDTH and 0 < step.bar <= WIDTH for step in told.steps)
    assert 0 <= told.even <= WIDTH


def test_a_bar_reaches_from_the_weight_before_it_to_the_weight_after_it():
    start, forename, surname = waterfall(5.0, {"forename": 20.0, "surname": -5.0}, "start").steps
    assert (start.left, start.bar) == (0.0, 50.0)  # from 0 to -10
    assert (forename.left, forename.bar) == (0.0, 100.0)  # from -10 to 10
    assert (surname.left, surname.bar) == (75.0, 25.0)  # from 10 back to 5
