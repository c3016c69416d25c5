"""The accounting of private training, over many settings."""

from __future__ import annotations

from dp_accounting import GaussianDpEvent
from dp_accounting.pld import PLDAccountant
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


@settings(max_examples=6, deadline=None)
@given(target=st.floats(0.2, 8), steps=STEPS, parts=st.lists(st.floats(0.01, 0.3), max_size=3))
def test_what_everybody_is_in_is_accounted_exactly_and_so_is_what_came_before(target, steps, parts) -> None:
    """Held to the privacy loss distribution of the same mechanisms, one by one."""
    whole = noise_for(target, 1.0, 1, 1e-6)
    prepared = [whole / part**0.5 for part in parts]
    noise = noise_for(target, 1.0, steps, 1e-6, prepared)
    assert 0.999 * target < epsilon(noise, 1.0, steps, 1e-6, prepared) <= target
    one_by_one = PLDAccountant(value_discretization_interval=1e-4)
    for each in [*prepared, *[noise] * min(steps, 20)]:
        one_by_one.compose(GaussianDpEvent(each))
    told = one_by_one.get_epsilon(1e-6)
    exact = epsilon(noise, 1.0, min(steps, 20), 1e-6, prepared)
    assert exact <= told * (1 + 1e-9) <= 1.02 * exact + 0.003


@settings(max_examples=4, deadline=None)
@given(noise=st.floats(0.8, 5), rate=RATES, part=st.floats(0.05, 0.3))
def test_what_was_learned_before_the_first_step_is_paid_for(noise: float, rate: float, part: float) -> None:
    alone = epsilon(noise, rate, 50, 1e-6)
    before = [noise_for(alone, 1.0, 1, 1e-6) / part**0.5]
    assert epsilon(noise, rate, 50, 1e-6, before) > alone
    assert noise_for(alone, rate, 50, 1e-6, before) > noise


@settings(max_examples=4, deadline=None)
@given(noise=st.floats(0.8, 5), rate=RATES, steps=st.integers(2, 300))
def test_more_steps_cost_more_and_more_noise_costs_less(noise: float, rate: float, steps: int) -> None:
    cost = epsilon(noise, rate, steps, 1e-6)
    assert cost >= epsilon(noise, rate, steps // 2, 1e-6)
    assert cost >= epsilon(noise * 1.2, rate, steps, 1e-6)
