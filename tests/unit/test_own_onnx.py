"""A researcher's own model as ONNX: packaged, checked, run in a process of its own, registered and served."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from onnx import TensorProto, helper

from ml import deployment, packages, price, server
from ml.errors import LearningRefused
from ml.own import bounded, package
from ml.own.bounded import Bounded
from ml.own.exporting import exported
from ml.own.policy import models
from ml.own.schema import OwnSchema, encoded
from ml.spec import Category, Numeric
from tests.own_models import SCHEMA, graph, logistic, packaged
from tests.released_models import NAME, open_registry

PEOPLE = pd.DataFrame({"age": [50.0, 80.0], "sex": ["f", "m"]})
TOLD = 1 / (1 + np.exp(-(np.array([50 * 0.02, 80 * 0.02 + 0.5]) - 1.0)))


def test_a_package_answers_as_the_graph_it_was_made_of(tmp_path: Path) -> None:
    held = packages.load(packaged(tmp_path / "risk"))
    assert isinstance(held, package.OwnPackage)
    assert held.predict(PEOPLE) == pytest.approx(TOLD, abs=1e-6)
    assert held.model.parameters == 3
    assert sorted(each.size for each in held.model.arrays()) == [1, 2, 2]  # the sizes of its input and output too


def test_it_says_everywhere_that_it_claims_no_privacy(tmp_path: Path) -> None:
    folder = packaged(tmp_path / "risk")
    for name in ("model.json", "card.json"):
        assert json.loads((folder / name).read_text())["epsilon"] is None
    assert "epsilon: none" in (folder / "card.md").read_text()
    assert price.run({"folder": str(folder)}, {}, lambda text: None) == {"epsilon": None, "delta": None}


def test_columns_of_their_own_are_given_by_name_and_categories_as_texts() -> None:
    inputs = [
        helper.make_tensor_value_info("age", TensorProto.FLOAT, [None, 1]),
        helper.make_tensor_value_info("sex", TensorProto.STRING, [None, 1]),
    ]
    nodes = [
        helper.make_node(
            "LabelEncoder", ["sex"], ["S"], domain="ai.onnx.ml", keys_strings=["f", "m"], values_floats=[0.0, 0.5]
        ),
        helper.make_node("Mul", ["age", "W"], ["A"]),
        helper.make_node("Add", ["A", "S"], ["T"]),
        helper.make_node("Sigmoid", ["T"], ["Y"]),
    ]
    made = graph(nodes, {"W": np.array([0.01], "f4")}, domains=(("", 18), ("ai.onnx.ml", 3)))
    del made.graph.input[:]
    made.graph.input.extend(inputs)
    model = Bounded("onnx", made.SerializeToString(), SCHEMA)
    told = model.predict(encoded(PEOPLE, SCHEMA))
    assert told == pytest.approx(1 / (1 + np.exp(-np.array([0.5, 1.3]))), abs=1e-6)
    model.close()


def test_of_two_columns_the_second_is_the_probability_and_a_value_is_not_cut() -> None:
    two = graph([helper.make_node("Softmax", ["X"], ["Y"], axis=1)])
    model = Bounded("onnx", two.SerializeToString(), SCHEMA)
    assert model.predict(np.array([[0.0, 0.0], [0.0, 1.0]])) == pytest.approx([0.5, 0.7310586])
    summed = graph([helper.make_node("ReduceSum", ["X", "A"], ["Y"])], {"A": np.array([1])})
    value = replace(SCHEMA, predicts="value", bounds=(0.0, 200.0))
    assert Bounded("onnx", summed.SerializeToString(), value).predict(np.array([[300.0, 1.0]])) == [301.0]
    with pytest.raises(LearningRefused, match="no probability"):
        Bounded("onnx", summed.SerializeToString(), SCHEMA).predict(np.array([[300.0, 1.0]]))


def test_more_rows_than_one_question_holds_are_asked_in_several(monkeypatch: pytest.MonkeyPatch) -> None:
    told = models()
    monkeypatch.setattr(bounded, "models", lambda: replace(told, process=replace(told.process, rows=3)))
    model = Bounded("onnx", logistic().SerializeToString(), SCHEMA)
    assert len(model.predict(np.zeros((8, 2)))) == 8
    assert len(model.predict(np.zeros((0, 2)))) == 0


def test_a_model_that_takes_too_long_is_ended_and_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Bounded("onnx", logistic().SerializeToString(), SCHEMA)
    model.load()
    told = models()
    with monkeypatch.context() as patch:
        patch.setattr(bounded, "models", lambda: replace(told, process=replace(told.process, seconds_to_answer=0)))
        with pytest.raises(LearningRefused, match="took too long"):
            model.predict(np.zeros((10_000, 2)))
    assert len(model.predict(np.zeros((2, 2)))) == 2


def test_without_bubblewrap_nothing_is_run_but_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(LearningRefused, match="bubblewrap"):
        Bounded("onnx", logistic().SerializeToString(), SCHEMA).load()
    assert len(Bounded("onnx", logistic().SerializeToString(), SCHEMA, confined=False).predict(np.zeros((1, 2)))) == 1


def test_a_network_of_torch_and_a_graph_and_its_file_can_be_packaged(tmp_path: Path) -> None:
    import torch

    net = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Sigmoid())
    kind, data = exported(net, SCHEMA)
    wanted = net(torch.tensor([[50.0, 0.0], [80.0, 1.0]])).detach().numpy()[:, 0]
    assert Bounded(kind, data, SCHEMA).predict(encoded(PEOPLE, SCHEMA)) == pytest.approx(wanted, abs=1e-6)
    (tmp_path / "m.onnx").write_bytes(logistic().SerializeToString())
    assert exported(logistic(), SCHEMA) == exported(tmp_path / "m.onnx", SCHEMA)
    for other in (object(), tmp_path / "m.pkl", tmp_path / "gone.onnx"):
        with pytest.raises(LearningRefused):
            exported(other, SCHEMA)


def test_it_is_registered_verified_and_served_as_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow import MlflowClient
    from mlflow.pyfunc import load_model

    registry = open_registry(tmp_path, monkeypatch)
    registry.promote(packaged(tmp_path / "risk"), "release-1", "risk")
    assert MlflowClient(registry.uri, registry.uri).get_model_version(NAME, "1").tags["epsilon"] == "none"
    folder = registry.fetch("release-1")
    deployment.verified(NAME, folder, "release-1")
    assert pd.DataFrame(load_model(str(folder)).predict(PEOPLE)).to_numpy()[:, 0] == pytest.approx(TOLD, abs=1e-6)
    served = server.Served.of(folder, deployment.named_key(), name=NAME, release="release-1")
    asked = {"dataframe_split": {"columns": ["age", "sex"], "data": [[50, "f"], [80, "m"]]}}
    told = served.answer(json.dumps(asked).encode())["predictions"]
    assert [each["probability"] for each in told] == pytest.approx(list(TOLD), abs=1e-6)
    assert served.drift is not None
    assert not served.windows()


WRONG: dict[str, dict[str, Any]] = {
    "no feature": {"numeric": (), "categories": ()},
    "the target as a feature": {"target": "age"},
    "a number with cuts": {"numeric": (Numeric("age", 0, 100, cuts=(50.0,)),)},
    "a prediction of another kind": {"predicts": "class"},
    "bounds that fall": {"bounds": (1.0, 0.0)},
    "a name without end": {"categories": (Category("sex", ("f" * 1000,)),)},
    "too many values": {"categories": (Category("sex", tuple(map(str, range(20_000)))),)},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG.keys())
def test_a_schema_that_says_nothing_sound_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(LearningRefused, match="schema is wrong"):
        replace(SCHEMA, **changes)


def test_a_schema_comes_back_from_json_and_a_broken_one_does_not() -> None:
    assert OwnSchema.from_json(json.loads(json.dumps(SCHEMA.to_json()))) == SCHEMA
    for broken in ({}, {**SCHEMA.to_json(), "more": 1}, {**SCHEMA.to_json(), "bounds": ["a", "b"]}):
        with pytest.raises(LearningRefused, match="not whole"):
            OwnSchema.from_json(broken)


def test_what_is_missing_or_none_of_the_values_is_told_apart() -> None:
    frame = pd.DataFrame({"age": [None, 3], "sex": ["x", None]})
    assert np.isnan(encoded(frame, SCHEMA)[0, 0])
    assert list(encoded(frame, SCHEMA)[:, 1]) == [-1, -1]
    with pytest.raises(LearningRefused, match="lacks a column"):
        encoded(frame[["age"]], SCHEMA)


def test_nothing_is_written_of_a_model_that_would_not_be_served(tmp_path: Path) -> None:
    with pytest.raises(LearningRefused, match="not one that is run"):
        packaged(tmp_path / "risk", graph([helper.make_node("RandomNormal", [], ["Y"], shape=[1, 1])]))
    assert not (tmp_path / "risk").exists()
    (tmp_path / "risk").mkdir()
    (tmp_path / "risk" / "notes.txt").write_text("mine")
    with pytest.raises(LearningRefused, match="Something else"):
        packaged(tmp_path / "risk")
    with pytest.raises(LearningRefused, match="kept as one of"):
        package.save("pickle", b"", SCHEMA, tmp_path / "m", purpose="", data_version="")


def test_the_client_s_verb_names_the_extract_and_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tre
    from tre.workspace.client import packaging

    monkeypatch.setattr(packaging, "data_version", lambda: "falls, extract 3")
    (tmp_path / "train.py").write_text("fit()")
    made = tre.package(
        logistic(), SCHEMA, purpose="Risk", folder=tmp_path / "m", figures={"auroc": 0.7}, code=tmp_path / "train.py"
    )
    told = json.loads((made / "card.json").read_text())
    assert (told["data_version"], told["figures"], len(told["code_hash"])) == ("falls, extract 3", {"auroc": 0.7}, 64)
    tre.package(logistic(), SCHEMA, purpose="Risk", folder=made)
    assert json.loads((made / "card.json").read_text())["code_hash"] == "not told"


def test_the_learning_plane_and_the_airlock_know_the_same_weights() -> None:
    from tre.airlock.naming import PRIVATE_WEIGHTS, WEIGHTS

    assert set(WEIGHTS) == {PRIVATE_WEIGHTS, *package.KINDS.values()}


@pytest.mark.parametrize("text", ["process: {}", "[]", "process: {rows: 1}\nonnx: {opsets: {}, operators: {a: []}}"])
def test_a_policy_that_is_not_whole_is_refused(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ml.own import policy

    (tmp_path / "models.yaml").write_text(text)
    monkeypatch.setattr(policy, "FILE", tmp_path / "models.yaml")
    with pytest.raises(LearningRefused, match="policy of models is not whole"):
        policy.models.__wrapped__()


def test_every_operator_of_the_policy_is_one_that_the_evaluator_knows() -> None:
    import onnx

    known = {(each.domain, each.name) for each in onnx.defs.get_all_schemas_with_history()}
    named = {(domain, name) for domain, names in models().onnx.operators.items() for name in names}
    assert named <= known
