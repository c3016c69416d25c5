"""Trainers that keep no promise are seen to, by canaries in one run; the honest one is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml.attacks.canaries import audit
from ml.errors import LearningRefused
from tests import attacked
from tests.broken_trainers import BROKEN, NOBODY, SPEC, audited

KEY = bytes(range(32))  # of the noise: an audit errs once in so many draws by its own account, and none is drawn anew


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_trainer_is_caught(name: str):
    with BROKEN[name]():
        assert [audited(seed).broken for seed in range(3)] == [True] * 3


def test_the_honest_trainer_keeps_its_promise():
    for seed in range(5):
        told = audited(seed)
        assert not told.broken
        assert 0 < told.shown < told.stated <= 4


def test_noise_that_is_off_is_seen_by_the_guesses_alone():
    spec = replace(
        SPEC, epsilon=1.0, steps=40, momentum=0.5, rows=1, batch=500
    )  # with momentum, steps cannot be told apart
    assert audit(spec, NOBODY, canaries=2000, seed=1, key=KEY).shown < 1
    with BROKEN["noise off"]():
        told = audit(spec, NOBODY, canaries=2000, seed=1, key=KEY)
    assert told.departures == ()
    assert told.shown > 2 * told.stated


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "mlp", "hidden": (16,), "optimiser": "adam", "rate": 0.01},
        {"model": "linear", "bounds": (-1.0, 1.0)},
        {"model": "transformer"},
        {"rows": 2},
    ],
)
def test_every_model_of_descent_is_audited_beside_people(changes):
    spec = replace(attacked.SPEC, steps=20, **changes)
    frame = attacked.people(600)
    told = audit(spec, frame, canaries=200, seed=2, key=KEY)
    assert told.shown <= told.stated
    assert told.departures == ()


def test_survival_is_audited():
    frame = attacked.people(600)
    frame = frame.assign(days=np.random.default_rng(0).uniform(0, 20, len(frame)))
    spec = replace(attacked.SPEC, steps=20, model="survival", time="days", periods=(5.0, 10.0))
    assert audit(spec, frame, canaries=200, key=KEY).shown < spec.epsilon


def test_what_cannot_be_audited_is_refused():
    with pytest.raises(LearningRefused, match="An audit needs 100 canaries"):
        audit(SPEC, NOBODY, canaries=50)
    boosting = replace(SPEC, model="boosting", rows=1, numeric=(replace(SPEC.numeric[0], cuts=(50.0,)),))
    with pytest.raises(LearningRefused, match="trained by descent"):
        audit(boosting, pd.DataFrame(), canaries=200)
