"""Researchers' own models for tests: small ones, each over one number and one category unless it says another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from onnx import ModelProto, TensorProto, helper, numpy_helper
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ml.own import package
from ml.own.exporting import exported
from ml.own.schema import OwnSchema
from ml.spec import Category, Numeric

SCHEMA = OwnSchema("pseudonym", "died", (Numeric("age", 0, 100),), (Category("sex", ("f", "m")),), held_back=True)


def logistic(weights: tuple[float, ...] = (0.02, 0.5), bias: float = -1.0) -> ModelProto:
    """Return a logistic regression over one table of numbers."""
    nodes = [helper.make_node("Gemm", ["X", "W", "B"], ["S"]), helper.make_node("Sigmoid", ["S"], ["Y"])]
    return graph(nodes, {"W": np.array(weights, "f4")[:, None], "B": np.array([bias], "f4")}, width=len(weights))


def graph(
    nodes: list[Any], tensors: dict[str, np.ndarray] | None = None, *, width: int = 2, batch: str | int = "rows",
    domains: tuple[tuple[str, int], ...] = (("", 18),), **more: Any,
) -> ModelProto:  # fmt: skip
    """Return a model of these nodes, from the input X to the output Y."""
    made = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [batch, width])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, ["rows", 1])],
        [numpy_helper.from_array(values, name) for name, values in (tensors or {}).items()],
    )  # fmt: skip
    opsets = [helper.make_opsetid(domain, version) for domain, version in domains]
    return helper.make_model(made, opset_imports=opsets, ir_version=10, **more)


def packaged(folder: Path, model: Any = None, schema: OwnSchema = SCHEMA) -> Path:
    """Write a package of a model, of a graph where none is named, and return its folder."""
    return package.save(
        *exported(model or logistic(), schema),
        schema,
        folder,
        purpose="Risk",
        data_version="people v3",
        code_hash="c" * 64,
    )


def of_tree(fitted: Any, schema: OwnSchema) -> ModelProto:
    """Return a classification tree of scikit-learn as a graph."""
    tree = fitted.tree_
    leaves = [nth for nth in range(tree.node_count) if tree.children_left[nth] < 0]
    node = helper.make_node(
        "TreeEnsembleRegressor", ["X"], ["Y"], domain="ai.onnx.ml", n_targets=1,
        nodes_treeids=[0] * tree.node_count, nodes_nodeids=list(range(tree.node_count)),
        nodes_featureids=[max(0, int(each)) for each in tree.feature],
        nodes_values=[float(each) for each in tree.threshold],
        nodes_modes=["LEAF" if nth in leaves else "BRANCH_LEQ" for nth in range(tree.node_count)],
        nodes_truenodeids=[max(0, int(each)) for each in tree.children_left],
        nodes_falsenodeids=[max(0, int(each)) for each in tree.children_right],
        nodes_hitrates=[1.0] * tree.node_count, nodes_missing_value_tracks_true=[0] * tree.node_count,
        target_treeids=[0] * len(leaves), target_nodeids=leaves, target_ids=[0] * len(leaves),
        target_weights=[float(tree.value[nth, 0, 1] / tree.value[nth, 0].sum()) for nth in leaves],
    )  # fmt: skip
    return graph([node], width=len(schema.features()), domains=(("", 18), ("ai.onnx.ml", 3)))


def people(count: int = 400, seed: int = 0) -> pd.DataFrame:
    """Return a table of the columns of the schema, with an outcome that follows from them a little."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"pseudonym": [f"P{nth}" for nth in range(count)], "age": random.uniform(20, 90, count)})
    frame["sex"] = random.choice(["f", "m"], count)
    return frame.assign(died=(random.random(count) < frame["age"] / 120 + 0.1 * (frame["sex"] == "m")).astype(int))


def pipeline(last: Any, frame: pd.DataFrame | None = None, target: str = "died") -> Any:
    """Return a pipeline of scikit-learn over the columns of the schema, fitted, that ends in this estimator."""
    table = people() if frame is None else frame
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    parts = [("numbers", numbers, ["age"]), ("categories", OneHotEncoder(handle_unknown="ignore"), ["sex"])]
    return make_pipeline(ColumnTransformer(parts), last).fit(table[["age", "sex"]], table[target])
