"""Arrays of a model that hold rows of data in place of what was learned from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from tre.disclosure.contents import Tensor
from tre.disclosure.detectors.groups import whole_steps
from tre.disclosure.model import Hit

_GENERATOR = (624,)
_LINES = 64  # rows or columns of a tensor that are looked at, evenly spread


def find_tensor_rows(tensor: Tensor, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit for a tensor that reads as rows of data along either of its sides.

    Learned weights are neither whole numbers apart nor often the same; zeros, which pruning makes, are left out.
    """
    sides = [side for side in tensor.values.shape if side > 1]
    if not sides or max(sides) < shape["tensor_rows"]:
        return
    values = tensor.values.ravel()
    if len(sides) == 1 and bool(np.all(values[1:] > values[:-1])):
        return  # positions or edges, in order
    if _is_generator(tensor.values):
        return
    grid = values.reshape(sides[0], -1) if len(sides) > 1 else values.reshape(1, -1)
    for rows in (grid, grid.T, values.reshape(1, -1)):
        if rows.shape[1] < shape["tensor_rows"]:
            continue
        lines = rows[np.linspace(0, len(rows) - 1, min(len(rows), _LINES)).astype(int)].astype(np.float64)
        data = sum(_is_data(line[line != 0], shape["tensor_repeats"], precise=tensor.precise) for line in lines)
        if data > len(lines) / 2:
            yield Hit("tensor-rows", "tensor-rows", tensor.where, "", max(sides))
            return


def _is_generator(values: np.ndarray) -> bool:
    """Tell whether it is the state of a random generator, which scikit-learn keeps with its trees.

    MT19937's are 624 words of 32 bits (Matsumoto and Nishimura 1998), each as likely as any other. Whether they spell
    a text is asked of every tensor.
    """
    if values.shape != _GENERATOR or values.dtype.kind != "u" or values.dtype.itemsize != 4:
        return False
    shares = values.astype(np.float64) / 2**32
    return abs(shares.mean() - 0.5) < 0.06 and abs(shares.std() - 12**-0.5) < 0.03  # five standard errors


def _is_data(line: np.ndarray, repeats: float, *, precise: bool) -> bool:
    """Tell whether numbers lie on a lattice of whole steps, whatever its offset, or repeat as measured values do."""
    if len(line) < 3:
        return False
    steps = whole_steps(line)
    if steps.mean() > 0.5 and len(np.unique(np.round(line[steps] - line[0]))) > 2:
        return True
    distinct = len(np.unique(line))
    return precise and 2 < distinct < repeats * len(line)
