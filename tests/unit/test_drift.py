"""Drift monitoring that is itself private: what one person may change, what is told, and what is kept nowhere."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from datetime import UTC, datetime, timedelta
from math import exp, sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml import drift
from ml.asked import Asked
from ml.drift import ANSWER, Drift, Policy
from ml.errors import LearningRefused
from ml.spec import Category, Numeric, TrainingSpec

SPEC = TrainingSpec(
    "pseudonym", "died", (Numeric("age", 0, 100), Numeric("score", -1, 1, cuts=(0.0,))),
    (Category("sex", ("f", "m")),), epsilon=4.0, delta=1e-6,
)  # fmt: skip
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def rows(count: int, age: float = 50.0, units: tuple[str, ...] | None = None) -> Asked:
    frame = pd.DataFrame({"age": [age] * count, "score": [0.5] * count, "sex": ["f"] * count})
    return Asked(frame, units)


def monitored(tmp_path: Path, epsilon: float = 1.0, hours: int = 24) -> Drift:
    return Drift(SPEC, Policy(epsilon, hours), tmp_path / "drift.jsonl", NOON)


people = st.tuples(
    st.one_of(st.none(), st.floats(-1e6, 1e6)), st.one_of(st.none(), st.floats(-9, 9)),
    st.sampled_from(["f", "m", "x", None]), st.floats(0, 1),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(people)
def test_one_row_stands_in_one_bin_of_each_column(person):
    age, score, sex, answer = person
    frame = pd.DataFrame({"age": [age], "score": [score], "sex": [sex]})
    found = drift.placed(SPEC, Asked(frame, None), np.array([answer]))
    sizes = drift.bins(SPEC)
    assert found.keys() == sizes.keys()
    for name, places in found.items():
        assert places.shape == (1,)
        assert 0 <= places[0] < sizes[name]


def test_bins_are_public_cuts_even_steps_values_and_a_place_for_what_is_missing():
    assert drift.bins(SPEC) == {"age": 11, "score": 3, "sex": 3, ANSWER: 10}
    frame = pd.DataFrame({"age": [0, 99, np.nan], "score": [-1, 0, np.nan], "sex": ["f", "m", "?"]})
    found = drift.placed(SPEC, Asked(frame, None), np.array([0.0, 0.55, 1.0]))
    told = {name: places.tolist() for name, places in found.items()}
    assert told == {"age": [0, 9, 10], "score": [0, 1, 2], "sex": [0, 1, 2], ANSWER: [0, 5, 9]}


def test_a_person_who_is_named_counts_once_in_a_window_however_often(tmp_path):
    made = monitored(tmp_path)
    for _ in range(3):
        made.count(rows(2, units=("P1", "P1")), np.array([0.5, 0.5]), NOON)
        made.count(rows(1, age=20, units=("P1",)), np.array([0.1]), NOON)
    assert {name: int(each.sum()) for name, each in made._counts.items()} == dict.fromkeys(drift.bins(SPEC), 1)
    made.count(rows(2), np.array([0.5, 0.5]), NOON)  # nobody is named: each row is somebody's
    assert int(made._counts["age"].sum()) == 3


def test_the_noise_is_what_the_stated_epsilon_asks_for_and_less_is_refused(monkeypatch):
    counts = {name: np.zeros(size, np.int64) for name, size in drift.bins(SPEC).items()}
    assert drift.scale(counts, 0.5) == len(counts) / 0.5
    drift.released(counts, 0.5)
    monkeypatch.setattr(drift, "scale", lambda counts, epsilon: len(counts) / epsilon * 0.99)
    with pytest.raises(LearningRefused, match="less than what is stated"):
        drift.released(counts, 0.5)


def test_whoever_sees_what_is_told_cannot_tell_one_person_beyond_epsilon():
    """The distributions of what is told with and without a person, held against each other over many windows.

    Of each outcome that comes often enough the logarithm of the ratio is estimated, and may pass epsilon by six of its
    standard errors: chance does that less than once in ten million runs.
    """
    epsilon, runs = 1.0, 20_000
    told = []
    for people in (3, 4):
        counts = {"a": np.array([people]), "b": np.array([people])}
        noisy = [drift.released(counts, epsilon) for _ in range(runs)]
        told.append(Counter((min(max(each["a"][0], -2), 9), min(max(each["b"][0], -2), 9)) for each in noisy))
    worst = 0.0
    for outcome in told[0].keys() & told[1].keys():
        one, other = (each[outcome] for each in told)
        if min(one, other) >= 100:
            ratio = abs(np.log(one / other))
            assert ratio <= epsilon + 6 * sqrt(1 / one + 1 / other)
            worst = max(worst, ratio)
    assert worst > 0.3  # the test sees the person at all: without any it would see nothing


def test_less_noise_would_be_seen_by_the_same_test():
    p = exp(-2.0)  # of two columns at twice the epsilon, one column's share
    assert 2 * -np.log(p) > 1.0 + 6 * sqrt(2 / 100)


def test_a_window_is_told_when_it_is_over_and_its_counts_are_forgotten(tmp_path):
    made = monitored(tmp_path)
    made.count(rows(500), np.full(500, 0.5), NOON)
    assert made.windows(NOON + timedelta(hours=11)) == []
    (window,) = made.windows(NOON + DAY)
    assert (window.begins, window.ends) == ("2026-06-01T00:00:00+00:00", "2026-06-02T00:00:00+00:00")
    assert all(not each.any() for each in made._counts.values())
    assert abs(window.counts["age"][5] - 500) < 200
    assert made.windows(NOON + DAY) == [window]


def test_windows_in_which_nobody_asked_are_told_too(tmp_path):
    made = monitored(tmp_path, hours=12)
    assert len(made.windows(NOON + 2 * DAY)) == 4
    assert len({each.begins for each in made.told}) == 4


def test_what_is_kept_is_what_was_told_and_no_exact_count(tmp_path):
    made = monitored(tmp_path)
    made.count(rows(12_345, units=tuple(f"P{n}" for n in range(12_345))), np.full(12_345, 0.5), NOON)
    assert list(tmp_path.iterdir()) == []
    made.windows(NOON + DAY)
    (kept,) = tmp_path.iterdir()
    assert [json.loads(kept.read_text())] == [vars(each) for each in made.told]
    assert b"P123" not in pickle.dumps((made.told, made._counts, made._seen))


def test_the_index_is_of_noisy_counts_and_tells_a_shift(tmp_path):
    made = monitored(tmp_path)
    made.windows(NOON + DAY)  # nothing clear in it, so nothing is compared with it
    for day, age in ((1, 50.0), (2, 50.0), (3, 90.0)):
        made.count(rows(5000, age=age), np.full(5000, 0.5), NOON + day * DAY)
    empty, first, same, shifted = made.windows(NOON + 4 * DAY)
    assert set(empty.stability.values()) == {None}
    assert first.stability["age"] == 0.0
    assert same.stability["age"] < 0.1
    assert shifted.stability["age"] > 0.25
    assert shifted.stability["sex"] < 0.1
    told = drift.stability_index(first.counts["age"], shifted.counts["age"], 1.0)
    assert told == shifted.stability["age"]


def test_the_index_by_hand():
    assert drift.stability_index([50, 50], [90, 10], 1) == round(0.4 * np.log(1.8) - 0.4 * np.log(0.2), 4)
    assert drift.stability_index([50, 50], [0, -3], 1) is None


@pytest.mark.parametrize("told", [(0, 24), (5, 24), (1, 0), (1, 5), (1, 25)])
def test_a_policy_that_is_out_of_bounds_is_refused(told):
    with pytest.raises(LearningRefused):
        Policy(*told)


def test_a_policy_is_read_back_or_is_none(tmp_path):
    assert Policy.read(tmp_path / "none") is None
    Policy(0.5, 12).write(tmp_path / "p")
    assert Policy.read(tmp_path / "p") == Policy(0.5, 12)
    (tmp_path / "p").write_text("[]")
    with pytest.raises(LearningRefused):
        Policy.read(tmp_path / "p")
