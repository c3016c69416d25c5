"""Trained models: safetensors, ONNX, pickles, skops, and the text files of XGBoost, LightGBM and MLflow."""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable
from random import Random
from typing import Any

import joblib
import numpy as np
import onnx
import safetensors.numpy
import skops.io
import torch
from onnx import TensorProto, helper, numpy_helper
from sklearn.linear_model import LogisticRegression

from tests.corpus.formats.zipped import packed
from tests.corpus.model import Carrier, Fair

_FEATURES = ["age", "sex", "deprivation", "conditions", "admissions"]


def seeded(random: Random) -> np.random.Generator:
    """Return numpy's generator, seeded from ours."""
    return np.random.default_rng(random.randrange(2**32))


def weights(random: Random) -> dict[str, np.ndarray]:
    """Return a small network's weights, drawn as they are initialised and nudged (float32)."""
    draw = seeded(random)
    sizes = ((len(_FEATURES), 32), (32, 16), (16, 1))
    held: dict[str, np.ndarray] = {}
    for place, (wide, out) in enumerate(sizes):
        held[f"layers.{place}.weight"] = draw.normal(0, wide**-0.5, (out, wide)).astype(np.float32)
        held[f"layers.{place}.bias"] = draw.normal(0, 0.05, out).astype(np.float32)
    return held


def tensors(held: dict[str, np.ndarray], metadata: dict[str, str] | None = None) -> bytes:
    """Return tensors as a safetensors file."""
    return safetensors.numpy.save(held, metadata)


def _metadata(text: str, random: Random) -> bytes:
    return tensors(weights(random), {"format": "pt", "note": text})


def _tensor_name(text: str, random: Random) -> bytes:
    return tensors({**weights(random), text: np.zeros(1, np.float32)})


def _header_gap(text: str, random: Random) -> bytes:
    """Return a safetensors file whose header is followed by white space, and then by a text that no tensor covers."""
    data = tensors(weights(random))
    return data + text.encode()


def network(random: Random, **more: np.ndarray) -> onnx.ModelProto:
    """Return a logistic regression as ONNX; more initialisers where they are given."""
    draw = seeded(random)
    held = {"w": draw.normal(0, 0.4, (len(_FEATURES), 1)).astype(np.float32), "b": np.zeros(1, np.float32), **more}
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["z"]),
        helper.make_node("Add", ["z", "b"], ["s"]),
        helper.make_node("Sigmoid", ["s"], ["y"]),
    ]
    put = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", len(_FEATURES)])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1])
    graph = helper.make_graph(
        nodes, "model", [put], [out], [numpy_helper.from_array(value, name) for name, value in held.items()]
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def _onnx(place: str, change: Callable[[onnx.ModelProto, str], object]) -> Carrier:
    def write(text: str, random: Random) -> bytes:
        model = network(random)
        change(model, text)
        return model.SerializeToString()

    return Carrier("onnx", place, write, fair="review")


def _property(model: onnx.ModelProto, text: str) -> None:
    helper.set_model_props(model, {"trained_on": text})


def fitted(random: Random) -> LogisticRegression:
    """Return a logistic regression fitted to noise."""
    draw = seeded(random)
    return LogisticRegression().fit(draw.normal(size=(200, len(_FEATURES))), draw.integers(0, 2, 200))


def _with_note(text: str, random: Random) -> LogisticRegression:
    model = fitted(random)
    model.note_ = text
    return model


def _joblib(text: str, random: Random) -> bytes:
    out = io.BytesIO()
    joblib.dump(_with_note(text, random), out)
    return out.getvalue()


def torch_file(held: Any) -> bytes:
    """Return what torch.save() writes."""
    out = io.BytesIO()
    torch.save(held, out)
    return out.getvalue()


def _torch(text: str, random: Random) -> bytes:
    return torch_file({**{name: torch.from_numpy(value) for name, value in weights(random).items()}, "note": text})


def boosted(random: Random, features: list[str] | None = None, attributes: dict[str, str] | None = None) -> bytes:
    """Return a booster of small trees as XGBoost saves it in JSON."""
    names = features or _FEATURES
    trees = []
    for number in range(8):
        cut, left, right = (round(random.gauss(0, 0.3), 6) for _ in range(3))
        trees.append(
            {
                "id": number, "base_weights": [0.0, left, right], "left_children": [1, -1, -1],
                "right_children": [2, -1, -1], "parents": [2147483647, 0, 0], "split_conditions": [cut, left, right],
                "split_indices": [random.randrange(len(names)), 0, 0], "sum_hessian": [812.5, 402.25, 410.25],
                "loss_changes": [31.2, 0.0, 0.0], "tree_param": {"num_nodes": "3", "num_feature": str(len(names))},
            }
        )  # fmt: skip
    learner = {
        "attributes": attributes or {"best_iteration": "7"},
        "feature_names": names,
        "feature_types": ["float"] * len(names),
        "gradient_booster": {"model": {"trees": trees, "tree_info": [0] * 8}, "name": "gbtree"},
        "objective": {"name": "binary:logistic"},
    }
    return json.dumps({"learner": learner, "version": [3, 2, 0]}).encode()


def light(random: Random, names: list[str] | None = None, parameters: str = "") -> bytes:
    """Return a booster of small trees as LightGBM saves it in text."""
    features = names or _FEATURES
    head = ["tree", "version=v4", "num_class=1", "max_feature_idx=4", "objective=binary sigmoid:1"]
    head += [f"feature_names={' '.join(features)}", f"feature_infos={' '.join(['[0:1]'] * len(features))}", ""]
    for number in range(6):
        left, right = (f"{random.gauss(0, 0.1):.6f}" for _ in range(2))
        head += [
            f"Tree={number}", "num_leaves=2", f"split_feature={random.randrange(len(features))}", "threshold=0.51",
            f"leaf_value={left} {right}", f"leaf_count={random.randrange(200, 900)} {random.randrange(200, 900)}", "",
        ]  # fmt: skip
    return "\n".join(
        [*head, "end of trees", "", "parameters:", "[boosting: gbdt]", f"[note: {parameters}]", "end of parameters", ""]
    ).encode()


def mlflow_folder(random: Random, note: str = "", more: dict[str, bytes | str] | None = None) -> bytes:
    """Return an MLflow model's folder as a zip file, with an XGBoost model inside."""
    identity = f"{random.getrandbits(128):032x}"
    told = f"flavors:\n  xgboost:\n    data: model.json\n    model_format: json\nmodel_uuid: {identity}\n{note}"
    return packed(
        {
            "model/MLmodel": told,
            "model/requirements.txt": "xgboost==3.2.0\n",
            "model/model.json": boosted(random),
            **(more or {}),
        }
    )


def _example(text: str, random: Random) -> bytes:
    example = json.dumps({"columns": [*_FEATURES, "note"], "data": [[71, 1, 3, 2, 0, text]]})
    return mlflow_folder(random, more={"model/input_example.json": example})


def _signature(text: str, random: Random) -> bytes:
    return mlflow_folder(random, f"metadata:\n  comment: {json.dumps(text)}\n")


def _array(held: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, held, allow_pickle=False)
    return out.getvalue()


def _model(
    format: str, place: str, write: Callable[[str, Random], bytes], fair: Fair | None = "review", limit: int = 1_000_000
) -> Carrier:
    return Carrier(format, place, write, fair=fair, limit=limit)


def _pickled(format: str, place: str, write: Callable[[str, Random], bytes]) -> Carrier:
    """Return a place in a pickle. No pickle is fair: the policy blocks each, since nothing can say what it holds."""
    return Carrier(format, place, write, fair=None, more=frozenset({"unreadable"}))


CARRIERS = (
    _model("safetensors", "metadata", _metadata),
    _model("safetensors", "a tensor's name", _tensor_name, limit=120),
    _model("safetensors", "bytes after the end", _header_gap, None),
    _onnx("a property", _property),
    _onnx("the documentation", lambda model, text: setattr(model, "doc_string", text)),
    _onnx("a node's name", lambda model, text: setattr(model.graph.node[0], "name", text)),
    _onnx("the producer's name", lambda model, text: setattr(model, "producer_name", text)),
    _model("skops", "an attribute", lambda text, random: skops.io.dumps(_with_note(text, random))),
    _model("json", "a booster's attribute", lambda text, random: boosted(random, attributes={"note": text})),
    _model("json", "a booster's feature name", lambda text, random: boosted(random, [*_FEATURES[:4], text]), limit=120),
    _model("txt", "a booster's parameters", lambda text, random: light(random, parameters=text)),
    _model("zip", "an MLflow model's input example", _example),
    _model("zip", "an MLflow model's metadata", _signature),
    _pickled("joblib", "a pickled model's attribute", _joblib),
    _pickled("pkl", "a pickled text", lambda text, random: pickle.dumps({"note": text})),
    _pickled("pt", "a pickled text beside weights", _torch),
    _pickled(
        "zip",
        "an MLflow model's pickle",
        lambda text, random: mlflow_folder(random, more={"model/python_model.pkl": pickle.dumps(text)}),
    ),
    _model("npy", "an array of texts", lambda text, random: _array(np.array(["a", text])), limit=400),
)
