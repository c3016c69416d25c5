"""Safetensors."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from tre.disclosure.contents import Contents, Unreadable
from tre.disclosure.detectors.groups import whole_steps
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy

# bytes of one value; safetensors format, https://github.com/huggingface/safetensors#format
_WIDTH = {"BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4,
          "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8}  # fmt: skip
_LINES = 64  # rows or columns of a tensor that are looked at, evenly spread
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
        _judge_tensor(tensors[name], body[start:end], f"{where} tensor {number}".strip(), contents, policy)
    contents.hits.append(Hit("model-weights", "safetensors", where, "", len(tensors)))


def _values(shape: list[int]) -> int:
    if any(not isinstance(side, int) or side < 0 for side in shape):
        raise ValueError("a side of a tensor is not a number")
    return int(np.prod(shape, dtype=object)) if shape else 1


def _judge_tensor(declared: dict[str, Any], body: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Record a tensor that reads as rows of data along either of its sides.

    Learned weights are neither whole numbers apart nor often the same; zeros, which pruning makes, are left out.
    """
    sides = [side for side in declared["shape"] if side > 1]
    if not sides or max(sides) < policy.shape["tensor_rows"]:
        return
    values = _numbers(declared["dtype"], body)
    if len(sides) == 1 and bool(np.all(np.diff(values) > 0)):
        return  # positions or edges, in order
    grid = values.reshape(sides[0], -1) if len(sides) > 1 else values.reshape(1, -1)
    precise = declared["dtype"] in ("F32", "F64")
    for rows in (grid, grid.T, values.reshape(1, -1)):
        if rows.shape[1] < policy.shape["tensor_rows"]:
            continue
        lines = rows[np.linspace(0, len(rows) - 1, min(len(rows), _LINES)).astype(int)]
        data = sum(_is_data(line[line != 0], policy.shape["tensor_repeats"], precise=precise) for line in lines)
        if data > len(lines) / 2:
            contents.hits.append(Hit("tensor-rows", "tensor-rows", where, "", max(sides)))
            return


def _numbers(dtype: str, body: bytes) -> np.ndarray:
    """Return a tensor's values as float64; of a type that NumPy does not know, its bytes."""
    if dtype == "BF16":  # the upper half of a float32
        return (np.frombuffer(body, "<u2").astype("<u4") << 16).view("<f4").astype(np.float64)
    return np.frombuffer(body, dtype=_NUMPY.get(dtype, "<u1")).astype(np.float64)


def _is_data(line: np.ndarray, repeats: float, *, precise: bool) -> bool:
    """Tell whether numbers lie on a lattice of whole steps, whatever its offset, or repeat as measured values do."""
    if len(line) < 3:
        return False
    steps = whole_steps(line)
    if steps.mean() > 0.5 and len(np.unique(np.round(line[steps] - line[0]))) > 2:
        return True
    distinct = len(np.unique(line))
    return precise and 2 < distinct < repeats * len(line)
