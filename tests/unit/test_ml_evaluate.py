"""What is told of a model is told of noisy counts, near to what the rows themselves would say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from ml import accounting
from ml.dp import TrainedModel
from ml.evaluate import evaluate, membership_advantage
from ml.noise import Noise
from tests.unit.test_ml_models import people
from tests.unit.test_ml_training import AGE, spec

WEIGHTS = {"0.weight": np.array([[3.0, 0.2, 0.0]], "f4"), "0.bias": np.zeros(1, "f4")}


def model(epsilon: float = 8.0, **changes: object) -> TrainedModel:
    return TrainedModel(spec(epsilon=epsilon, **changes), WEIGHTS, epsilon, 1.0, 1.0, 1000, (5.0, 5.0))


def under(key: int) -> Noise:
    return Noise.under(key.to_bytes(32, "big"))


def test_figures_of_many_persons_are_what_their_rows_would_say():
    frame = people(5000)
    told, answers = evaluate(model(), frame, under(1)), model().predict(frame)
    assert told["auroc"] == pytest.approx(roc_auc_score(frame["died"], answers), abs=0.02)
    assert told["brier"] == pytest.approx(brier_score_loss(frame["died"], answers), abs=0.02)


def test_figures_of_a_number_are_what_its_rows_would_say():
    frame = people(5000).assign(cost=lambda held: held["age"] / 50 - 1)
    made = model(model="linear", target="cost", numeric=(AGE,), bounds=(-1.0, 1.0))
    made.weights["0.weight"] = np.array([[0.8, 0.0, 0.0]], "f4")
    told = evaluate(made, frame, under(1))
    assert told["r2"] == pytest.approx(0.96, abs=0.03)
    assert told["mean_error"] == pytest.approx(0.05, abs=0.02)


def test_a_small_epsilon_blurs_figures_and_a_new_noise_tells_others():
    frame = people(300)
    told = [evaluate(model(0.1), frame, under(key))["auroc"] for key in range(6)]
    assert len(set(told)) > 1
    assert evaluate(model(0.1), frame, under(3))["auroc"] == told[3]


def test_one_person_moves_the_counts_behind_a_figure_by_one_however_many_rows_they_have(monkeypatch):
    """Both histograms and sums are held to the sensitivity that their noise is made for."""
    from ml import evaluate as module

    seen = []

    def kept(total, sensitivity, multiplier, noise, nth):
        seen.append((total.copy(), sensitivity))
        return total

    monkeypatch.setattr(module, "noisy", kept)
    one = people(40, seed=4).assign(pseudonym="the one", age=100)
    for made in (model(), model(model="linear", target="score", numeric=(AGE,))):
        seen.clear()
        evaluate(made, pd.concat([people(200), one]))
        evaluate(made, people(200))
        (whole, sensitivity), (without, _) = seen
        assert np.linalg.norm(whole - without) <= sensitivity * (1 + 1e-9)
    seen.clear()
    membership_advantage(model(), pd.concat([people(200), one]), people(200))
    (whole, sensitivity), (without, _) = seen
    assert np.linalg.norm(whole - without) <= sensitivity * (1 + 1e-9)


def test_persons_held_back_pay_for_figures_and_attack_with_the_whole_epsilon_and_no_more():
    from ml.evaluate import of_the_held_back

    noise = of_the_held_back(spec(epsilon=2.0))
    assert accounting.epsilon(noise, 1.0, 2, 1e-6) <= 2.0
