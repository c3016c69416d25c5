"""The accounting of private training, over many settings."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ml.accounting import epsilon, noise_for

RATES = st.floats(0.005, 0.5)
STEPS = st.integers(1, 400)


@settings(max_examples=4, deadline=None)
@given(target=st.floats(0.5, 8), rate=RATES, steps=STEPS)
def test_the_noise_found_keeps_the_promise_and_wastes_little(target: float, rate: float, steps: int) -> None:
    noise = noise_for(target, rate, steps, 1e-6)
    assert epsilon(noise, rate, steps, 1e-6) <= target
    if noise > 0.35:  # the search's lower end
        assert epsilon(noise * 0.97, rate, steps, 1e-6) > target


@settings(max_examples=4, deadline=None)
@given(noise=st.floats(0.8, 5), rate=RATES, steps=st.integers(2, 300))
def test_more_steps_cost_more_and_more_noise_costs_less(noise: float, rate: float, steps: int) -> None:
    cost = epsilon(noise, rate, steps, 1e-6)
    assert cost >= epsilon(noise, rate, steps // 2, 1e-6)
    assert cost >= epsilon(noise * 1.2, rate, steps, 1e-6)
