"""What a packaged training spent, recomputed: a package that lies about it, and one that does not."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from ml import accounting, dp, package, price
from ml.errors import LearningRefused
from tests.unit.test_ml_models import SPEC, people
from tre.airlock.naming import MODEL_FILES
from tre.privacy.domain import budget


@pytest.fixture(scope="module")
def trained() -> dp.TrainedModel:
    return dp.train(SPEC, people(1237))


@pytest.fixture
def folder(trained: dp.TrainedModel, tmp_path: Path) -> Path:
    told = {"purpose": "Risk", "data_version": "extract 1", "code_hash": "c" * 64, "figures": {}}
    return package.save(trained, tmp_path / "m", **told)


def priced(folder: Path) -> dict[str, float]:
    return price.run({"folder": str(folder)}, {}, lambda text: None)


def test_the_airlock_and_the_learning_plane_mean_the_same_files():
    assert set(package.FILES) == MODEL_FILES


def test_an_honest_training_costs_what_was_reserved_for_it_or_less(trained, folder):
    cost = priced(folder)
    assert cost["delta"] == SPEC.delta
    assert math.isclose(cost["epsilon"], trained.epsilon)
    assert budget(SPEC.epsilon, SPEC.delta).covers(budget(cost["epsilon"], cost["delta"]))


def claim(folder: Path, **changes: object) -> None:
    for name in ("model.json", "card.json"):
        told = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps({**told, **{key: changes[key] for key in changes if key in told}}))


def test_less_noise_than_the_epsilon_needs_is_told(trained, folder):
    claim(folder, noise_multiplier=trained.noise * 0.9)
    with pytest.raises(LearningRefused, match="spend more than it tells"):
        priced(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"epsilon": 0.1},
        {"sampling_rate": 0.9},
        {"steps": 1},
        {"delta": 1e-5},
        {"noise_multiplier": 0.3},
        {"noise_multiplier": 1e-9},
        {"noise_multiplier": 1e300},
        {"noise_multiplier": float("nan")},
        {"noise_multiplier": "much"},
        {"noise_multiplier": True},
        {"sampling_rate": 0},
        {"sampling_rate": None},
        {"prepared": []},
        {"prepared": [10.0] * 3},
        {"prepared": [10.0, 1e9]},
        {"prepared": [10.0, float("nan")]},
        {"prepared": [10.0, "much"]},
        {"prepared": 10.0},
    ],
)
def test_numbers_that_do_not_hold_together_are_refused(folder, changes):
    claim(folder, **changes)
    with pytest.raises(LearningRefused):
        priced(folder)


def test_an_endless_sum_is_refused_before_it_is_begun(folder, monkeypatch):
    told = json.loads((folder / "model.json").read_text())
    told["spec"] |= {"steps": 100_000}
    (folder / "model.json").write_text(json.dumps({**told, "steps": 100_000, "noise_multiplier": 0.3}))
    monkeypatch.setattr(accounting, "epsilon", lambda *told: pytest.fail("the exact accountant was asked"))
    with pytest.raises(LearningRefused, match="spend more"):
        priced(folder)
