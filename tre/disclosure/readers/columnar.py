"""Safetensors."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from tre.disclosure.contents import Contents, Tensor, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy

# bytes of one value; safetensors format, https://github.com/huggingface/safetensors#format
_WIDTH = {"BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4,
          "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8}  # fmt: skip
_NUMPY = {"U8": "<u1", "I8": "<i1", "I16": "<i2", "U16": "<u2", "F16": "<f2", "I32": "<i4", "U32": "<u4", "F32": "<f4",
          "I64": "<i8", "U64": "<u8", "F64": "<f8"}  # fmt: skip


def read_safetensors(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read the header, check that each tensor fills exactly the bytes it declares, and look for rows of data."""
    size = int.from_bytes(data[:8], "little")
    try:
        header: dict[str, Any] = json.loads(data[8 : 8 + size])
        tensors = {name: each for name, each in header.items() if name != "__metadata__"}
        spans = sorted((*each["data_offsets"], name) for name, each in tensors.items())
        counts = {name: _values(each["shape"]) for name, each in tensors.items()}
        exact = all(e - b == counts[n] * _WIDTH[tensors[n]["dtype"]] for b, e, n in spans)
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
        raise Unreadable("the header of the tensors is damaged") from error
    ends = [0, *(end for _, end, _ in spans)]
    if not exact or any(start != end for (start, _, _), end in zip(spans, ends, strict=False)):
        raise Unreadable("a tensor's shape does not agree with its bytes")
    body = data[8 + size :]
    if len(body) < ends[-1]:
        raise Unreadable("the tensors are cut short")
    if len(body) > ends[-1]:
        contents.hits.append(Hit("appended-bytes", "appended", where, "after the last tensor"))
    text = json.dumps(header.get("__metadata__", {})) + "\n" + "\n".join(tensors)
    contents.add_text(f"{where} tensor names and metadata".strip(), text)
    if sum(counts.values()) > policy.shape["parameters"]:
        contents.hits.append(Hit("outsized-model", "parameters", where, "", sum(counts.values())))
    for number, (start, end, name) in enumerate(spans, start=1):
        declared = tensors[name]
        values = _numbers(declared["dtype"], body[start:end]).reshape(declared["shape"] if _plain(declared) else -1)
        place = f"{where} tensor {number}".strip()
        contents.tensors.append(Tensor(place, name, values, declared["dtype"] in ("F32", "F64")))
    contents.hits.append(Hit("model-weights", "safetensors", where, "", len(tensors)))


def _values(shape: list[int]) -> int:
    if any(not isinstance(side, int) or side < 0 for side in shape):
        raise ValueError("a side of a tensor is not a number")
    return int(np.prod(shape, dtype=object)) if shape else 1


def _plain(declared: dict[str, Any]) -> bool:
    """Tell whether NumPy has the tensor's type, so that its values have its shape."""
    return declared["dtype"] in _NUMPY or declared["dtype"] == "BF16"


def _numbers(dtype: str, body: bytes) -> np.ndarray:
    """Return a tensor's values in their own width; BF16 as float32, of another type that NumPy lacks its bytes."""
    if dtype == "BF16":  # the upper half of a float32
        return (np.frombuffer(body, "<u2").astype("<u4") << 16).view("<f4")
    return np.frombuffer(body, dtype=_NUMPY.get(dtype, "<u1"))
