"""The order in which a notebook pays and trains: nothing is learned before the budget is spent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ml import dp
from ml.errors import LearningRefused
from ml.search import Search
from tests.unit.test_ml_models import SPEC, people
from tre.workspace.client import learning


class TrainingStopped(Exception):
    """Stands for whatever ends a training after its first step."""


@pytest.fixture
def asked(monkeypatch):
    """Return what the platform was asked, in order; a training tells that it began, and stops."""
    told = []

    def call(method: str, path: str, **more: object) -> dict:
        told.append(path)
        return {"spend": 7, "extract": 3}

    def train(spec: object, frame: object, **more: object) -> None:
        told.append("training began")
        raise TrainingStopped

    monkeypatch.setenv("TRE_PROJECT", "falls")
    monkeypatch.setattr(learning, "call", call)
    monkeypatch.setattr(dp, "train", train)
    return told


def private(frame, folder, spec=SPEC) -> None:
    learning.train_private(frame, spec, name="risk", purpose="Risk of death", folder=folder)


def test_the_budget_is_committed_before_the_training_and_stays_spent(asked, tmp_path):
    with pytest.raises(TrainingStopped):
        private(people(300), tmp_path)
    assert asked == ["tables", "budget/reserve", "budget/7/commit", "training began"]


def test_data_of_another_version_than_the_specification_names_costs_nothing(asked, tmp_path):
    with pytest.raises(LearningRefused, match="meant for the data falls, extract 2"):
        private(people(300), tmp_path, replace(SPEC, dataset="falls, extract 2"))
    assert asked == ["tables"]
    with pytest.raises(TrainingStopped):
        private(people(300), tmp_path, replace(SPEC, dataset="falls, extract 3"))


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (people(300).drop(columns="pseudonym"), "lacks a column"),
        (people(300).drop(columns="age"), "lacks a column"),
        (people(300).assign(died=2), "0 or 1"),
        (people(300).assign(pseudonym="P0"), "more than one row"),
        (people(60), "fewer than"),
    ],
)
def test_a_table_that_cannot_be_trained_on_costs_nothing(asked, tmp_path, frame, told):
    with pytest.raises(LearningRefused, match=told):
        private(frame, tmp_path)
    assert asked == []


def test_the_price_of_a_search_is_told_beforehand_and_nothing_is_taken(monkeypatch):
    asked = []

    def call(method: str, path: str, **more: object) -> dict:
        asked.append((path, more["json"]))
        return {"prices": []}

    monkeypatch.setattr(learning, "call", call)
    told = learning.price(training=replace(SPEC, search=Search(rate=(0.1, 1.0), trials=3.0)), persons=1000)
    assert asked == [("budget/price", {"epsilon": SPEC.epsilon, "delta": SPEC.delta, "mechanism": None})]
    shown = told._repr_html_()
    assert "3 trials on average among 2 settings" in shown
    assert "one of the same noise would cost epsilon" in shown
    assert "trials" not in learning.price(training=SPEC, persons=1000)._repr_html_()
