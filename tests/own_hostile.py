"""Hostile weights of researchers' own models: each is a clean file with one thing done to it, so that it has a twin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from onnx import AttributeProto, ModelProto, TensorProto, helper

from tests.models_hostile import pickled
from tests.own_models import graph, logistic


@dataclass(frozen=True)
class HostileWeights:
    """What a file of weights is in the place of a clean one.

    Parameters
    ----------
    made : callable
        Gives the file's bytes; its argument is the file that a payload writes when it is run.
    """

    name: str
    made: Callable[[Path], bytes]

    def __str__(self) -> str:
        return self.name


def _graph(change: Callable[[ModelProto, Path], None]) -> Callable[[Path], bytes]:
    def made(proof: Path) -> bytes:
        model = logistic()
        change(model, proof)
        return bytes(model.SerializeToString())

    return made


def _outside(model: ModelProto, proof: Path) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=f"../../../../../..{proof.parent / 'secret'}")


def _outside_in_a_node(model: ModelProto, proof: Path) -> None:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1])
    tensor.external_data.add(key="location", value=str(proof.parent / "secret"))
    model.graph.node.append(helper.make_node("Constant", [], ["C"], value=tensor))


def _operator(kind: str, domain: str = "", **more: object) -> Callable[[Path], bytes]:
    def change(model: ModelProto, proof: Path) -> None:
        model.graph.node.append(helper.make_node(kind, ["X"], ["Z"], domain=domain, **more))

    return _graph(change)


def _foreign_domain(model: ModelProto, proof: Path) -> None:
    model.graph.node[1].domain = "com.microsoft"
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def _function(model: ModelProto, proof: Path) -> None:
    """Let a function of the model's own call itself."""
    model.functions.append(
        helper.make_function(
            "ai.onnx", "Gemm", ["a"], ["b"], [helper.make_node("Gemm", ["a"], ["b"])], [helper.make_opsetid("", 18)]
        )
    )


def _loop(model: ModelProto, proof: Path) -> None:
    endless = helper.make_graph([helper.make_node("Identity", ["c"], ["d"])], "body", [], [])
    model.graph.node.append(helper.make_node("Loop", ["", "X"], ["Z"], body=endless))


def _graph_in_a_known_operator(model: ModelProto, proof: Path) -> None:
    inner = helper.make_graph([helper.make_node("Identity", ["X"], ["Z"])], "inner", [], [])
    model.graph.node[1].attribute.append(helper.make_attribute("body", inner))


def _refers(model: ModelProto, proof: Path) -> None:
    model.graph.node[0].attribute.append(AttributeProto(name="alpha", ref_attr_name="outer", type=AttributeProto.FLOAT))


def _large(model: ModelProto, proof: Path) -> None:
    model.graph.initializer[0].dims[:] = [2**40, 2**40]


def _negative(model: ModelProto, proof: Path) -> None:
    model.graph.initializer[0].dims[:] = [-2, -1]


def _short(model: ModelProto, proof: Path) -> None:
    model.graph.initializer[0].dims[:] = [3, 1]


def _many_nodes(model: ModelProto, proof: Path) -> None:
    model.graph.node.extend(helper.make_node("Identity", ["X"], [f"n{nth}"]) for nth in range(20_000))


def _old(model: ModelProto, proof: Path) -> None:
    model.opset_import[0].version = 3


def _two_versions(model: ModelProto, proof: Path) -> None:
    model.opset_import.append(helper.make_opsetid("ai.onnx", 20))


def _wider(model: ModelProto, proof: Path) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 3


def _one_batch(model: ModelProto, proof: Path) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1


def _more_inputs(model: ModelProto, proof: Path) -> None:
    model.graph.input.append(helper.make_tensor_value_info("pseudonym", TensorProto.STRING, [None, 1]))


def _two_outputs(model: ModelProto, proof: Path) -> None:
    model.graph.output.append(helper.make_tensor_value_info("S", TensorProto.FLOAT, [None, 1]))


def _training(model: ModelProto, proof: Path) -> None:
    model.training_info.add()


def _ends_nowhere(model: ModelProto, proof: Path) -> None:
    model.graph.node[0].input[0] = "nowhere"


def _unknown_field(proof: Path) -> bytes:
    return bytes(logistic().SerializeToString()) + b"\xfa\x3f" + bytes([len(pickled(proof))]) + pickled(proof)


def _two_files(proof: Path) -> bytes:
    return bytes(logistic().SerializeToString()) * 2


ONNX: tuple[HostileWeights, ...] = (
    HostileWeights("a pickle", pickled),
    HostileWeights("nothing", lambda proof: b""),
    HostileWeights("half a file", lambda proof: logistic().SerializeToString()[:40]),
    HostileWeights("a field that the format does not know", _unknown_field),
    HostileWeights("two models in one file", _two_files),
    HostileWeights("a tensor in another file", _graph(_outside)),
    HostileWeights("a node's tensor in another file", _graph(_outside_in_a_node)),
    HostileWeights("an operator of another domain", _graph(_foreign_domain)),
    HostileWeights("an operator that is made of Python", _operator("PyOp", "ai.onnx.contrib", module="os")),
    HostileWeights("an operator that nobody knows", _operator("System")),
    HostileWeights("an operator that draws at random", _operator("RandomNormalLike")),
    HostileWeights("an operator that decodes pictures", _operator("ImageDecoder")),
    HostileWeights("support vectors", _operator("SVMClassifier", "ai.onnx.ml")),
    HostileWeights("a function that calls itself in the place of an operator", _graph(_function)),
    HostileWeights("an endless loop", _graph(_loop)),
    HostileWeights("a graph in a node", _graph(_graph_in_a_known_operator)),
    HostileWeights("an attribute of a function that is not there", _graph(_refers)),
    HostileWeights("a tensor of yottabytes", _graph(_large)),
    HostileWeights("a tensor of less than nothing", _graph(_negative)),
    HostileWeights("a tensor with fewer bytes than its shape", _graph(_short)),
    HostileWeights("nodes without end", _graph(_many_nodes)),
    HostileWeights("operators of long ago", _graph(_old)),
    HostileWeights("two versions of the operators", _graph(_two_versions)),
    HostileWeights("another input than the schema's", _graph(_wider)),
    HostileWeights("an input of one row", _graph(_one_batch)),
    HostileWeights("an input that names a person", _graph(_more_inputs)),
    HostileWeights("two outputs", _graph(_two_outputs)),
    HostileWeights("how it was trained", _graph(_training)),
    HostileWeights("an edge that comes from nowhere", _graph(_ends_nowhere)),
)


def growing(times: int = 12) -> ModelProto:
    """Return a graph that passes every check and asks, for one row, for more memory than there is."""
    nodes = [helper.make_node("Tile", ["X", "T"], ["t0"])]
    nodes += [helper.make_node("Tile", [f"t{nth}", "T"], [f"t{nth + 1}"]) for nth in range(times)]
    return graph([*nodes, helper.make_node("ReduceMax", [f"t{times}"], ["Y"])], {"T": np.array([10, 10])})


def slow() -> ModelProto:
    """Return a graph that passes every check and is never done: a tree whose root is its own child."""
    tree = helper.make_node(
        "TreeEnsembleRegressor", ["X"], ["Y"], domain="ai.onnx.ml", n_targets=1,
        nodes_treeids=[0, 0], nodes_nodeids=[0, 1], nodes_featureids=[0, 0], nodes_values=[0.0, 0.0],
        nodes_modes=["BRANCH_LEQ", "LEAF"], nodes_truenodeids=[0, 0], nodes_falsenodeids=[0, 0],
        nodes_hitrates=[1.0, 1.0], nodes_missing_value_tracks_true=[0, 0],
        target_treeids=[0], target_nodeids=[1], target_ids=[0], target_weights=[1.0],
    )  # fmt: skip
    return graph([tree], domains=(("", 18), ("ai.onnx.ml", 3)))
