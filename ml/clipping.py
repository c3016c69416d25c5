"""The clipped gradient: what each person gives, bounded in norm, summed over the persons of a batch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from ml.layers import Tape, recording

_LEAST = 1e-12  # a gradient of norm zero is not divided by


def clipped_gradients(model: nn.Module, losses: Callable[[], torch.Tensor], clip: float) -> torch.Tensor:
    """Set each parameter's gradient to the sum over persons of their gradients, each cut to norm ``clip``.

    Parameters
    ----------
    model : Module
        Its parameters are all of layers of :mod:`ml.layers`.
    losses : callable
        Runs the model forward and returns each person's loss, shape (persons,).
    clip : float
        The bound (L2) on each person's gradient over all parameters together.

    Returns
    -------
    Tensor
        The norms before they were cut, shape (persons,).
    """
    with recording(model) as tape:
        losses().sum().backward()
    return clip_and_sum(tape, clip)


def clip_and_sum(tape: Tape, clip: float) -> torch.Tensor:
    """Set the gradients from what a backward pass wrote, as :func:`clipped_gradients` does; return the norms."""
    parts = [layer.parts(given, told) for layer, given, told in tape.entries]
    norms = torch.stack([squares for squares, _ in parts]).sum(0).clamp_min_(0).sqrt_()
    weights = (clip / norms.clamp_min(_LEAST)).clamp_max_(1)
    for _, summing in parts:
        summing(weights)
    return norms
