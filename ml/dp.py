"""Differentially private training: DP-SGD by Opacus, noise chosen and epsilon reported by dp-accounting.

Noise comes from torch's generator, seeded from the system's entropy. It is no cryptographic generator, and floating
point makes the mechanism's output finer than the proof assumes (Mironov, 2012); the card says so.
"""

from __future__ import annotations

import math
import secrets
import warnings
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import torch
from opacus import PrivacyEngine
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from ml import accounting
from ml.data import Matrix, check_units, inputs, targets
from ml.errors import LearningRefused
from ml.spec import TrainingSpec

LEAST_ROWS = 100


@dataclass(frozen=True)
class TrainedModel:
    """A trained model and what its training spent.

    Parameters
    ----------
    weights : dict of str to array
        The network's parameters by name.
    epsilon : float
        What was spent at ``spec.delta``, by dp-accounting over the steps that were made.
    noise : float
        Noise multiplier.
    rate : float
        Sampling probability.
    rows : int
        Persons trained on.
    """

    spec: TrainingSpec
    weights: dict[str, np.ndarray]
    epsilon: float
    noise: float
    rate: float
    rows: int

    def predict(self, frame: pd.DataFrame) -> Matrix:
        """Return the probability of class 1 for each row, shape (rows,)."""
        return predict(self.spec, self.weights, frame)


def network(spec: TrainingSpec) -> nn.Sequential:
    """Return the untrained network of a specification."""
    widths = (spec.width(), *spec.hidden)
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.Tanh()]  # bounded activations suit clipping: Papernot and others, 2021
    return nn.Sequential(*layers, nn.Linear(widths[-1], 1))


def predict(spec: TrainingSpec, weights: dict[str, np.ndarray], frame: pd.DataFrame) -> Matrix:
    """Return the probability of class 1 for each row, shape (rows,), without gradients.

    Raises
    ------
    LearningRefused
        When a feature is missing.
    """
    model = network(spec)
    model.load_state_dict({name: torch.from_numpy(np.array(values)) for name, values in weights.items()})
    with torch.no_grad():
        scores = torch.sigmoid(model(torch.from_numpy(inputs(frame, spec)))).squeeze(1)
    return scores.numpy()


def check(spec: TrainingSpec, frame: pd.DataFrame) -> None:
    """Refuse a table that cannot be trained on; nothing is learned from it here.

    Raises
    ------
    LearningRefused
        When the table does not fit the specification, a person has two rows, or there are too few.
    """
    check_units(frame, spec)
    if len(frame) < LEAST_ROWS:
        raise LearningRefused(f"There are fewer than {LEAST_ROWS} persons to train on", where=f"{len(frame)} rows")
    inputs(frame, spec)
    targets(frame, spec)


def train(spec: TrainingSpec, frame: pd.DataFrame) -> TrainedModel:
    """Train on a table with one row for each person.

    Raises
    ------
    LearningRefused
        When the table cannot be trained on: see :func:`check`.
    """
    check(spec, frame)
    # Rounded up, to the digits that a package tells: what is recomputed from it is just what was spent, or less.
    rate = min(1.0, _rounded_up(spec.batch / len(frame), 6))
    noise = _rounded_up(accounting.noise_for(spec.epsilon, rate, spec.steps, spec.delta), 4)
    model = _fit(spec, inputs(frame, spec), targets(frame, spec), noise)
    spent = accounting.epsilon(noise, rate, spec.steps, spec.delta)
    return TrainedModel(spec, model, spent, noise, rate, len(frame))


def _rounded_up(value: float, digits: int) -> float:
    return round(math.ceil(value * 10**digits) / 10**digits, digits)


def _fit(spec: TrainingSpec, rows: Matrix, labels: Matrix, noise: float) -> dict[str, np.ndarray]:
    generator = torch.Generator().manual_seed(secrets.randbits(63))
    torch.manual_seed(secrets.randbits(63))
    data = TensorDataset(torch.from_numpy(rows), torch.from_numpy(labels)[:, None])
    model = network(spec)
    for parameter in model[-1].parameters():
        nn.init.zeros_(parameter)
    optimiser = torch.optim.SGD(model.parameters(), lr=spec.rate)
    engine = PrivacyEngine()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that secure mode is off: the module's own text says so
        private, optimiser, loader = engine.make_private(
            module=model,
            optimizer=optimiser,
            data_loader=DataLoader(data, batch_size=min(spec.batch, len(data))),
            noise_multiplier=noise,
            max_grad_norm=spec.clip,
            poisson_sampling=True,
            noise_generator=generator,
            rand_on_empty=True,  # an empty batch is a step like any other: its noise must be added (opacus#161)
        )
        done = 0
        while done < spec.steps:
            for batch, wanted in loader:
                optimiser.zero_grad()
                loss = nn.functional.binary_cross_entropy_with_logits(private(batch), wanted)
                loss.backward()
                optimiser.step()
                done += 1
                if done == spec.steps:
                    break
    return {name: values.detach().numpy().copy() for name, values in private._module.state_dict().items()}
