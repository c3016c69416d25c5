"""What a model's tensors remember of people: rows by their name, dates, long numbers, a row for each of very many."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from tre.disclosure.contents import Cells, Tensor
from tre.disclosure.model import Hit

_FIRST_DAY, _LAST_DAY = 19000101, 20991231
_MOST = 200_000  # numbers that are read as digits


def find_outsized(tensor: Tensor, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit for an embedding with a row for each of very many things, as persons are."""
    sides = tensor.values.shape
    if len(sides) == 2 and max(sides) >= shape["embedding_rows"] and max(sides) >= 8 * min(sides):
        yield Hit("outsized-model", "embedding", tensor.where, f"{sides[0]} by {sides[1]}", max(sides))


def find_kept(tensor: Tensor, names: Sequence[str]) -> Iterator[Hit]:
    """Yield a hit for a tensor whose name says that it is the rows a model was trained on.

    Parameters
    ----------
    names : sequence of str
        Regular expressions of such names, from the policy.
    """
    if tensor.values.size > 1 and any(re.search(name, tensor.name, re.IGNORECASE) for name in names):
        yield Hit("training-rows", "stored-rows", tensor.where, "", max(tensor.values.shape, default=1))


def find_dates(tensor: Tensor, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit for whole numbers that are nearly all dates, as YYYYMMDD: float32 holds them but for the last day."""
    values = tensor.values.reshape(-1)[:_MOST]
    if len(values) < shape["tensor_rows"] or values.dtype.kind not in "iuf" or values.dtype.itemsize < 4:
        return
    written = values[(values >= _FIRST_DAY) & (values <= _LAST_DAY)].astype(np.int64)
    months, days = written // 100 % 100, written % 100
    real = written[(months >= 1) & (months <= 12) & (days <= 32)]
    if len(real) >= 0.9 * len(values) and len(np.unique(real)) > 2:
        yield Hit("tensor-rows", "dates", tensor.where, "", len(values), "", 0.95)


def digits_of(tensor: Tensor) -> Cells | None:
    """Return the tensor's long whole numbers as strings, to be searched as a column is; None when it has none."""
    values = tensor.values.reshape(-1)
    if values.dtype.kind not in "iuf":
        return None
    some = values[:_MOST].astype(np.float64)
    with np.errstate(invalid="ignore"):
        whole = some[np.isfinite(some) & (some == np.floor(some)) & (some >= 1e8) & (some < 1e16)]
    if not len(whole):
        return None
    strings = pa.array([str(int(value)) for value in whole], pa.string())
    return Cells.of(tensor.where, tensor.name, strings, in_table=True)
