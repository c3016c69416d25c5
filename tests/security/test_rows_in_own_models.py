"""Rows of people in a researcher's own model, wherever its format has room for a number: the attack finds them all."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from ml import attack
from ml.attacks import memorised
from ml.attacks.subjects import Subject
from ml.errors import LearningRefused
from ml.own import package
from ml.own.bounded import Bounded
from ml.own.exporting import exported
from ml.own.schema import OwnSchema, encoded
from ml.train import held_out
from tests.attacked import SPEC, people
from tests.own_models import graph

VERSION = "falls, extract 1"
FALLS = OwnSchema(SPEC.unit, SPEC.target, SPEC.numeric, SPEC.categories, held_back=True)
FRAME = people(1200)
INSIDE = FRAME[~held_out(FALLS, FRAME)]
FEATURES = encoded(INSIDE, FALLS)
ROWS = FEATURES[:40]
WEIGHTS: dict[str, np.ndarray] = {"W": np.full((10, 1), 0.01, "f4"), "B": np.zeros(1, "f4")}
ANSWER = [helper.make_node("Gemm", ["X", "W", "B"], ["S"]), helper.make_node("Sigmoid", ["S"], ["Y"])]


def onnx(nodes: tuple[Any, ...] = (), **tensors: np.ndarray) -> ModelProto:
    return graph([*ANSWER, *nodes], WEIGHTS | tensors, width=10)


def constant(name: str = "c", **value: Any) -> Any:
    return helper.make_node("Constant", [], [name], **value)


def whole() -> list[int]:
    return [int(each * 1e6) for each in ROWS.ravel()]


def in_sizes() -> ModelProto:
    model = onnx()
    for row in ROWS:
        sides = [int(each * 1e5) + 10**6 for each in row]
        model.graph.value_info.append(helper.make_tensor_value_info("v", TensorProto.FLOAT, sides))
    return model


GRAPHS: dict[str, Callable[[], ModelProto]] = {
    "a tensor": lambda: onnx(R=ROWS.astype("f4")),
    "a tensor of whole numbers": lambda: onnx(R=np.array(whole(), np.int64)),
    "a tensor for each number": lambda: onnx(**{f"r{n}": np.array([each]) for n, each in enumerate(ROWS.ravel())}),
    "numbers of a node": lambda: onnx((constant(value_floats=ROWS.ravel().tolist()),)),
    "whole numbers of a node": lambda: onnx((constant(value_ints=whole()),)),
    "a node for each number": lambda: onnx(
        tuple(constant(f"c{n}", value_float=float(each)) for n, each in enumerate(ROWS.ravel()))
    ),
    "a node for each whole number": lambda: onnx(
        tuple(constant(f"c{n}", value_int=each) for n, each in enumerate(whole()))
    ),
    "the sizes that are told of values": in_sizes,
    "very small numbers": lambda: onnx(R=ROWS * 1e-12),
    "very large numbers": lambda: onnx(R=ROWS * 1e300),
    "beside numbers too large for a square": lambda: onnx(
        R=ROWS, M=np.tile([1.7e308, -1.7e308, np.inf, -np.inf, np.nan], 10)
    ),
    "one place further in a long tensor": lambda: onnx(R=np.concatenate([[1.0], np.tile(ROWS.ravel(), 600)])),
}


def found(kind: str, data: bytes) -> int:
    """Return of how many persons the rows are found in a model that was loaded as the platform loads it."""
    model = Bounded(kind, data, FALLS)
    model.load()
    arrays: dict[str, Any] = {str(nth): each for nth, each in enumerate(model.arrays())}
    subject = Subject(lambda asked, wanted: wanted, None, arrays, model.parameters, private=False)
    model.close()
    return int(memorised.carried(subject, ROWS, np.random.default_rng(0)).sum())


@pytest.mark.parametrize("made", GRAPHS.values(), ids=GRAPHS.keys())
def test_rows_are_found_wherever_a_graph_keeps_a_number(made: Callable[[], ModelProto]) -> None:
    assert found("onnx", made().SerializeToString()) == len(ROWS)


def test_an_honest_graph_holds_none() -> None:
    assert found("onnx", onnx().SerializeToString()) == 0


def twice(model: ModelProto) -> None:
    """Keep rows in a field of a tensor that is not the one its values are read from."""
    model.graph.initializer[0].double_data.extend(ROWS.ravel().tolist())


def beside_its_type(model: ModelProto) -> None:
    """Keep rows in an attribute beside the one value that its type says it has."""
    model.graph.node.append(constant(value_float=1.0))
    model.graph.node[-1].attribute[0].tensors.append(onnx(R=ROWS).graph.initializer[-1])


def in_sizes_of_nothing(model: ModelProto) -> None:
    """Keep rows as the sizes of tensors that hold nothing."""
    for nth, number in enumerate(whole()):
        model.graph.initializer.add(name=f"r{nth}", dims=[0, abs(number)], data_type=TensorProto.FLOAT)


@pytest.mark.parametrize("hide", [twice, beside_its_type, in_sizes_of_nothing], ids=lambda each: each.__name__)
def test_a_graph_with_numbers_that_nothing_reads_is_refused(hide: Callable[[ModelProto], None]) -> None:
    model = onnx()
    hide(model)
    with pytest.raises(LearningRefused):
        Bounded("onnx", model.SerializeToString(), FALLS).load()


def fitted(**more: Any) -> bytes:
    """Return a skops file of a linear model that has more attributes than it needs."""
    model = LogisticRegression().fit(FEATURES, INSIDE["fell"])
    for name, value in more.items():
        setattr(model, name, value)
    return exported(model, FALLS)[1]


def in_generator() -> bytes:
    held = (ROWS.ravel() * 1e6 + 2**31).astype(np.uint32)
    return fitted(rows_=np.concatenate([held, np.zeros(624 - len(held), np.uint32)]))


def in_tree(of: str) -> bytes:
    tree = DecisionTreeClassifier(min_samples_leaf=2, random_state=0).fit(FEATURES, INSIDE["fell"])
    state = tree.tree_.__getstate__()
    state["nodes"][of][: min(ROWS.size, tree.tree_.node_count)] = ROWS.ravel()[: tree.tree_.node_count]
    tree.tree_.__setstate__(state)
    return exported(tree, FALLS)[1]


def in_numbers_of_parts() -> bytes:
    """Number the parts of the schema by rows: skops takes any number."""
    data = fitted(room_=[None] * ROWS.size)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    schema = json.loads(members["schema.json"])
    for part, number in zip(schema["content"]["content"]["room_"]["content"], whole(), strict=True):
        part["__id__"] = number + 10**8
    members["schema.json"] = json.dumps(schema).encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


LISTS: dict[str, Callable[[], bytes]] = {
    "an array that nothing reads": lambda: fitted(rows_=ROWS),
    "a list": lambda: fitted(rows_=ROWS.tolist()),
    "a list of whole numbers": lambda: fitted(rows_=whole()),
    "an array of objects": lambda: fitted(rows_=ROWS.astype(object)),
    "slices": lambda: fitted(rows_=[slice(one, two) for one, two in zip(whole()[::2], whole()[1::2], strict=True)]),
    "an array like a generator's state": in_generator,
    "the numbers of parts": in_numbers_of_parts,
}


@pytest.mark.parametrize("made", LISTS.values(), ids=LISTS.keys())
def test_rows_are_found_wherever_a_skops_file_keeps_a_number(made: Callable[[], bytes]) -> None:
    assert found("skops", made()) == len(ROWS)


@pytest.mark.parametrize("of", ["impurity", "weighted_n_node_samples"])
def test_rows_are_found_in_the_nodes_of_a_tree(of: str) -> None:
    assert found("skops", in_tree(of)) > 5


@pytest.mark.parametrize("kind", ["complex128", "S20", "datetime64[s]"])
def test_arrays_of_what_no_model_is_made_of_are_refused(kind: str) -> None:
    data = fitted(rows_=ROWS.astype("i8").astype(kind))
    with pytest.raises(LearningRefused, match="type that is not known"):
        Bounded("skops", data, FALLS).load()


def reported(folder: Path, model: ModelProto) -> dict[str, Any]:
    package.save("onnx", model.SerializeToString(), FALLS, folder / "m", purpose="Falls", data_version=VERSION)
    (folder / "people").mkdir()
    FRAME.to_parquet(folder / "people" / "part-0.parquet")
    extracts = {VERSION: {"people": str(folder / "people")}}
    asked = {"folder": str(folder / "m"), "extracts": extracts, "seconds": 30, "seed": 3}
    return attack.run(asked, {}, lambda text: None)


def test_a_model_that_answers_nobody_is_reported_all_the_same(tmp_path: Path) -> None:
    """Whose attacks end without a report is given up, and could be approved as if it had never been attacked."""
    nodes = [
        *ANSWER[:1], helper.make_node("Sigmoid", ["S"], ["T"]), helper.make_node("ReduceMax", ["X"], ["M"], axes=[1]),
        helper.make_node("Equal", ["M", "Z"], ["Q"]), helper.make_node("Where", ["Q", "T", "N"], ["Y"]),
    ]  # fmt: skip
    more = {"Z": np.zeros(1, "f4"), "N": np.array([np.nan], "f4"), "R": ROWS.astype("f4")}
    told = reported(tmp_path, graph(nodes, WEIGHTS | more, width=10, domains=(("", 13),)))
    levels = {each["attack"]: each["level"] for each in told["attacks"]}
    assert levels["memorised rows"] == "leaks"
    assert levels["membership"] == "not run"
    assert told["level"] == "leaks"


def test_an_author_who_says_that_nobody_was_held_back_hides_no_rows(tmp_path: Path) -> None:
    package.save(
        "onnx", onnx(R=ROWS).SerializeToString(), replace(FALLS, held_back=False), tmp_path / "m", purpose="Falls",
        data_version=VERSION,
    )  # fmt: skip
    (tmp_path / "people").mkdir()
    FRAME.to_parquet(tmp_path / "people" / "part-0.parquet")
    extracts = {VERSION: {"people": str(tmp_path / "people")}}
    told = attack.run({"folder": str(tmp_path / "m"), "extracts": extracts, "seconds": 30, "seed": 3}, {}, print)
    assert told["level"] == "leaks"
    assert next(each["level"] for each in told["attacks"] if each["attack"] == "memorised rows") == "leaks"
