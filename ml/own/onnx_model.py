"""An ONNX graph, checked against the policy before anything of it is run, and run by onnx's reference evaluator.

The evaluator is Python over NumPy: a graph that lies about itself ends in an error there, where a native runtime would
have to be trusted with every offset. No message tells a name out of the file, for it may hold what must not be shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from google.protobuf.message import DecodeError
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from ml.errors import LearningRefused
from ml.own.policy import Onnx
from ml.own.schema import Asked, OwnSchema, texts

FLOATS = (TensorProto.FLOAT, TensorProto.DOUBLE)
_TENSORS = (*FLOATS, TensorProto.INT64, TensorProto.INT32, TensorProto.BOOL, TensorProto.STRING, TensorProto.FLOAT16)
_PLAIN = {  # each with the field that holds it
    AttributeProto.FLOAT: "f", AttributeProto.INT: "i", AttributeProto.STRING: "s", AttributeProto.TENSOR: "t",
    AttributeProto.FLOATS: "floats", AttributeProto.INTS: "ints", AttributeProto.STRINGS: "strings",
}  # fmt: skip
_OF_ANY = {"name", "type", "doc_string"}
_TREES = "TreeEnsemble"
_DOMAINS = {"ai.onnx": ""}  # the standard's own domain has two names
Numbers = npt.NDArray[np.float64]


class OnnxModel:
    """A graph that was checked, and answers.

    Parameters
    ----------
    data : bytes
        The file.
    schema : OwnSchema
        What it is asked: its input is one table of numbers (rows, features), in which a category is its value's place;
        or one column (rows, 1) for each feature, by its name, in which a category is a text.

    Raises
    ------
    LearningRefused
        It is no ONNX model, is not what the policy lets be run, or has another input than the schema.
    """

    def __init__(self, data: bytes, schema: OwnSchema, policy: Onnx) -> None:
        model = checked(data, policy)
        self._schema, self._graph = schema, model.graph
        self._columns = _columns(model.graph, schema)
        self._output = _output(model.graph)
        self._run = ReferenceEvaluator(model)

    def answer(self, asked: Asked) -> Numbers:
        """Return what the graph tells of each row, as it tells it.

        Parameters
        ----------
        asked : array
            Of :func:`ml.own.schema.encoded`.
        """
        (told,) = self._run.run([self._output], self._given(asked))
        return np.asarray(told, dtype=np.float64)

    def _given(self, asked: Asked) -> dict[str, npt.NDArray[Any]]:
        if isinstance(self._columns, ValueInfoProto):
            return {self._columns.name: asked.astype(_type_of(self._columns))}
        given: dict[str, npt.NDArray[Any]] = {}
        for nth, name in enumerate(self._schema.features()):
            column, categories = asked[:, nth], self._schema.categories
            kind = nth - len(self._schema.numeric)
            held = column.astype(_type_of(self._columns[name])) if kind < 0 else texts(column, categories[kind])
            given[name] = held[:, None]
        return given

    def arrays(self) -> dict[str, Numbers]:
        """Return the numbers that stand in the graph; the names of those that are no weights begin with a line."""
        fitted = {f"array {nth}": each for nth, each in enumerate(_numbers(self._graph), start=1)}
        return fitted | {f"_{name}": each for name, each in _beside(self._graph).items()}


def checked(data: bytes, policy: Onnx) -> ModelProto:
    """Return a graph that the policy lets be run.

    Raises
    ------
    LearningRefused
        It is no ONNX model, or holds what the policy does not name. A node or a tensor is told by its place alone.
    """
    model = _parsed(data)
    _check_graph(model, policy)
    return model


def _parsed(data: bytes) -> ModelProto:
    model = ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        raise LearningRefused("The weights are no ONNX model", where="weights") from None
    whole = model.ByteSize()
    model.DiscardUnknownFields()
    if not model.HasField("graph") or not whole == model.ByteSize() == len(data):
        raise LearningRefused("The weights are no ONNX model, or hold more than one", where="weights")
    return model


def _check_graph(model: ModelProto, policy: Onnx) -> None:
    graph = model.graph
    domains = [_DOMAINS.get(each.domain, each.domain) for each in model.opset_import]
    rules = [
        (policy.ir[0] <= model.ir_version <= policy.ir[1], "its format is of a version that is not known"),
        (set(domains) <= set(policy.opsets) and len(set(domains)) == len(domains), "its operators are not standard"),
        (not model.functions, "it defines functions of its own"),
        (not model.training_info, "it holds how it was trained"),
        (not graph.sparse_initializer and not graph.quantization_annotation, "it has sparse or quantised weights"),
        (0 < len(graph.node) <= policy.nodes, f"it has no node, or more than {policy.nodes}"),
        (len(graph.initializer) <= policy.tensors, f"it has more than {policy.tensors} tensors"),
    ]
    _refuse_unless(rules)
    for domain, each in zip(domains, model.opset_import, strict=True):
        first, last = policy.opsets[domain]
        _refuse_unless([(first <= each.version <= last, "its operators are of a version that is not known")])
    for nth, node in enumerate(graph.node, start=1):
        _check_node(node, nth, policy)
    held = [*graph.initializer, *(each.t for node in graph.node for each in node.attribute if each.HasField("t"))]
    for nth, tensor in enumerate(held, start=1):
        _check_tensor(tensor, nth, policy)
    total = sum(prod(each.dims) for each in held) + sum(
        len(each.floats) + len(each.ints) for node in graph.node for each in node.attribute
    )
    _refuse_unless([(total <= policy.numbers, f"it is made of more than {policy.numbers} numbers")])


def _check_node(node: NodeProto, nth: int, policy: Onnx) -> None:
    known = policy.operators.get(_DOMAINS.get(node.domain, node.domain), frozenset())
    _refuse_unless([
        (node.op_type in known and not node.overload, f"the operator of node {nth} is not one that is run"),
        (all(_is_plain(each) for each in node.attribute), f"node {nth} holds a graph or is damaged"),
        (not any(each.ref_attr_name for each in node.attribute), f"node {nth} is part of a function"),
    ])  # fmt: skip


def _is_plain(given: AttributeProto) -> bool:
    """Tell whether an attribute holds what its type says and nothing beside it, which no evaluator would look at."""
    told = {field.name for field, _ in given.ListFields()}
    return given.type in _PLAIN and told <= {*_OF_ANY, _PLAIN[given.type]}


def _check_tensor(tensor: TensorProto, nth: int, policy: Onnx) -> None:
    inside = tensor.data_location == TensorProto.DEFAULT and not tensor.external_data
    _refuse_unless([
        (inside, f"tensor {nth} lies in another file"),
        (tensor.data_type in _TENSORS, f"tensor {nth} is of a type that is not run"),
        (_is_said_once(tensor), f"tensor {nth} holds values that nothing reads"),
        (0 not in tensor.dims or len(tensor.dims) == 1, f"tensor {nth} is empty and has sizes"),
        (all(each >= 0 for each in tensor.dims) and prod(tensor.dims) <= policy.numbers, f"tensor {nth} is too large"),
    ])  # fmt: skip
    try:
        numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError):
        _refuse_unless([(False, f"the shape of tensor {nth} does not agree with its bytes")])


def _is_said_once(tensor: TensorProto) -> bool:
    """Tell whether a tensor's values stand in the one field that is read of it, and none in another."""
    told = {field.name for field, _ in tensor.ListFields() if field.name.endswith("_data")} - {"external_data"}
    raw = {"raw_data"} if tensor.data_type != TensorProto.STRING else set()
    return told == raw or told <= {helper.tensor_dtype_to_field(tensor.data_type)}


def _refuse_unless(rules: list[tuple[bool, str]]) -> None:
    for holds, what in rules:
        if not holds:
            raise LearningRefused(f"The model's graph is not one that is run: {what}", where="weights")


def _columns(graph: GraphProto, schema: OwnSchema) -> ValueInfoProto | dict[str, ValueInfoProto]:
    """Return the one input of a graph, or one for each feature; any other input is not the schema's."""
    held = {each.name for each in graph.initializer}
    asked = {each.name: each for each in graph.input if each.name not in held}
    if len(asked) == 1:
        only = next(iter(asked.values()))
        if _is_shaped(only, len(schema.features()), FLOATS):
            return only
    if set(asked) == set(schema.features()):
        numbers = {each.name for each in schema.numeric}
        if all(_is_shaped(each, 1, FLOATS if name in numbers else (TensorProto.STRING,))
               for name, each in asked.items()):  # fmt: skip
            return asked
    raise LearningRefused(
        "The model's input is not its schema's",
        where="weights",
        todo="Give it one input (rows, features) of numbers, or one (rows, 1) for each feature by its name",
    )


def _is_shaped(given: ValueInfoProto, width: int, types: tuple[int, ...]) -> bool:
    """Tell whether an input takes any number of rows of so many columns."""
    told = given.type.tensor_type
    sizes = [each.dim_value if each.HasField("dim_value") else None for each in told.shape.dim]
    return told.elem_type in types and sizes == [None, width]


def _type_of(given: ValueInfoProto) -> type[np.floating[Any]]:
    return np.float32 if given.type.tensor_type.elem_type == TensorProto.FLOAT else np.float64


def _output(graph: GraphProto) -> str:
    """Return the one output that is a table of numbers; a classifier's other one names the likelier class."""
    found = [each.name for each in graph.output if each.type.tensor_type.elem_type in FLOATS]
    if len(found) != 1:
        raise LearningRefused(
            "The model does not have one output of numbers",
            where="weights",
            todo="Export a classifier so that it tells probabilities as a table (in skl2onnx: zipmap=False)",
        )
    return found[0]


def _numbers(graph: GraphProto) -> Iterator[Numbers]:
    tensors = [*graph.initializer, *(each.t for node in graph.node for each in node.attribute if each.HasField("t"))]
    for tensor in tensors:
        if tensor.data_type != TensorProto.STRING:
            yield numpy_helper.to_array(tensor).astype(np.float64)
    for node in graph.node:
        for each in node.attribute:
            if each.floats:
                yield np.array(each.floats, np.float64)


def _beside(graph: GraphProto) -> dict[str, Numbers]:
    """Return the other numbers by what they are, in the file's order: rows could be spread over many nodes.

    The whole numbers of a tree's nodes name nodes and columns: short rows of small numbers are found there by chance.
    """
    given = [(node.op_type, each) for node in graph.node for each in node.attribute]
    sizes = (side for each in (*graph.input, *graph.output, *graph.value_info) for side in _sides(each))
    told = {
        "single numbers": [each.f for _, each in given if each.type == AttributeProto.FLOAT],
        "single whole numbers": [each.i for _, each in given if each.type == AttributeProto.INT],
        "whole numbers": [one for kind, each in given if not kind.startswith(_TREES) for one in each.ints],
        "sizes": list(sizes),
    }
    return {name: np.array(each, np.float64) for name, each in told.items() if each}


def _sides(given: ValueInfoProto) -> Iterator[int]:
    return (side.dim_value for side in given.type.tensor_type.shape.dim if side.HasField("dim_value"))
