"""Layers that tell each person's part of a gradient without ever making it.

A layer computes its output with its parameters held constant, and writes on a tape what it was given and the gradient
of what it returned. From the two follow the norm of each person's gradient, in closed form, and the sum of all
gradients under a weight for each person: one backward pass, the cost of plain training. For a linear map the norm is
``|input| * |gradient of the output|`` (Goodfellow, "Efficient per-example gradient computations", 2015); over a
sequence, or several rows of one person, it comes of two Gram matrices (Li and others, "Large language models can be
strong differentially private learners", 2022, section 4); and weighting what is written down, in a second pass over
nothing but matrix products, is "book-keeping" (Bu and others, "Differentially private optimization on large model at
small cost", 2023).

In each shape the first axis is persons. Whatever axes stand between it and a layer's own are one person's: summed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import nn


class Recording(Protocol):
    """A layer that a tape knows."""

    def squared_norms(self, given: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        """Return the squared norm of each person's gradient of this layer's parameters, shape (persons,)."""

    def gradients(self, given: torch.Tensor, told: torch.Tensor, weights: torch.Tensor) -> None:
        """Set the parameters' gradients to the sum over persons of each one's, times their weight."""


class Tape:
    """What one backward pass wrote: for each layer its input and the gradient of its output."""

    def __init__(self) -> None:
        self.entries: list[tuple[Recording, torch.Tensor, torch.Tensor]] = []
        self._seen: set[int] = set()

    def write(self, layer: Recording, given: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
        """Return the output, whose gradient will be written when it is known.

        Raises
        ------
        ValueError
            When the layer wrote before: the norm of a sum of two uses is not told by either.
        """
        if id(layer) in self._seen:
            raise ValueError("A layer that is used twice has no closed form for its norms")
        self._seen.add(id(layer))
        if not output.requires_grad:
            output.requires_grad_()
        output.register_hook(lambda told: self.entries.append((layer, given.detach(), told)))
        return output


class _Recorded(nn.Module):
    """A layer that writes on a tape while one is in."""

    tape: Tape | None = None

    def _output(self, given: torch.Tensor, *parameters: nn.Parameter) -> torch.Tensor:
        raise NotImplementedError

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        """Return the layer's output."""
        if self.tape is None:
            return self._output(given, *self.parameters())
        return self.tape.write(self, given, self._output(given, *(each.detach() for each in self.parameters())))  # type: ignore[arg-type]


@contextmanager
def recording(model: nn.Module) -> Iterator[Tape]:
    """Put a tape into every layer of a model for one forward and backward pass."""
    tape = Tape()
    layers = [each for each in model.modules() if isinstance(each, _Recorded)]
    for layer in layers:
        layer.tape = tape
    try:
        yield tape
    finally:
        for layer in layers:
            layer.tape = None


def _flat(values: torch.Tensor) -> torch.Tensor:
    """Return (persons, whatever is one person's, width)."""
    return values.reshape(len(values), -1, values.shape[-1])


def _squares(values: torch.Tensor) -> torch.Tensor:
    """Return each person's sum of squares, shape (persons,)."""
    flat = values.reshape(len(values), -1)
    return torch.linalg.vector_norm(flat, dim=1).square()


class Linear(_Recorded):
    """A linear map with a bias. Input (persons, ..., ``before``), output (persons, ..., ``after``)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        made = nn.Linear(before, after)
        self.weight, self.bias = made.weight, made.bias

    def _output(self, given: torch.Tensor, *parameters: nn.Parameter) -> torch.Tensor:
        return nn.functional.linear(given, *parameters)

    def squared_norms(self, given: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        """Return ``|g|^2 (|x|^2 + 1)``, or the same of Gram matrices where a person has many rows or tokens."""
        if given.dim() == 2:
            return _squares(told) * (_squares(given) + 1)
        given, told = _flat(given), _flat(told)
        rows, before, after = given.shape[1], given.shape[2], told.shape[2]
        if rows * (before + after) > before * after + after:  # a person's own gradient is the smaller thing
            return _squares(told.transpose(1, 2) @ given) + _squares(told.sum(1))
        return ((given @ given.transpose(1, 2) + 1) * (told @ told.transpose(1, 2))).sum((1, 2))

    def gradients(self, given: torch.Tensor, told: torch.Tensor, weights: torch.Tensor) -> None:
        """Set the gradients of weight and bias; of the two that a product is made of, the narrower is weighted."""
        weights = weights.repeat_interleave(told[0, ..., 0].numel())
        given, told = given.reshape(-1, given.shape[-1]), told.reshape(-1, told.shape[-1])
        self.bias.grad = weights @ told
        if given.shape[1] < told.shape[1]:
            self.weight.grad = told.T @ (given * weights[:, None])
        else:
            self.weight.grad = (told * weights[:, None]).T @ given


class Offsets(_Recorded):
    """Learned numbers that are added to whatever is given: shape ``shape``, of the last axes of the input."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.values = nn.Parameter(torch.zeros(shape))

    def _output(self, given: torch.Tensor, *parameters: nn.Parameter) -> torch.Tensor:
        return given + parameters[0]

    def _each(self, told: torch.Tensor) -> torch.Tensor:
        return told.reshape(len(told), -1, *self.values.shape).sum(1)

    def squared_norms(self, given: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        """Return the squares of each person's gradient: it is as small as the input itself."""
        return _squares(self._each(told))

    def gradients(self, given: torch.Tensor, told: torch.Tensor, weights: torch.Tensor) -> None:
        """Set the gradient of the numbers."""
        self.values.grad = torch.tensordot(weights, self._each(told), 1)


class Scales(_Recorded):
    """Learned factors of what is given, shape ``shape``, of the last axes of the input."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.values = nn.Parameter(torch.ones(shape))

    def _output(self, given: torch.Tensor, *parameters: nn.Parameter) -> torch.Tensor:
        return given * parameters[0]

    def _each(self, given: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        return (given * told).reshape(len(told), -1, *self.values.shape).sum(1)

    def squared_norms(self, given: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        """Return the squares of each person's gradient: it is as small as the input itself."""
        return _squares(self._each(given, told))

    def gradients(self, given: torch.Tensor, told: torch.Tensor, weights: torch.Tensor) -> None:
        """Set the gradient of the factors."""
        self.values.grad = torch.tensordot(weights, self._each(given, told), 1)


class Embedding(_Recorded):
    """A vector for each code: input (persons, ...) of whole numbers, output (persons, ..., ``width``)."""

    def __init__(self, codes: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(codes, width) / width**0.5)

    def _output(self, given: torch.Tensor, *parameters: nn.Parameter) -> torch.Tensor:
        return nn.functional.embedding(given, parameters[0])

    def squared_norms(self, given: torch.Tensor, told: torch.Tensor) -> torch.Tensor:
        """Return the sum, over each two places of a person that hold the same code, of their gradients' product."""
        codes, told = given.reshape(len(given), -1), _flat(told)
        same = codes[:, :, None] == codes[:, None, :]
        return ((told @ told.transpose(1, 2)) * same).sum((1, 2))

    def gradients(self, given: torch.Tensor, told: torch.Tensor, weights: torch.Tensor) -> None:
        """Set the gradient of the vectors."""
        told = (_flat(told) * weights[:, None, None]).flatten(0, 1)
        self.weight.grad = torch.zeros_like(self.weight).index_add_(0, given.reshape(-1), told)
