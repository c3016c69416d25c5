"""Differentially private training: DP-SGD over persons, noise chosen and epsilon reported by dp-accounting.

Who is drawn and what noise is added comes of a ChaCha20 stream under a secret key, and the noise lies on a grid: see
:mod:`ml.noise`. The specification's seed sets the first weights alone.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from ml import accounting, boosting
from ml.checkpoint import Checkpoint
from ml.cuts import learned_cuts
from ml.data import Matrix, by_person, targets
from ml.descent import Mechanism, Pace, State, place, result, step
from ml.errors import LearningRefused
from ml.kernels import keep_memory
from ml.losses import losses_by_person
from ml.networks import Factors, features, network, predict
from ml.noise import KEY_BYTES, Noise
from ml.preparing import Prepared, prepare
from ml.spec import TrainingSpec
from ml.trials import best

LEAST_ROWS = 100
_KEPT_EVERY = 50  # steps

Weights = dict[str, np.ndarray]
Watch = Callable[[int, Weights], bool]


@dataclass(frozen=True)
class TrainedModel:
    """A trained model and what its training spent.

    Parameters
    ----------
    spec : TrainingSpec
        What it was trained by, with the cuts that were learned.
    weights : dict of str to array
        The network's parameters by name.
    epsilon : float
        What was spent at ``spec.delta``, by dp-accounting over the steps that were paid for.
    noise : float
        Noise multiplier.
    rate : float
        Sampling probability.
    rows : int
        Persons trained on, about: the number itself is private and was paid for.
    prepared : tuple of float
        Noise multipliers of what was learned beside the steps, that of judging last.
    """

    spec: TrainingSpec
    weights: Weights
    epsilon: float
    noise: float
    rate: float
    rows: int
    prepared: tuple[float, ...] = ()

    @property
    def judging(self) -> float:
        """The noise of what may be counted of the trained to judge the model, as a multiple of its sensitivity."""
        return self.prepared[-1]

    def predict(self, frame: pd.DataFrame) -> Matrix:
        """Return an answer for each row, shape (rows,): see :func:`ml.networks.predict`."""
        return predict(self.spec, self.weights, frame)


Score = Callable[[TrainedModel, Noise], float]
Trained = Callable[..., TrainedModel]


@dataclass(frozen=True)
class Table:
    """What is trained on.

    Parameters
    ----------
    features, wanted : Matrix
        Shapes (rows, inputs) and (rows,) or (rows, periods).
    rows : array
        Each person's rows, shape (persons, most), -1 where there is none.
    """

    features: Matrix
    wanted: Matrix
    rows: np.ndarray


def check(spec: TrainingSpec, frame: pd.DataFrame) -> None:
    """Refuse a table that cannot be trained on; nothing is learned from it here.

    Raises
    ------
    LearningRefused
        When the table does not fit the specification, a person has two rows where one is allowed, or there are too few.
    """
    _table(spec, frame)


def _table(spec: TrainingSpec, frame: pd.DataFrame) -> Table:
    rows = by_person(frame, spec)
    if len(rows) < LEAST_ROWS:
        raise LearningRefused(f"There are fewer than {LEAST_ROWS} persons to train on", where=f"{len(rows)} persons")
    return Table(features(frame, spec), targets(frame, spec), rows)


def train(
    spec: TrainingSpec, frame: pd.DataFrame, *, folder: Path | None = None, spend: str = "", watch: Watch | None = None,
    score: Score | None = None,
) -> TrainedModel:  # fmt: skip
    """Train on a table.

    Parameters
    ----------
    folder : Path, optional
        Where the training is kept as it goes. Begun again with the same specification, data and spend, it goes on from
        there with the same noise, and what was paid for it covers both. Whoever has put the model where it belongs ends
        it: :meth:`ml.checkpoint.Checkpoint.end`.
    spend : str
        The name of the spend that pays for it.
    watch : callable, optional
        Told, every fifty steps, the step and the weights, which are private already; true ends the training early. It
        may judge them on public data, or on private figures that it pays for: on nothing else. All steps are
        charged, made or not, since when to stop hangs on what was seen.
    score : callable, optional
        What a search chooses by: given a trial's model and its noise, a figure that is private itself, of persons who
        are not trained on (:func:`ml.evaluate.chooser`).

    Raises
    ------
    LearningRefused
        When the table cannot be trained on (see :func:`check`), or there is nothing for a search to choose by.
    """
    table = _table(spec, frame)
    kept = Checkpoint(folder, spend) if folder else None
    if kept:
        kept.bind(spec, table.features, table.wanted, table.rows)
    noise = Noise.under(kept.key() if kept else secrets.token_bytes(KEY_BYTES))
    spec, of_cuts = learned_cuts(spec, frame, noise)
    table = _table(spec, frame) if of_cuts else table
    prepared = prepare(spec, table.features, table.rows, noise)
    prepared = replace(prepared, noises=(*of_cuts, *prepared.noises))
    mechanism = _mechanism(spec, prepared)
    spent = accounting.epsilon(
        mechanism.noise, mechanism.rate, mechanism.steps, spec.delta, prepared.noises, search=spec.search
    )

    def trained(spec: TrainingSpec, noise: Noise, kept: Checkpoint | None, steps: int = spec.steps) -> TrainedModel:
        told = replace(mechanism, clip=spec.clip, steps=steps)
        weights = _weights(spec, table, told, noise, prepared, kept, watch)
        return TrainedModel(spec, weights, spent, told.noise, told.rate, prepared.persons, prepared.noises)

    if spec.search is None:
        return trained(spec, noise, kept)
    return _found(spec, trained, noise, kept, score)


def _weights(
    spec: TrainingSpec, table: Table, mechanism: Mechanism, noise: Noise, prepared: Prepared, kept: Checkpoint | None,
    watch: Watch | None,
) -> Weights:  # fmt: skip
    if spec.model == "boosting":
        return boosting.fit(spec, table.features, table.wanted, mechanism, noise)
    model = network(spec)
    set_factors(model, prepared.factors)
    return Descent(spec, model, table, mechanism, noise, kept).run(watch)


def _found(
    spec: TrainingSpec, trained: Trained, noise: Noise, kept: Checkpoint | None, score: Score | None
) -> TrainedModel:
    """Return the best trial of a search; it keeps the search in its specification, since that is what it cost."""
    if spec.search is None or score is None:
        raise LearningRefused("A search needs persons to choose by", where="search", todo="Give those held back")

    def attempt(trial: int, setting: dict[str, float], noise: Noise) -> tuple[float, TrainedModel]:
        model = trained(spec.tried(setting), noise, kept.of_trial(trial) if kept else None)
        return score(model, noise), model

    found = best(spec.search, noise, attempt)
    if found is None:  # the law drew no trial: what is told then is of nobody, and has been paid for
        found = trained(spec.tried({}), noise, None, 0)
    return replace(found, spec=replace(found.spec, search=spec.search))


def _mechanism(spec: TrainingSpec, prepared: Prepared) -> Mechanism:
    # Rounded up, to the digits that a package tells: what is recomputed from it is just what was spent, or less.
    rate = 1.0 if spec.model == "boosting" else min(1.0, _rounded_up(spec.batch / prepared.persons, 6))
    least = accounting.noise_for(spec.epsilon, rate, spec.steps, spec.delta, prepared.noises, spec.search)
    noise = _rounded_up(least, 4)
    return Mechanism(noise, rate, spec.steps, spec.clip, divisor=rate * prepared.persons)


def _rounded_up(value: float, digits: int) -> float:
    return round(math.ceil(value * 10**digits) / 10**digits, digits)


def set_factors(model: nn.Module, factors: Matrix | None) -> None:
    """Let a network scale its inputs by factors that were fixed before the training, where there are any."""
    if factors is not None:
        scaling = next(each for each in model.modules() if isinstance(each, Factors))
        scaling.factors.copy_(torch.from_numpy(factors))


class Descent:
    """One training by noisy gradient descent.

    Parameters
    ----------
    model : Module
        The untrained network, all of layers of :mod:`ml.layers`; it is trained in place.
    kept : Checkpoint, optional
        Where the training is kept as it goes.
    """

    def __init__(
        self, spec: TrainingSpec, model: nn.Module, table: Table, mechanism: Mechanism, noise: Noise,
        kept: Checkpoint | None = None,
    ) -> None:  # fmt: skip
        self._model, self._mechanism, self._noise, self._kept = model, mechanism, noise, kept
        self._pace = Pace(spec.rate, spec.momentum, spec.optimiser == "adam", spec.falling, spec.averaged)
        tensors = (torch.from_numpy(each) for each in (table.features, table.wanted, table.rows))
        self._losses, self._persons = losses_by_person(spec, self._model, *tensors), len(table.rows)

    def run(self, watch: Watch | None = None) -> Weights:
        """Make all steps, or those until the watch ends it, and return the weights."""
        state = (self._kept.state() if self._kept else None) or State.of(self._model)
        place(self._model, state.weights)
        keep_memory()
        while state.step < self._mechanism.steps:
            step(self._model, state, self._losses, self._persons, self._mechanism, self._pace, self._noise)
            if state.step % _KEPT_EVERY == 0 or state.step == self._mechanism.steps:
                if self._kept:
                    self._kept.keep(state)
                if watch is not None and watch(state.step, self._weights(state)):
                    break
        return self._weights(state)

    def _weights(self, state: State) -> Weights:
        place(self._model, result(state, self._pace))
        told = {name: values.detach().numpy().copy() for name, values in self._model.state_dict().items()}
        place(self._model, state.weights)
        return told
