"""Models that give people away, made on purpose: each is caught. An honest one and a private one are not."""

from __future__ import annotations

from dataclasses import replace

import jsonschema
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

from ml.attacks import membership, memorised, report
from ml.attacks.known import Known
from ml.attacks.outcome import Clock, Outcome
from ml.attacks.report import SCHEMA, Report
from ml.attacks.subjects import Subject, of_package
from tests.attacked import estimator, facts, private, trained
from tests.same_noise import draw_as_in_every_run

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def _the_noise_of_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    draw_as_in_every_run(monkeypatch)


@pytest.fixture(scope="module")
def of() -> Known:
    return facts()


class Enough(Clock):
    """Time for so many models to compare with, however long each takes on a machine that does other things too."""

    def __init__(self, shadows: int) -> None:
        super().__init__(3600.0)
        self._more = shadows

    def is_out(self, share: float = 1.0) -> bool:
        """Return whether as many were asked for."""
        self._more -= 1
        return self._more < 0


def attacked(subject: Subject, of: Known, seconds: float = 60) -> Report:
    epsilon = (2.0, 1e-6) if subject.private else None
    told = report.attack(subject, of, data_version="falls, extract 1", seconds=seconds, seed=1, epsilon=epsilon)
    jsonschema.validate(told.to_json(), SCHEMA)
    return told


def found(told: Report) -> dict[str, Outcome]:
    return {each.attack: each for each in told.outcomes}


def test_a_model_that_keeps_everybody_is_caught(of: Known):
    told = attacked(estimator(KNeighborsClassifier(1), of), of)
    assert told.level == "leaks"
    assert found(told)["memorised rows"].figures["members_held"] > 0.9 * of.member.sum()
    assert "membership_far" in found(told)["threshold"].broken
    assert "gives away people" in told.words()


def test_an_overgrown_tree_is_caught(of: Known):
    told = attacked(estimator(DecisionTreeClassifier(random_state=0), of), of)
    assert set(found(told)["leaves"].broken) == {"small_leaves", "certain_leaves"}
    assert found(told)["lira"].level == "leaks"
    assert told.level == "leaks"


def test_a_network_that_learned_its_labels_by_heart_is_caught(of: Known):
    overfit = estimator(MLPClassifier((128,), max_iter=250, tol=0, alpha=0, random_state=0), of)
    random = np.random.default_rng(1)
    outcomes = {each.attack: each for each in membership.attack(overfit, of, random, Enough(20), None)}
    assert outcomes["lira"].level == outcomes["rmia"].level == "leaks"
    named = outcomes["lira"].figures["named_at_0.001_low"], outcomes["rmia"].figures["named_at_0.001_low"]
    assert max(named) > 0.005


@pytest.mark.parametrize("scaled", [1.0, -0.25])
def test_weights_that_carry_rows_are_caught(of: Known, scaled: float):
    package = trained(of, model="mlp", hidden=(64,))
    rows = of.features[of.rows[of.member, 0]][:20]
    package.weights["0.weight"][:20] = scaled * rows + 0.5
    told = memorised.attack(of_package(package), of, np.random.default_rng(0))
    assert told.level == "leaks"
    assert told.figures == {"members_held": 20, "others_held": 0}


def test_a_sound_model_is_let_pass(of: Known):
    for sound in (LogisticRegression(), DecisionTreeClassifier(max_depth=4, min_samples_leaf=50)):
        told = attacked(estimator(sound, of), of)
        assert told.level != "leaks", told.words()


@pytest.mark.parametrize("changes", [{}, {"model": "mlp", "hidden": (32,)}])
def test_what_is_got_of_a_private_model_is_noise(of: Known, changes):
    told = attacked(private(of, **changes), of)
    assert told.level != "leaks", told.words()
    for name in ("threshold", "lira", "rmia"):
        figures = found(told)[name].figures
        for bound in ("0.001", "0.01"):  # what is named rightly is little beside what may be named wrongly
            assert figures[f"named_at_{bound}_low"] <= 3 * figures[f"wrong_at_{bound}_high"]
        assert abs(figures["area"] - 0.5) < 0.07  # five standard deviations
        assert figures["epsilon_shown"] < 2
    assert found(told)["canaries"].figures["shown"] < found(told)["canaries"].figures["stated"]


def test_a_model_that_says_it_is_private_and_is_not_is_caught(of: Known):
    """Its folder tells of noise, and its weights were made without: what it gives away is more than it may."""
    package = trained(of, model="mlp", hidden=(256,), epsilon=0.5)
    fitted = MLPClassifier((256,), "tanh", learning_rate_init=0.01, max_iter=600, tol=0, alpha=0, random_state=0)
    estimator(fitted, of)
    names = [("0.weight", fitted.coefs_[0].T), ("0.bias", fitted.intercepts_[0]), ("2.weight", fitted.coefs_[1].T),
             ("2.bias", fitted.intercepts_[1])]  # fmt: skip
    weights = {name: np.ascontiguousarray(values, np.float32) for name, values in names}
    subject = of_package(replace(package, weights=weights))
    outcomes = membership.attack(subject, of, np.random.default_rng(0), Enough(8), (0.5, 1e-6))
    assert any("promise" in each.broken for each in outcomes)
    assert report.gravest(outcomes) == "leaks"


def test_without_time_it_says_so(of: Known):
    told = attacked(private(of), of, seconds=1e-9)
    assert {found(told)[name].level for name in ("lira", "rmia", "canaries", "sacroml worst case")} == {"not run"}
    assert "lira, rmia" in told.words()
