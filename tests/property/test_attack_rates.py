"""Rates of attacks and what guesses show: bounds hold whatever the scores."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ml.attacks.auditing import doubt, least_epsilon
from ml.attacks.membership import epsilon_shown
from ml.attacks.rates import area, rate_at, share

SCORES = st.lists(st.integers(-5, 5), min_size=1, max_size=60).map(lambda each: np.array(each, float))


@given(SCORES, SCORES, st.floats(0, 1))
def test_no_more_others_are_named_than_the_bound_allows(members, others, bound):
    told = rate_at(members, others, bound)
    assert told.wrong.value <= bound + 1e-9
    assert told.right.low <= told.right.value <= told.right.high
    assert told.wrong.low <= told.wrong.value <= told.wrong.high


@given(SCORES, SCORES)
def test_the_area_is_the_share_of_pairs(members, others):
    pairs = np.sign(members[:, None] - others[None, :])
    assert abs(area(members, others).value - (pairs.mean() + 1) / 2) < 1e-9
    assert abs(area(members, others).value + area(others, members).value - 1) < 1e-9


@given(SCORES, SCORES)
def test_scores_that_are_the_same_show_no_epsilon(scores, others):
    assert epsilon_shown(scores, scores, 0.0) == 0
    assert epsilon_shown(scores, others, 1.0) == 0


@given(st.integers(1, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_an_interval_holds_its_share(counts):
    hits, of = counts
    told = share(hits, of)
    assert 0 <= told.low <= told.value <= told.high <= 1
    wider = share(hits, of, 0.99)
    assert wider.low <= told.low
    assert told.high <= wider.high


@given(st.integers(1, 200).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))), st.floats(0, 1e-4))
def test_more_right_guesses_never_show_less(counts, delta):
    right, guesses = counts
    shown = least_epsilon(400, guesses, right, delta, 0.95)
    assert shown <= least_epsilon(400, guesses, right, 0.0, 0.95) + 1e-9
    if right < guesses:
        assert shown <= least_epsilon(400, guesses, right + 1, delta, 0.95) + 1e-9
    assert doubt(400, guesses, right, shown + 0.01, delta) >= 0.05 - 1e-9
