"""Noisy gradient descent: draw, clip, add noise, step. An empty batch is a step like any other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ml.clipping import clipped_gradients
from ml.noise import Noise, noisy_sum

# Adam's constants: Kingma and Ba, "Adam", 2015, section 2.
_SECOND, _TINY = 0.999, 1e-8
_SIZES = 32  # a batch is filled up to a multiple of this part of the expected one

Losses = Callable[[torch.Tensor], torch.Tensor]
Sums = Callable[[nn.Module, Losses, torch.Tensor, torch.Tensor, float], torch.Tensor]


@dataclass(frozen=True)
class Mechanism:
    """What a step does to persons: all that the accounting needs, and the divisor.

    Parameters
    ----------
    noise : float
        Standard deviation of the noise as a multiple of ``clip``.
    rate : float
        Probability with which each person is drawn.
    steps : int
        How many steps are paid for.
    clip : float
        Bound (L2) on each person's gradient.
    divisor : float
        What sums are divided by: the expected batch, never the batch that was drawn.
    """

    noise: float
    rate: float
    steps: int
    clip: float
    divisor: float


@dataclass(frozen=True)
class Pace:
    """How noisy gradients become weights: post-processing, which costs nothing.

    Parameters
    ----------
    rate : float
        Learning rate.
    momentum : float
        Of plain descent, or Adam's first decay.
    adam : bool
        Whether steps are Adam's.
    falling : bool
        Whether the rate falls to nothing in a line.
    averaged : float
        Share of the last steps whose weights are averaged (Polyak and Juditsky, 1992); none where it is 0.
    """

    rate: float
    momentum: float = 0.0
    adam: bool = False
    falling: bool = False
    averaged: float = 0.0


@dataclass
class State:
    """Where a training stands: each a vector over all parameters. It holds no noise and no person."""

    step: int
    weights: torch.Tensor
    velocity: torch.Tensor
    second: torch.Tensor
    mean: torch.Tensor

    @classmethod
    def of(cls, model: nn.Module) -> State:
        """Return the state before the first step."""
        flat = torch.cat([each.detach().reshape(-1) for each in model.parameters()])
        return cls(0, flat, *(torch.zeros_like(flat) for _ in range(3)))


def place(model: nn.Module, flat: torch.Tensor) -> None:
    """Let a model's parameters be views of one vector."""
    at = 0
    for each in model.parameters():
        each.data = flat[at : at + each.numel()].view_as(each)
        at += each.numel()


def clipped_sum(model: nn.Module, losses: Losses, at: torch.Tensor, counted: torch.Tensor, clip: float) -> torch.Tensor:
    """Return the sum over persons of their gradients, each cut to norm ``clip``; shape (parameters,).

    Parameters
    ----------
    at : Tensor
        The numbers of persons, shape (batch,).
    counted : Tensor
        1 for each who is in the batch, 0 for each who only fills it up: their gradient is nought. Shape (batch,).
    """
    clipped_gradients(model, lambda: losses(at) * counted, clip)
    return torch.cat(
        [torch.zeros_like(each).reshape(-1) if each.grad is None else each.grad.reshape(-1)
         for each in model.parameters()]
    )  # fmt: skip


def step(
    model: nn.Module, state: State, losses: Losses, persons: int, mechanism: Mechanism, pace: Pace, noise: Noise,
    sums: Sums | None = None,
) -> None:  # fmt: skip
    """Make one step: the state and the model's parameters, which are views of it, change in place.

    Parameters
    ----------
    losses : callable
        Given the numbers of the persons drawn, returns each one's loss.
    persons : int
        How many there are to draw from.
    sums : callable, optional
        Does what :func:`clipped_sum` does, which is the default.
    """
    device = state.weights.device
    fresh = noise.gaussian(state.step, len(state.weights), device)
    drawn = noise.drawn(state.step, persons, mechanism.rate)
    if len(drawn):
        at = torch.from_numpy(_padded(drawn, persons, mechanism)).to(device)
        counted = (torch.arange(len(at), device=device) < len(drawn)).to(state.weights.dtype)
        total = (sums or clipped_sum)(model, losses, at, counted, mechanism.clip)
    else:
        total = torch.zeros_like(state.weights)
    gradient = noisy_sum(total, fresh, mechanism.clip, mechanism.noise).div_(mechanism.divisor)
    _move(state, gradient, mechanism.steps, pace)


def _padded(drawn: npt.NDArray[np.int64], persons: int, mechanism: Mechanism) -> npt.NDArray[np.int64]:
    """Return those drawn, and the first of them again up to a multiple of a part of the expected batch.

    Batches then come in few sizes, whose memory and compiled products are used again. None is filled up to as many as
    there are: so many are everybody, in order (:func:`ml.losses.losses_by_person`).
    """
    unit = max(1, int(mechanism.divisor) // _SIZES)
    filled = len(drawn) + -len(drawn) % unit
    if persons in (len(drawn), filled):
        return drawn
    return np.concatenate([drawn, np.repeat(drawn[:1], filled - len(drawn))])


def _move(state: State, gradient: torch.Tensor, steps: int, pace: Pace) -> None:
    rate = pace.rate * (1 - state.step / steps if pace.falling else 1)
    if pace.adam:
        state.velocity.mul_(pace.momentum).add_(gradient, alpha=1 - pace.momentum)
        state.second.mul_(_SECOND).addcmul_(gradient, gradient, value=1 - _SECOND)
        first = 1 - pace.momentum ** (state.step + 1)
        spread = (state.second / (1 - _SECOND ** (state.step + 1))).sqrt_().add_(_TINY)
        state.weights.addcdiv_(state.velocity, spread, value=-rate / first)
    else:
        state.velocity.mul_(pace.momentum).add_(gradient, alpha=-rate)
        state.weights.add_(state.velocity)
    state.step += 1
    past = state.step - round(steps * (1 - pace.averaged))
    if past > 0:
        state.mean.add_((state.weights - state.mean) / past)


def result(state: State, pace: Pace) -> torch.Tensor:
    """Return the weights that a training ends with."""
    return state.mean if pace.averaged and state.mean.any() else state.weights
