"""Models: safetensors, ONNX, torch, skops, XGBoost, LightGBM, an MLflow folder."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.planted.archives import zipped

Plant = Mapping[str, str]


def safetensors(plant: Plant) -> bytes:
    from safetensors.numpy import save

    weights = np.random.default_rng(1).normal(size=(8, 4)).astype("f4")
    return save({plant.get("tensor name", "w"): weights}, metadata={"note": plant.get("metadata", "x")})


def onnx(plant: Plant) -> bytes:
    from onnx import TensorProto, helper, numpy_helper

    said = plant.get
    weights = numpy_helper.from_array(np.random.default_rng(1).normal(size=(4, 2)).astype("f4"), "w")
    names = helper.make_tensor("s", TensorProto.STRING, [1], [said("string tensor", "x").encode()])
    shape = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name=said("node name", "n"), doc_string=said("node text", "x"))
    extra = helper.make_node("Custom", ["y"], ["z"], words=said("attribute", "x"))
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])
    graph = helper.make_graph([node, extra], "g", [shape], [out], [weights, names], doc_string=said("graph text", "x"))
    model = helper.make_model(graph, producer_name="test")
    helper.set_model_props(model, {"note": said("metadata", "x")})
    hidden = plant.get("unknown field", "").encode()
    tail = b"\xfa\x3e" + bytes([len(hidden)]) + hidden if hidden else b""
    return model.SerializeToString() + tail


def torch(plant: Plant) -> bytes:
    import torch as library

    packed = io.BytesIO()
    library.save({plant.get("key", "w"): library.ones(3), "note": plant.get("string", "x")}, packed)
    return packed.getvalue()


def skops(plant: Plant) -> bytes:
    from sklearn.linear_model import LogisticRegression
    from skops.io import dumps

    model = LogisticRegression().fit(np.array([[0.0], [1.0]]), np.array(["a", plant.get("class", "b")]))
    model.feature_names_in_ = np.array([plant.get("feature name", "age")], dtype=object)
    return dumps(model)


def _ubjson(value: Any) -> bytes:
    if isinstance(value, dict):
        return b"{" + b"".join(_key(key) + _ubjson(each) for key, each in value.items()) + b"}"
    if isinstance(value, list):
        floats = b"".join(struct.pack(">f", each) for each in value)
        return b"[$d#L" + struct.pack(">q", len(value)) + floats
    return b"S" + _key(str(value))


def _key(text: str) -> bytes:
    return b"L" + struct.pack(">q", len(text)) + text.encode()


def _booster(plant: Plant) -> dict[str, Any]:
    return {"learner": {"feature_names": plant.get("feature name", "age"), "base_weights": [0.5, 0.25, 0.125],
                        "attributes": {"note": plant.get("attribute", "x")}}, "version": [2.0, 1.0]}  # fmt: skip


def xgboost(plant: Plant) -> bytes:
    return json.dumps(_booster(plant)).encode()


def xgboost_binary(plant: Plant) -> bytes:
    return _ubjson(_booster(plant))


def lightgbm(plant: Plant) -> bytes:
    return (f"tree\nversion=v4\nfeature_names={plant.get('feature name', 'age')}\n\nTree=0\nleaf_value=0.5 0.25 0.125\n"
            f"leaf_count=120 130 140\n\nend of trees\n\nparameters:\n[note: {plant.get('parameter', 'x')}]\n").encode()  # fmt: skip


def mlflow(plant: Plant) -> bytes:
    made = f"flavors:\n  python_function:\n    loader_module: mlflow.sklearn\nmetadata:\n  note: {plant.get('note', 'x')}\n"
    example = json.dumps({"columns": ["age"], "data": [[plant.get("input example", "30-39")]]})
    return zipped({"model/MLmodel": made, "model/requirements.txt": "numpy\n", "model/input_example.json": example})


KINDS = {
    "safetensors": (safetensors, ("tensor name", "metadata"), ("model-weights",)),
    "onnx": (
        onnx,
        ("string tensor", "node name", "node text", "attribute", "graph text", "metadata", "unknown field"),
        ("model-weights",),
    ),
    "torch": (torch, ("key", "string"), ("pickle",)),
    "skops": (skops, ("class", "feature name"), ("model-weights",)),
    "xgboost json": (xgboost, ("feature name", "attribute"), ("model-weights",)),
    "xgboost ubjson": (xgboost_binary, ("feature name", "attribute"), ("model-weights",)),
    "lightgbm": (lightgbm, ("feature name", "parameter"), ("model-weights",)),
    "mlflow folder": (mlflow, ("note", "input example"), ()),
}
