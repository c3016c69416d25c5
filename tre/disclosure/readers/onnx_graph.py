"""ONNX (IR specification): names, documentation, metadata and attributes as text, initialisers as tensors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError, Message
from onnx import ModelProto, TensorProto, helper, numpy_helper

from tre.disclosure.contents import Contents, Tensor, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.raw_strings import strings_of

_LONG, _EXACT = 10**6, 2**53  # a number of seven digits may be a person; one that no double is says "to the end"


def read_onnx(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read a model without running it.

    Raises
    ------
    Unreadable
        It is no ONNX model, is damaged or cut short, keeps its weights in another file, or is deeper than 64 levels.
    """
    model = ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        raise Unreadable("no reader for this kind of file, or the model is damaged") from error
    if not model.HasField("graph") or not model.opset_import:
        raise Unreadable("no reader for this kind of file, or the model is damaged")
    whole = model.ByteSize()
    model.DiscardUnknownFields()
    if model.ByteSize() < whole or whole < len(data):
        contents.hits.append(Hit("hidden-content", "unknown-fields", where))
        contents.add_text(f"{where} strings of the file".strip(), strings_of(data))
    said, numbers = list[str](), list[int]()
    tensors = 0
    for each in _messages(model, policy):
        if isinstance(each, TensorProto):
            tensors += 1
            _keep_tensor(each, f"{where} tensor {tensors}".strip(), contents)
        said += _said(each)
        numbers += _numbers(each)
    contents.add_text(f"{where} names and documentation".strip(), "\n".join(said))
    if numbers:
        place = f"{where} whole numbers beside the tensors".strip()
        contents.tensors.append(Tensor(place, "", np.array(numbers, np.float64), False))
    total = sum(tensor.values.size for tensor in contents.tensors)
    if total > policy.shape["parameters"]:
        contents.hits.append(Hit("outsized-model", "parameters", where, "", total))
    contents.hits.append(Hit("model-weights", "onnx", where, "", tensors))


def _messages(model: Message, policy: Policy) -> Iterator[Message]:
    waiting, count = [model], 0
    while waiting:
        each = waiting.pop()
        count += 1
        if count > policy.limits["nodes"]:
            raise Unreadable("it holds more than inspection reads", rule="too-big")
        yield each
        for field, value in each.ListFields():
            if field.message_type is not None:
                waiting += list(value) if _is_repeated(value) else [value]


def _is_repeated(value: Any) -> bool:
    return not isinstance(value, Message)


def _said(each: Message) -> Iterator[str]:
    """Yield the strings and short bytes of one message; a tensor's raw bytes are its values."""
    for field, value in each.ListFields():
        if isinstance(each, TensorProto) and field.name in ("raw_data", "string_data"):
            continue
        for part in (
            [value]
            if isinstance(value, (str, bytes))
            else value
            if field.message_type is None and (_is_sequence(value))
            else []
        ):
            if isinstance(part, str):
                yield part
            elif isinstance(part, bytes):
                yield strings_of(part)


def _numbers(each: Message) -> Iterator[int]:
    """Yield the long whole numbers of one message: sizes, attributes; those of a tensor's values are read as such."""
    for field, value in each.ListFields():
        if field.message_type is None and field.enum_type is None and not field.name.endswith("_data"):
            for part in value if _is_sequence(value) and not isinstance(value, (str, bytes)) else [value]:
                if isinstance(part, int) and _LONG <= abs(part) < _EXACT:
                    yield part


def _is_sequence(value: Any) -> bool:
    return not isinstance(value, (int, float, bool))


def _is_said_once(each: TensorProto) -> bool:
    """Tell whether the values stand in the one field that a program reads: raw bytes, or that of their type."""
    told = {field.name for field, _ in each.ListFields() if field.name.endswith("_data")} - {"external_data"}
    try:
        own = helper.tensor_dtype_to_field(each.data_type)
    except KeyError:
        return False
    return told <= {own} or (told == {"raw_data"} and each.data_type != TensorProto.STRING)


def _keep_tensor(each: TensorProto, where: str, contents: Contents) -> None:
    if each.data_location == TensorProto.EXTERNAL:
        raise Unreadable("its weights are in another file")
    if not _is_said_once(each):
        contents.hits.append(Hit("hidden-content", "second-values", where, "values that no program reads"))
    if each.data_type == TensorProto.STRING:
        contents.add_text(where, "\n".join(part.decode("utf-8", "replace") for part in each.string_data))
        return
    try:
        values = numpy_helper.to_array(each)
    except (ValueError, TypeError, KeyError) as error:
        raise Unreadable("a tensor's shape does not agree with its bytes") from error
    precise = values.dtype in (np.float32, np.float64)
    contents.tensors.append(Tensor(where, each.name, values.astype(np.float64) if not precise else values, precise))
