"""What a card tells of groups of people: near to what their rows would say, paid for, and of no small group."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from ml import accounting, fairness, package, train
from ml.dp import TrainedModel
from ml.errors import LearningRefused
from ml.evaluate import of_the_held_back
from ml.fairness import groups_of
from ml.noise import Noise
from ml.spec import Category, TrainingSpec
from tests.unit.test_ml_models import people
from tests.unit.test_ml_training import AGE, spec

GROUPS = (
    Category("sex", ("f", "m")), Category("age band", ("under 40", "40 to 69", "70 and over")),
    Category("ethnicity", ("a", "b", "rare")), Category("deprivation", ("1", "2")),
)  # fmt: skip
WEIGHTS = {"0.weight": np.array([[3.0, 0.2, 0.0]], "f4"), "0.bias": np.zeros(1, "f4")}


def persons(count: int, seed: int = 0) -> pd.DataFrame:
    random, frame = np.random.default_rng(seed), people(count, seed)
    frame["age band"] = np.select([frame["age"] < 40, frame["age"] < 70], ["under 40", "40 to 69"], "70 and over")
    frame["ethnicity"] = random.choice(["a", "b", "rare", "other"], count, p=[0.5, 0.4, 0.0003, 0.0997])
    unlike = frame["ethnicity"] == "b"  # of these the model knows nothing
    frame.loc[unlike, "died"] = random.integers(0, 2, unlike.sum())
    return frame.assign(deprivation=random.choice(["1", "2"], count))


def model(epsilon: float = 8.0, groups: tuple[Category, ...] = GROUPS) -> TrainedModel:
    return TrainedModel(spec(epsilon=epsilon, groups=groups), WEIGHTS, epsilon, 1.0, 1.0, 1000, (5.0, 5.0))


def under(key: int) -> Noise:
    return Noise.under(key.to_bytes(32, "big"))


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return persons(30_000)


def test_figures_of_groups_are_near_what_their_rows_would_say(frame: pd.DataFrame):
    told = groups_of(model(), frame, under(1))
    answers = model().predict(frame)
    for value in ("a", "b"):
        here = (frame["ethnicity"] == value).to_numpy()
        figures = told["groups"]["ethnicity"][value]
        assert figures["auroc"] == pytest.approx(roc_auc_score(frame["died"][here], answers[here]), abs=0.03)
        assert figures["observed"] == pytest.approx(frame["died"][here].mean(), abs=0.03)
        assert figures["expected"] == pytest.approx(answers[here].mean(), abs=0.03)
        assert figures["persons"] == pytest.approx(here.sum(), rel=0.03)
        rich = answers[here & (frame["died"] == 1)] >= told["threshold"]
        assert figures["found"] == pytest.approx(rich.mean(), abs=0.04)
    assert told["differences"]["ethnicity"]["auroc"] > 0.2
    assert told["differences"]["sex"]["auroc"] < 0.05
    assert len(told["calibration"]) > 5


def test_a_small_group_is_left_out(frame: pd.DataFrame):
    told = groups_of(model(), frame, under(2))
    assert "rare" not in told["groups"]["ethnicity"]
    assert told["left_out"] == {"sex": 0, "age band": 0, "ethnicity": 1, "deprivation": 0}
    few = groups_of(model(0.5), persons(200), under(2))
    assert set(map(len, few["groups"].values())) == {0}
    assert few["differences"] == {kind: {} for kind in few["groups"]}


def test_nobody_asked_for_groups_nothing_is_told(frame: pd.DataFrame):
    assert groups_of(model(groups=()), frame) == {}


def test_one_person_moves_all_groups_by_what_noise_is_made_for(monkeypatch: pytest.MonkeyPatch):
    seen: list[tuple[np.ndarray, float]] = []

    def kept(total, sensitivity, multiplier, noise, nth):
        seen.append((total.copy(), sensitivity))
        return total

    monkeypatch.setattr(fairness, "noisy", kept)
    one = persons(40, seed=4).assign(pseudonym="the one", age=100)
    groups_of(model(), pd.concat([persons(200), one]))
    groups_of(model(), persons(200))
    (whole, sensitivity), (without, _) = seen
    assert 0 < np.linalg.norm(whole - without) <= sensitivity == math.sqrt(5)


def test_groups_are_paid_for_out_of_the_same_epsilon():
    noise = of_the_held_back(spec(epsilon=2.0, groups=GROUPS))
    assert accounting.epsilon(noise, 1.0, 3, 1e-6) <= 2.0
    assert noise > of_the_held_back(spec(epsilon=2.0))


def test_the_same_noise_tells_the_same(frame: pd.DataFrame):
    assert groups_of(model(1.0), frame, under(3)) == groups_of(model(1.0), frame, under(3))


def test_a_card_tells_of_groups_and_a_column_that_is_not_there_costs_nothing(tmp_path: Path):
    wanted, table = spec(groups=GROUPS[:1], epsilon=8.0), persons(6000)
    kept = train.train_and_keep(wanted, table, tmp_path / "m", purpose="Risk", data_version="x", spend="s")
    held = package.load(kept.folder)
    assert held.spec.groups == GROUPS[:1]
    assert set(held.card["groups"]["groups"]["sex"]) == {"f", "m"}
    text = (kept.folder / "card.md").read_text()
    assert "### By sex" in text
    assert "- f: persons" in text
    assert "largest difference: auroc" in text
    with pytest.raises(LearningRefused, match="lacks a column of groups"):
        train.check_table(wanted, table.drop(columns="sex").assign(sex_=1))


def test_a_specification_with_groups_is_kept_whole():
    made = spec(groups=GROUPS)
    assert TrainingSpec.from_json(made.to_json()) == made
    assert TrainingSpec.from_json({name: each for name, each in made.to_json().items() if name != "groups"}) == spec()
    with pytest.raises(LearningRefused, match="different names"):
        spec(groups=GROUPS[:1] * 2)
    with pytest.raises(LearningRefused, match="tells of no groups"):
        spec(groups=GROUPS, model="linear", target="score", numeric=(AGE,))
