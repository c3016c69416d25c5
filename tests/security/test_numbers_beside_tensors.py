"""Numbers of people in an ONNX file, wherever it has room for one that is no tensor's value, are met by inspection."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from tests.own_models import logistic
from tests.planted import examined

NUMBERS = [9990000018, 9990000026, 9990000034, 9990000042, 9990000050, 9990000069]


def met(model: ModelProto) -> set[tuple[str, str]]:
    return {(hit.rule, hit.kind) for hit in examined(model.SerializeToString())[1]}


def in_attribute(model: ModelProto) -> None:
    model.graph.node.append(helper.make_node("Constant", [], ["c"], value_ints=NUMBERS))


def in_many_attributes(model: ModelProto) -> None:
    model.graph.node.extend(helper.make_node("Constant", [], [f"c{each}"[:3]], value_int=each) for each in NUMBERS)


def in_sizes(model: ModelProto) -> None:
    model.graph.value_info.append(helper.make_tensor_value_info("v", TensorProto.FLOAT, NUMBERS))


def in_sizes_of_nothing(model: ModelProto) -> None:
    for nth, each in enumerate(NUMBERS):
        model.graph.initializer.add(name=f"r{nth}", dims=[0, each], data_type=TensorProto.FLOAT)


PLACES: dict[str, Callable[[ModelProto], None]] = {
    each.__name__: each for each in (in_attribute, in_many_attributes, in_sizes, in_sizes_of_nothing)
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_a_number_beside_the_tensors_is_met(place: Callable[[ModelProto], None]) -> None:
    model = logistic()
    place(model)
    assert ("identifier", "nhs_number") in met(model)


def test_values_in_a_field_that_nothing_reads_block() -> None:
    model = logistic()
    model.graph.initializer[0].int64_data.extend(NUMBERS)
    assert ("hidden-content", "second-values") in met(model)


def test_a_text_beside_a_tensors_numbers_hides_none_of_them() -> None:
    model = logistic()
    model.graph.initializer.append(numpy_helper.from_array(np.array(NUMBERS), "R"))
    model.graph.initializer[-1].string_data.append(b"none")
    assert {("hidden-content", "second-values"), ("identifier", "nhs_number")} <= met(model)


def test_an_honest_graph_that_slices_to_the_end_is_a_model_and_nothing_else() -> None:
    model = logistic()
    model.graph.initializer.append(numpy_helper.from_array(np.zeros(0, "f4"), "roi"))
    model.graph.node.append(helper.make_node("Slice", ["X"], ["Z"], starts=[0], ends=[2**63 - 1], axes=[1]))
    assert met(model) == {("model-weights", "onnx")}
