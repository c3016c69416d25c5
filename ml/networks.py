"""The network of a specification, and what it answers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import torch
from torch import nn

from ml.data import Matrix, inputs, tokens
from ml.layers import Linear, Offsets
from ml.spec import TrainingSpec
from ml.transformer import TabularTransformer


class Factors(nn.Module):
    """Multiplies each input by a factor that was fixed, and paid for, before the training."""

    factors: torch.Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("factors", torch.ones(width))

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        """Return the scaled inputs."""
        return given * self.factors


def network(spec: TrainingSpec) -> nn.Module:
    """Return the untrained network of a specification: its first weights come of the seed, its last are nought."""
    with torch.random.fork_rng():
        torch.manual_seed(spec.seed)
        if spec.model == "transformer":
            cuts = [len(each.cuts) + 1 for each in spec.numeric if each.cuts]
            codes = (*cuts, *(len(each.values) + 1 for each in spec.categories))
            made: nn.Module = TabularTransformer(len(spec.features()) - len(codes), codes)
        else:
            made = _layers(spec)
    last = [each for each in made.modules() if isinstance(each, Linear)][-1]
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return made


def _layers(spec: TrainingSpec) -> nn.Sequential:
    widths = (spec.width(), *spec.hidden)
    layers: list[nn.Module] = [Factors(spec.width())] if spec.scaled else []
    for before, after in pairwise(widths):
        layers += [Linear(before, after), nn.Tanh()]  # bounded activations suit clipping: Papernot and others, 2021
    layers.append(Linear(widths[-1], 1))
    if spec.model == "survival":
        layers.append(Offsets(len(spec.periods)))  # each period's own hazard; what a person adds is the same in all
    return nn.Sequential(*layers)


def loaded(spec: TrainingSpec, weights: dict[str, np.ndarray]) -> nn.Module:
    """Return the network with these weights."""
    model = network(spec)
    model.load_state_dict({name: torch.from_numpy(np.array(values)) for name, values in weights.items()})
    return model


def features(frame: pd.DataFrame, spec: TrainingSpec) -> Matrix:
    """Return what a specification's network is given, shape (rows, inputs).

    Raises
    ------
    LearningRefused
        When a feature is missing.
    """
    return tokens(frame, spec) if spec.model == "transformer" else inputs(frame, spec)


def predict(spec: TrainingSpec, weights: dict[str, np.ndarray], frame: pd.DataFrame) -> Matrix:
    """Return an answer for each row, shape (rows,), without gradients.

    Returns
    -------
    Matrix
        The probability of class 1; of ``linear`` the expected value; of ``survival`` the probability that the event
        comes before the last period ends.

    Raises
    ------
    LearningRefused
        When a feature is missing.
    """
    model = loaded(spec, weights)
    with torch.no_grad():
        scores = model(torch.from_numpy(features(frame, spec)))
        if spec.model == "survival":
            return (1 - torch.sigmoid(-scores).prod(dim=1)).numpy()
        if spec.model == "linear":
            low, high = spec.bounds
            return (low + (scores.squeeze(1).clamp(-1, 1) + 1) * (high - low) / 2).numpy()
        return torch.sigmoid(scores).squeeze(1).numpy()
