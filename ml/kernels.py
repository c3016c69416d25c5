"""The few operations that a step is mostly made of, by the quicker of the ways that torch brings.

On a CPU torch multiplies float32 matrices by MKL, which on a processor that is not Intel's is at half its speed. oneDNN
comes with torch as well, is as quick on both, and as exact: it multiplies and adds in float32. It compiles a product
for each shape that it meets, so batches should come in few sizes.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

_LEAST = 2**23  # multiplications below which nothing is gained: threads wait longer for each other than they work
_KEPT = 31 * 2**20  # bytes; see :func:`keep_memory`


class _Mapped(torch.autograd.Function):
    """A map whose parameters are held constant."""

    @staticmethod
    def forward(ctx: Any, given: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        ctx.weight = weight
        return _onednn(given, weight, bias)

    @staticmethod
    def backward(ctx: Any, told: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        return _onednn(told, ctx.weight.t(), None), None, None


def _onednn(given: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    told: torch.Tensor = torch.ops.mkldnn._linear_pointwise(given, weight, bias, "none", [], "")
    return told


def mapped(given: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Return ``given @ weight.T + bias``, with a gradient for what is given.

    Parameters
    ----------
    given : Tensor
        Shape (..., before).
    weight, bias : Tensor
        Shapes (after, before) and (after,).
    """
    if weight.requires_grad or not _gains(given, weight):
        return nn.functional.linear(given, weight, bias)
    told: torch.Tensor = _Mapped.apply(given, weight, bias)
    return told


def summed(told: torch.Tensor, given: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return ``told.T @ given``, the gradient of a map's weight.

    Parameters
    ----------
    told, given : Tensor
        Shapes (rows, after) and (rows, before).
    weight : Tensor
        The weight whose gradient it is, shape (after, before); only its shape counts.
    """
    if not _gains(given, weight):
        return told.T @ given
    backward = torch.ops.aten.mkldnn_linear_backward_weights
    gradient: torch.Tensor = backward(told.to_mkldnn(), given.to_mkldnn(), weight, False)[0]
    return gradient.to_dense()


def taken(table: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    """Return the rows of a table at these places, as ``table[at]`` does at seven times the cost."""
    return table.index_select(0, at.reshape(-1)).unflatten(0, at.shape)


def keep_memory() -> None:
    """Have the process keep the memory of a step for the next one, where it would be given back and cleared again.

    glibc does so once a block of up to 32 MiB was freed (mallopt(3), on M_MMAP_THRESHOLD and M_TRIM_THRESHOLD): from
    then on smaller blocks come from its heap, of which it keeps twice as much.
    """
    torch.empty(_KEPT, dtype=torch.uint8)


def _gains(given: torch.Tensor, weight: torch.Tensor) -> bool:
    return (
        given.device.type == "cpu"
        and given.dtype == torch.float32
        and given.numel() * weight.shape[0] >= _LEAST
        and torch.backends.mkldnn.is_available()
    )
