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

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import nn

from ml.kernels import mapped, summed

# Given each person's weight, sets the gradients of a layer's parameters to the weighted sum over persons.
Summing = Callable[[torch.Tensor], None]


class Recording(Protocol):
    """A layer that a tape knows."""

    def parts(self, given: torch.Tensor, told: torch.Tensor) -> tuple[torch.Tensor, Summing]:
        """Return what each person gives to the gradient of this layer's parameters.

        Parameters
        ----------
        given, told : Tensor
            The layer's input, and the gradient of its output.

        Returns
        -------
        squares : Tensor
            The squared norm of each person's part, shape (persons,).
        summing : callable
            What makes the sum of all parts, under a weight for each.
        """


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


def _together(told: torch.Tensor, parameter: torch.Tensor) -> torch.Tensor:
    """Return each person's sum over whatever stands between the persons and a parameter's own axes."""
    return told.reshape(len(told), -1, *parameter.shape).sum(1)


class Linear(_Recorded):
    """A linear map with a bias. Input (persons, ..., ``before``), output (persons, ..., ``after``)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        made = nn.Linear(before, after)
        self.weight, self.bias = made.weight, made.bias

    def _output(self, given: torch.Tensor, *parameters: nn.Parameter) -> torch.Tensor:
        return mapped(given, *parameters)

    def parts(self, given: torch.Tensor, told: torch.Tensor) -> tuple[torch.Tensor, Summing]:
        """Return ``|g|^2 (|x|^2 + 1)``, or the same of Gram matrices where a person has many rows or tokens."""
        if given.dim() == 2:
            return _squares(told) * (_squares(given) + 1), lambda weights: self._sum(given, told, weights)
        given, told = _flat(given), _flat(told)
        rows, before, after = given.shape[1], given.shape[2], told.shape[2]
        if rows * (before + after) <= before * after:
            squares = ((given @ given.transpose(1, 2) + 1) * (told @ told.transpose(1, 2))).sum((1, 2))
        else:  # a person's own gradient is the smaller thing
            squares = _squares(told.transpose(1, 2) @ given) + _squares(told.sum(1))
        flat = given.flatten(0, 1), told.flatten(0, 1)
        return squares, lambda weights: self._sum(*flat, weights[:, None].expand(-1, rows).flatten())

    def _sum(self, given: torch.Tensor, told: torch.Tensor, weights: torch.Tensor) -> None:
        """Set the gradients; of the two that a product is made of, the narrower is weighted."""
        self.bias.grad = weights @ told
        if given.shape[1] < told.shape[1]:
            given = given * weights[:, None]
        else:
            told = told * weights[:, None]
        self.weight.grad = summed(told, given, self.weight)


class Offsets(_Recorded):
    """Learned numbers that are added to whatever is given: shape ``shape``, of the last axes of the input."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.values = nn.Parameter(torch.zeros(shape))

    def _output(self, given: torch.Tensor, *parameters: nn.Parameter) -> torch.Tensor:
        return given + parameters[0]

    def parts(self, given: torch.Tensor, told: torch.Tensor) -> tuple[torch.Tensor, Summing]:
        """Return the squares of each person's gradient, which is no larger than the input itself."""
        each = _together(told, self.values)

        def summing(weights: torch.Tensor) -> None:
            self.values.grad = torch.tensordot(weights, each, 1)

        return _squares(each), summing


class Affine(_Recorded):
    """Learned factors of what is given, and numbers added to it: each of shape ``shape``, of the input's last axes."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.factors, self.values = nn.Parameter(torch.ones(shape)), nn.Parameter(torch.zeros(shape))

    def _output(self, given: torch.Tensor, *parameters: nn.Parameter) -> torch.Tensor:
        return torch.addcmul(parameters[1], given, parameters[0])

    def parts(self, given: torch.Tensor, told: torch.Tensor) -> tuple[torch.Tensor, Summing]:
        """Return the squares of each person's gradients, which are no larger than the input itself."""
        of_factors, of_values = _together(given * told, self.factors), _together(told, self.values)

        def summing(weights: torch.Tensor) -> None:
            self.factors.grad = torch.tensordot(weights, of_factors, 1)
            self.values.grad = torch.tensordot(weights, of_values, 1)

        return _squares(of_factors) + _squares(of_values), summing


class Embedding(_Recorded):
    """A vector for each code: input (persons, ...) of whole numbers, output (persons, ..., ``width``)."""

    def __init__(self, codes: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(codes, width) / width**0.5)

    def _output(self, given: torch.Tensor, *parameters: nn.Parameter) -> torch.Tensor:
        return nn.functional.embedding(given, parameters[0])

    def parts(self, given: torch.Tensor, told: torch.Tensor) -> tuple[torch.Tensor, Summing]:
        """Return the sum, over each two places of a person that hold the same code, of their gradients' product."""
        codes, flat = given.reshape(len(given), -1), _flat(told)
        same = codes[:, :, None] == codes[:, None, :]

        def summing(weights: torch.Tensor) -> None:
            weighted = (flat * weights[:, None, None]).flatten(0, 1)
            self.weight.grad = torch.zeros_like(self.weight).index_add_(0, codes.flatten(), weighted)

        return ((flat @ flat.transpose(1, 2)) * same).sum((1, 2)), summing
