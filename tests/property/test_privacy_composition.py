"""Privacy budgets: sums are exact, never below what another accountant proves, and never depend on the order."""

from __future__ import annotations

from decimal import Decimal
from functools import reduce
from typing import Any

from dp_accounting.pld import privacy_loss_distribution as pld
from dp_accounting.pld.common import DifferentialPrivacyParameters
from hypothesis import given, settings
from hypothesis import strategies as st

from tre.errors import Refused
from tre.privacy.composition import (
    NO_LOSS,
    TAIL,
    Loss,
    Mechanism,
    epsilon_at,
    epsilon_of,
    loss_of,
    mechanism,
    stated,
    whole,
)
from tre.privacy.domain import Budget, budget

AMOUNTS = st.tuples(st.floats(0, 100, allow_nan=False), st.floats(0, 0.01, allow_nan=False))
DELTA = Decimal("1e-5")
_STEP = 1e-3  # of the peer's grid; its bounds by connected dots are as good as exact (Doroshenko and others, 2022)
GAUSSIANS = st.builds(
    lambda noise, steps: Mechanism("gaussian", noise, 1.0, steps), st.floats(1, 50), st.integers(1, 9)
)
LAPLACES = st.builds(
    lambda noise, steps: Mechanism("laplace", noise, 1.0, steps), st.floats(0.5, 50), st.integers(1, 9)
)
SAMPLED = st.builds(
    lambda noise, rate, steps: Mechanism("sampled_gaussian", noise, rate, steps),
    st.floats(0.7, 5), st.floats(0.001, 0.3), st.integers(1, 300),
)  # fmt: skip
PURE = st.builds(lambda epsilon: budget(epsilon, 0), st.floats(0.001, 3))
SPENDS = st.lists(st.one_of(GAUSSIANS, LAPLACES, SAMPLED, PURE), min_size=1, max_size=6)


def loss(spend: Mechanism | Budget) -> Loss:
    return stated(spend) if isinstance(spend, Budget) else loss_of(spend)


def distribution(spend: Mechanism | Budget) -> Any:
    """Return a spend as the peer has it, written apart from what is tested."""
    if isinstance(spend, Budget):
        amount = DifferentialPrivacyParameters(float(spend.epsilon), float(spend.delta))
        return pld.from_privacy_parameters(amount, value_discretization_interval=_STEP)
    if spend.kind == "laplace":
        one = pld.from_laplace_mechanism(spend.noise, value_discretization_interval=_STEP)
    else:
        one = pld.from_gaussian_mechanism(
            spend.noise, sampling_prob=spend.rate, value_discretization_interval=_STEP, use_connect_dots=True
        )
    return one.self_compose(spend.steps)


@given(st.lists(AMOUNTS, max_size=30), st.randoms())
def test_a_sum_is_the_same_in_any_order_and_what_is_taken_out_leaves_the_rest(amounts, random):
    losses = [stated(budget(*each)) for each in amounts]
    shuffled = list(losses)
    random.shuffle(shuffled)
    assert whole(losses) == whole(shuffled)
    left = whole(losses)
    for each in shuffled:
        left = left.without(each)
    assert left == NO_LOSS


@given(st.lists(AMOUNTS, max_size=30))
def test_epsilons_and_deltas_add_where_nothing_more_is_known(amounts):
    spends = [budget(*each) for each in amounts]
    told = whole(map(stated, spends))
    epsilon = epsilon_of(told, DELTA)
    assert epsilon is not None
    assert epsilon <= sum((each.epsilon for each in spends), Decimal(0))
    assert told.delta >= sum((Decimal(repr(delta)) for _, delta in amounts), Decimal(0))


@given(st.lists(AMOUNTS, min_size=1, max_size=30))
def test_more_never_costs_less(amounts):
    totals = [epsilon_of(whole(stated(budget(*each)) for each in amounts[:n]), DELTA) for n in range(len(amounts) + 1)]
    assert totals == sorted(totals, key=lambda each: each or Decimal(0))


@settings(max_examples=40, deadline=None)
@given(SPENDS)
def test_a_total_is_never_below_what_privacy_loss_distributions_prove(spends):
    """The peer is the exact accountant, given the whole of delta, which the ledger's proof has to share out."""
    told = epsilon_of(whole(map(loss, spends)), DELTA)
    peer = reduce(lambda so_far, each: so_far.compose(each), map(distribution, spends))
    assert told is None or float(told) >= peer.get_epsilon_for_delta(float(DELTA)) - 10 * _STEP


def test_many_mechanisms_come_to_less_than_their_epsilons_do():
    one = Mechanism("sampled_gaussian", 2.0, 0.01, 500)
    alone = epsilon_at(one, Decimal("1e-6"))
    together = epsilon_of(whole([loss_of(one)] * 25), DELTA)
    assert together is not None
    assert together < 25 * alone / 2


def test_a_tenth_of_delta_is_all_that_the_choice_of_an_order_costs():
    assert Decimal("0.1") == TAIL
    one = stated(budget(1, 0))
    assert epsilon_of(one, Decimal(0)) == 1  # without a delta only the order infinity proves anything
    assert epsilon_of(NO_LOSS, DELTA) == 0


@given(st.one_of(st.text(), st.none(), st.floats(), st.binary(), st.lists(st.integers())))
def test_anything_is_a_budget_or_refused_in_one_sentence(anything):
    made, sentence = budget(0, 0), ""
    try:
        made = budget(anything, "1e-6")
    except Refused as refused:
        sentence = refused.sentence()
    assert "\n" not in sentence
    assert made.epsilon >= 0


@given(st.recursive(st.none() | st.floats() | st.text() | st.booleans(), lambda inner: st.dictionaries(
    st.sampled_from(["kind", "noise", "rate", "steps", "x"]), inner | st.just("gaussian"))))  # fmt: skip
def test_anything_is_a_mechanism_or_refused_in_one_sentence(anything):
    made, sentence = Mechanism("gaussian", 1.0), ""
    try:
        made = mechanism(anything)
    except Refused as refused:
        sentence = refused.sentence()
    assert "\n" not in sentence
    assert made.noise >= 0.3
