"""Canaries: persons who never were, put into a training each by a coin, and guessed at from what came of it.

A canary has nothing in common with anybody but a number of the model that it alone moves: an entry of its own in a list
beside the network. So what it did can be read there, whatever else was trained, at the cost of a lookup a person. Its
gradient is clipped, it is drawn and drowned in noise like any other's: all that the promise stands on is in play.

Two things are told. What epsilon the guesses show at least (:mod:`ml.attacks.auditing`); one that lies above the stated
one refutes it. And, for plain descent, whether the steps did what the accounting says of them: of canaries left out the
noise alone is seen, of those put in how much one person moved and how evenly they were drawn. A trainer that shuffles
in place of drawing each person by a coin hardly moves the first, and gives itself away by the second.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from scipy import stats
from torch import nn

from ml import accounting, dp
from ml.attacks.auditing import least_epsilon
from ml.data import by_person, targets
from ml.descent import Mechanism
from ml.errors import LearningRefused
from ml.layers import Embedding
from ml.networks import features, network
from ml.noise import KEY_BYTES, Noise
from ml.spec import TrainingSpec

CONFIDENCE = 0.95
GUESSED = 0.1  # of the canaries at least; half of the guesses are 'in' and half 'out'
UNLIKELY = 1e-4  # a departure of the steps from the accounting is told where chance makes it so rarely
FEWEST = 100
_LOUD = 5.0  # what a canary's number counts for in its score: so that what moves it is nearly all of its gradient


@dataclass(frozen=True)
class Departure:
    """Something that the steps did otherwise than the accounting says: what, and how likely chance makes it."""

    what: str
    chance: float


@dataclass(frozen=True)
class Audit:
    """What canaries told.

    Parameters
    ----------
    stated, shown : float
        The epsilon that the accounting states, and the one shown at least with :data:`CONFIDENCE`.
    canaries, guesses, right : int
        How many there were, were guessed, and guessed right.
    departures : tuple of Departure
        What the steps did otherwise; empty also where it could not be looked at.
    """

    stated: float
    shown: float
    canaries: int
    guesses: int
    right: int
    departures: tuple[Departure, ...]

    @property
    def broken(self) -> bool:
        """Return whether the training is shown not to keep its promise."""
        return self.shown > self.stated or bool(self.departures)


class Canaried(nn.Module):
    """A network with a number beside it for each canary, which is added to that canary's scores.

    Parameters
    ----------
    inner : Module
        The network itself; its input comes first, a canary's place last: 0 for whoever is none.
    """

    def __init__(self, inner: nn.Module, canaries: int) -> None:
        super().__init__()
        self.inner, self.places = inner, Embedding(canaries + 1, 1)
        nn.init.zeros_(self.places.weight)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        """Return the scores."""
        return self.inner(given[..., :-1]) + _LOUD * self.places(given[..., -1].long())


def audit(
    spec: TrainingSpec, frame: pd.DataFrame, *, canaries: int = 1000, seed: int = 0, key: bytes | None = None
) -> Audit:
    """Train once with canaries and tell what they showed. What was trained is thrown away.

    Parameters
    ----------
    frame : DataFrame
        The table that the model is trained on; with no rows, the canaries are alone.
    canaries : int
        How many coins are thrown.
    seed : int
        Of the coins and of what the canaries' outcomes are.
    key : bytes, optional
        Of the training's own noise; by default a fresh one.

    Raises
    ------
    LearningRefused
        When the model is not trained by descent, or there are too few canaries.
    """
    if spec.model == "boosting" or canaries < FEWEST:
        raise LearningRefused(f"An audit needs {FEWEST} canaries and a model that is trained by descent", where="audit")
    random = np.random.default_rng(seed)
    put_in, up = random.random(canaries) < 0.5, random.random(canaries) < 0.5
    table = _with(spec, frame, put_in, up)
    persons = len(table.rows)
    rate = min(1.0, spec.batch / persons)
    noise = accounting.noise_for(spec.epsilon, rate, spec.steps, spec.delta)
    stated = accounting.epsilon(noise, rate, spec.steps, spec.delta)
    mechanism = Mechanism(noise, rate, spec.steps, spec.clip, rate * persons)
    model = Canaried(network(spec), canaries)
    fresh = Noise.under(key or secrets.token_bytes(KEY_BYTES))
    weights = dp.Descent(spec, model, table, mechanism, fresh).run()
    moved = weights["places.weight"][1:, 0].astype(float) * np.where(up, 1, -1)
    guesses, right = _guess(moved, put_in, stated)
    shown = least_epsilon(canaries, guesses, right, spec.delta, CONFIDENCE)
    sums = moved * mechanism.divisor / (spec.rate * spec.clip)
    departures = _departures(sums, put_in, up, mechanism, alone=not len(frame)) if _is_plain(spec) else ()
    return Audit(stated, shown, canaries, guesses, right, departures)


def _with(
    spec: TrainingSpec, frame: pd.DataFrame, put_in: npt.NDArray[np.bool_], up: npt.NDArray[np.bool_]
) -> dp.Table:
    """Return the table and the canaries that are put in, each with as many rows as a person may have."""
    names = [spec.unit, *spec.features(), spec.target, *([spec.time] if spec.time else [])]
    which = np.repeat(np.flatnonzero(put_in), spec.rows)
    made = pd.DataFrame(index=range(len(which)), columns=names, dtype=object)  # nothing is known of them
    made[spec.unit] = [f"canary {at}" for at in which]
    higher, lower = spec.bounds[::-1] if spec.model == "linear" else (1, 0)
    made[spec.target] = np.where(up[which], higher, lower)
    if spec.time:
        made[spec.time] = np.where(up[which], 0.0, spec.periods[-1])
    places = np.zeros((len(frame) + len(made), 1), np.float32)
    places[len(frame) :, 0] = which + 1
    parts = [each for each in (frame, made) if len(each)]
    given, wanted = (np.concatenate([read(each, spec) for each in parts]) for read in (features, targets))
    units = pd.concat([each[[spec.unit]] for each in parts], ignore_index=True)
    return dp.Table(np.hstack([given, places]), wanted, by_person(units, spec))


def _guess(moved: npt.NDArray[np.float64], put_in: npt.NDArray[np.bool_], stated: float) -> tuple[int, int]:
    """Guess that those moved most were put in and those moved least were not; return the guesses, and those right.

    How many is settled by the stated epsilon alone: so many as could refute it, were all of them right.
    """
    enough = 10 * math.exp(min(stated, 20))
    half = math.ceil(min(max(GUESSED * len(moved), enough), len(moved)) / 2)
    half = min(half, len(moved) // 2)
    order = np.argsort(moved)
    return 2 * half, int(put_in[order[-half:]].sum() + (~put_in[order[:half]]).sum())


def _is_plain(spec: TrainingSpec) -> bool:
    """Return whether where a weight ends is the sum of what its steps moved it by."""
    return spec.optimiser == "sgd" and not (spec.momentum or spec.falling or spec.averaged)


def _departures(
    sums: npt.NDArray[np.float64], put_in: npt.NDArray[np.bool_], up: npt.NDArray[np.bool_], mechanism: Mechanism,
    *, alone: bool,
) -> tuple[Departure, ...]:  # fmt: skip
    """Hold what the steps did to canaries, as multiples of the bound on one person, against the accounting.

    How evenly they were drawn shows where they are alone: beside people, what a canary moves by changes on the way.
    """
    of_noise, drawn = mechanism.steps * mechanism.noise**2, mechanism.steps * mechanism.rate
    inside, outside = sums[put_in], sums[~put_in]
    found = [
        Departure("there is another noise than is stated", _of_spread((outside**2).sum() / of_noise, len(outside)))
    ]
    over = (inside.mean() - drawn) / (inside.std() / math.sqrt(len(inside)) + 1e-12)
    found.append(Departure("a person moves more than the bound on one", float(stats.norm.sf(over))))
    if alone and mechanism.rate < 1:
        total, degrees = 0.0, 0
        for each in (sums[put_in & up], sums[put_in & ~up]):
            of_draws = (each.mean() / drawn) ** 2 * drawn * (1 - mechanism.rate)
            total += ((each - each.mean()) ** 2).sum() / (of_noise + of_draws)
            degrees += len(each) - 1
        found.append(Departure("persons are not drawn each by a coin", _of_spread(total, degrees)))
    return tuple(each for each in found if each.chance < UNLIKELY)


def _of_spread(sum_of_squares: float, degrees: int) -> float:
    """Return how likely a chi-square is so far from its middle, to either side."""
    return float(2 * min(stats.chi2.sf(sum_of_squares, degrees), stats.chi2.cdf(sum_of_squares, degrees)))
