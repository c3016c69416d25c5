"""Researchers' own models are attacked out of their sandbox, by their answers and by the numbers they are made of."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
from onnx import helper
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from ml import attack, packages
from ml.attacks.known import known
from ml.attacks.report import SCHEMA as REPORT
from ml.attacks.report import attack as report
from ml.attacks.subjects import of_own
from ml.errors import LearningRefused
from ml.own import package
from ml.own.exporting import exported
from ml.own.schema import OwnSchema, encoded
from ml.train import held_out
from tests.attacked import SPEC, people
from tests.own_models import graph, of_tree

VERSION = "falls, extract 1"
FALLS = OwnSchema(SPEC.unit, SPEC.target, SPEC.numeric, SPEC.categories, held_back=True)


def job(folder: Path, schema: OwnSchema = FALLS, *, deepest: int | None = None, columns: int | None = None) -> dict:
    """Return the report on a tree that was fitted on those who were not held out."""
    frame = people(1200)
    inside = frame[~held_out(schema, frame)]
    fitted = DecisionTreeClassifier(max_depth=deepest, random_state=0).fit(encoded(inside, FALLS), inside["fell"])
    data = of_tree(fitted, FALLS).SerializeToString()
    package.save("onnx", data, schema, folder / "m", purpose="Falls", data_version=VERSION)
    (folder / "people").mkdir()
    frame[list(frame)[:columns]].to_parquet(folder / "people" / "part-0.parquet")
    extracts = {VERSION: {"people": str(folder / "people")}}
    asked = {"folder": str(folder / "m"), "extracts": extracts, "seconds": 30, "seed": 3}
    told = attack.run(asked, {}, lambda text: None)
    jsonschema.validate(told, REPORT)
    return told


def level(told: dict, name: str) -> str:
    return next(each["level"] for each in told["attacks"] if each["attack"] == name)


def test_a_tree_that_learned_everybody_by_heart_leaks(tmp_path: Path) -> None:
    told = job(tmp_path)
    assert told["level"] == "leaks", told["words"]
    assert level(told, "threshold") == "leaks"
    assert told["members"] + told["others"] == pytest.approx(1200, abs=10)
    text = json.dumps(told)
    assert not [name for name in people(1200)["pseudonym"] if f'"{name}"' in text]


def test_a_small_tree_gives_nobody_away_and_what_cannot_be_tried_says_so(tmp_path: Path) -> None:
    told = job(tmp_path, deepest=2)
    assert told["level"] in ("nothing", "look"), told["words"]
    assert level(told, "lira") == "not run"
    assert "its author's own code trained it" in next(
        each["words"] for each in told["attacks"] if each["attack"] == "lira"
    )
    assert "canaries" not in {each["attack"] for each in told["attacks"]}


def test_without_people_held_back_there_is_nobody_to_compare_with(tmp_path: Path) -> None:
    told = job(tmp_path, replace(FALLS, held_back=False), deepest=2)
    words = {each["attack"]: each["words"] for each in told["attacks"]}
    for name in ("membership", "attributes", "sacroml"):
        assert level(told, name) == "not run"
        assert "nobody was kept out" in words[name]
    assert level(told, "memorised rows") == "nothing"  # that compares with nobody
    assert (told["members"], told["others"]) == (1200, 0)


def test_a_table_that_no_extract_holds_is_told_how_to_mend(tmp_path: Path) -> None:
    told = job(tmp_path, deepest=2, columns=5)
    assert "columns of one table" in told["attacks"][0]["words"]


def test_a_model_of_values_is_judged_by_how_near_it_comes() -> None:
    schema = replace(FALLS, target="test 7", numeric=FALLS.numeric[:7], predicts="value", bounds=(-3.0, 3.0))
    of = known(schema, people(1200))
    assert of.wanted.min() >= -1
    assert of.wanted.max() <= 1
    assert of.features.shape == (1200, 9)
    with pytest.raises(LearningRefused):
        known(schema, pd.DataFrame({"pseudonym": ["a"], "test 7": [np.nan]}))


def test_a_forest_is_held_against_forests_that_are_trained_alike(tmp_path: Path) -> None:
    frame = people(1200)
    inside = frame[~held_out(FALLS, frame)]
    fitted = RandomForestClassifier(10, random_state=0).fit(encoded(inside, FALLS), inside["fell"])
    held = package.save(*exported(fitted, FALLS), FALLS, tmp_path / "m", purpose="Falls", data_version=VERSION)
    told = report(of_own(packages.load(held)), known(FALLS, frame), data_version=VERSION, seconds=40, seed=3)
    assert told.level == "leaks"
    lira = next(each for each in told.outcomes if each.attack == "lira")
    assert lira.level == "leaks"
    assert lira.figures["shadows"] >= 4


def test_a_model_that_answers_of_some_people_alone_is_told_of_as_far_as_it_goes(tmp_path: Path) -> None:
    """A log of a negative number is no number: what the model says of the middle alone is sound."""
    width = len(FALLS.features())
    choose = np.zeros((width, 1), "f4")
    choose[0] = 1.0
    nodes = [helper.make_node("MatMul", ["X", "C"], ["A"]), helper.make_node("Add", ["A", "H"], ["B"]),
             helper.make_node("Log", ["B"], ["L"]), helper.make_node("Sigmoid", ["L"], ["Y"])]  # fmt: skip
    made = graph(nodes, {"C": choose, "H": np.array([0.5], "f4")}, width=width)
    held = package.save(*exported(made, FALLS), FALLS, tmp_path / "m", purpose="Falls", data_version=VERSION)
    told = report(of_own(packages.load(held)), known(FALLS, people(1200)), data_version=VERSION, seconds=20, seed=3)
    levels = {each.attack: each.level for each in told.outcomes}
    assert levels["membership"] == "not run"
    assert levels["memorised rows"] == "nothing"
