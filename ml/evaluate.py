"""How well a model does, and how much it gives away of whom it was trained on: both told with noise, and paid for.

A figure is made of a histogram over persons with Gaussian noise, never of the rows themselves, so that a card tells no
more of anybody than the model may. Persons who were held back are not those that it was trained on: of them the
specification's whole epsilon is spent here, and no person's data are in both (parallel composition: McSherry, "Privacy
integrated queries", 2009, theorem 4). What the attack counts of the trained is a part of the training's own account.
"""

from __future__ import annotations

import math
import secrets

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from ml import accounting
from ml.data import NOT_AT_RISK, targets
from ml.dp import Score, TrainedModel
from ml.losses import row_losses
from ml.networks import features, loaded
from ml.noise import JUDGING, KEY_BYTES, Noise, noisy_sum
from ml.spec import TrainingSpec

Numbers = npt.NDArray[np.float64]
# Public edges: of probabilities even steps of their logit, so that rare outcomes are told apart; of losses even ratios.
_PROBABILITIES = 1 / (1 + np.exp(-np.linspace(-6, 6, 25)))
_LOSSES = np.geomspace(0.01, 5, 12)
_AGAIN = 100
# Of the persons held back, equal parts of the budget go to figures, to the attack, and to groups if any are told.
_PARTS = 2
_AFTER_A_SEARCH = 0.2  # of the budget (zero-concentrated) is for these where a search has chosen by the same persons


def evaluate(model: TrainedModel, held_out: pd.DataFrame, noise: Noise | None = None) -> dict[str, float]:
    """Return figures on persons that were not trained on, to two digits.

    Parameters
    ----------
    noise : Noise, optional
        The training's own, so that a job begun again tells the same; else a new one. Asked twice, it is spent twice.

    Returns
    -------
    dict
        AUROC, how far the noise spreads it (a standard deviation), and Brier score; of ``survival`` for the event
        before the last period ends, over the persons of whom that is known; of ``linear`` the share of variance
        explained and the mean error as a share of the target's bounds.
    """
    noise, multiplier = noise or fresh_noise(), of_the_held_back(model.spec)
    if model.spec.model == "linear":
        told = _of_a_number(model, held_out, noise, multiplier)
        return {name: _short(each) for name, each in told.items()}
    none, some = _of_classes(model, held_out, noise, multiplier)
    middles = (np.append(0, _PROBABILITIES) + np.append(_PROBABILITIES, 1)) / 2
    brier = (none @ middles**2 + some @ (1 - middles) ** 2) / max(1.0, none.sum() + some.sum())
    return {
        "auroc": _short(_auroc(none, some)),
        "auroc_spread_of_noise": _short(_spread(none, some, multiplier)),
        "brier": _short(min(max(brier, 0), 1)),
    }


def chooser(spec: TrainingSpec, held_out: pd.DataFrame) -> Score:
    """Return what a search chooses by: of each trial one noisy figure of persons that were not trained on.

    Its noise is such that the whole search, and what is told of those persons at its end, cost them no more than the
    specification's epsilon.
    """
    told = [of_the_held_back(spec)] * _parts(spec)
    multiplier = accounting.noise_for(spec.epsilon, 1.0, 1, spec.delta, told, spec.search)

    def score(model: TrainedModel, noise: Noise) -> float:
        if spec.model == "linear":
            return -_of_a_number(model, held_out, noise, multiplier)["mean_error"]
        return _auroc(*_of_classes(model, held_out, noise, multiplier))

    return score


def membership_advantage(
    model: TrainedModel, trained: pd.DataFrame, held_out: pd.DataFrame, noise: Noise | None = None
) -> float:
    """Return how well a loss threshold tells who was trained on: AUROC, 0.5 when it cannot at all.

    The attack of Yeom and others, "Privacy risk in machine learning" (2018), section 3, on noisy counts of losses.
    """
    noise = noise or fresh_noise()
    parts = ((1, trained, model.judging), (2, held_out, of_the_held_back(model.spec)))
    of_trained, of_others = (
        noisy(counted(_losses(model, frame), _LOSSES, shares_of(frame, model.spec)), 1.0, multiplier, noise, nth)
        for nth, frame, multiplier in parts
    )
    return _short(_auroc(of_trained, of_others))


def _of_classes(
    model: TrainedModel, held_out: pd.DataFrame, noise: Noise, multiplier: float
) -> tuple[Numbers, Numbers]:
    """Return noisy counts of the persons of both classes by what the model answers."""
    wanted, told, shares, _ = answered(model, held_out)
    counts = np.stack([counted(told, _PROBABILITIES, shares * (wanted == each)) for each in (0, 1)])
    none, some = _seen(noisy(counts, 1.0, multiplier, noise, 0), multiplier)
    return none, some


def _of_a_number(model: TrainedModel, held_out: pd.DataFrame, noise: Noise, multiplier: float) -> dict[str, float]:
    spec, shares = model.spec, shares_of(held_out, model.spec)
    wanted, told = targets(held_out, spec).astype(float), model.predict(held_out).astype(float)
    low, high = spec.bounds
    error = wanted - (2 * (told - low) / (high - low) - 1)  # on the scale from -1 to 1
    parts = np.stack([np.ones_like(error), wanted, wanted**2, np.abs(error) / 2, error**2 / 4])  # each within -1 and 1
    people, mean, square, off, squared = noisy(parts @ shares, math.sqrt(len(parts)), multiplier, noise, 0)
    people = max(1.0, people)
    variance = max(1e-3, square / people - (mean / people) ** 2)
    return {"r2": 1 - 4 * squared / people / variance, "mean_error": max(0.0, off / people)}


def answered(model: TrainedModel, held_out: pd.DataFrame) -> tuple[Numbers, Numbers, Numbers, pd.DataFrame]:
    """Return what came, what the model answers, what each row counts for, and the rows that this is known of."""
    wanted, told = targets(held_out, model.spec).astype(float), model.predict(held_out).astype(float)
    shares = shares_of(held_out, model.spec)
    if model.spec.model != "survival":
        return wanted, told, shares, held_out
    came = (wanted == 1).any(axis=1)
    known = came | (wanted[:, -1] != NOT_AT_RISK)
    return came[known].astype(float), told[known], shares[known], held_out[known]


def fresh_noise() -> Noise:
    """Return randomness under a key that nobody keeps."""
    return Noise.under(secrets.token_bytes(KEY_BYTES))


def of_the_held_back(spec: TrainingSpec) -> float:
    """Return the noise of each part that is told of the persons held back, as a multiple of its sensitivity."""
    whole = accounting.noise_for(spec.epsilon, 1.0, _parts(spec), spec.delta)
    return whole / math.sqrt(_AFTER_A_SEARCH) if spec.search else whole


def _parts(spec: TrainingSpec) -> int:
    return _PARTS + bool(spec.groups)


def shares_of(frame: pd.DataFrame, spec: TrainingSpec) -> Numbers:
    """Return what each row counts for, so that a person counts for one in all."""
    persons, _ = pd.factorize(frame[spec.unit])
    return np.asarray(1.0 / np.bincount(persons)[persons])


def counted(values: Numbers, edges: Numbers, weights: Numbers) -> Numbers:
    """Return the weight between each two edges and beyond them, shape (len(edges) + 1,)."""
    return np.bincount(np.searchsorted(edges, values), weights, len(edges) + 1).astype(float)


def noisy(total: Numbers, sensitivity: float, multiplier: float, noise: Noise, nth: int) -> Numbers:
    """Return sums with noise; ``nth`` names the stream, which is used once."""
    fresh = noise.gaussian(nth, total.size, purpose=JUDGING)
    told = noisy_sum(torch.from_numpy(total.reshape(-1)), fresh, sensitivity, multiplier)
    return np.asarray(told.numpy().reshape(total.shape))


def _seen(counts: Numbers, multiplier: float) -> Numbers:
    """Return the counts of both classes where a cell holds more than noise makes of nobody, nought elsewhere."""
    return counts * (counts.sum(axis=0) > 2 * math.sqrt(2) * multiplier)


def _spread(lower: Numbers, higher: Numbers, multiplier: float) -> float:
    """Return the standard deviation that as much noise again gives the AUROC: of noisy counts, so it costs nothing."""
    random = np.random.default_rng(0)
    cells = (lower != 0) | (higher != 0)
    again = [
        _auroc(*(part + cells * random.normal(0, multiplier, len(part)) for part in (lower, higher)))
        for _ in range(_AGAIN)
    ]
    return float(np.std(again))


def _auroc(lower: Numbers, higher: Numbers) -> float:
    """Return how often one of ``higher`` lies above one of ``lower``, ties as half, from counts by rising bins.

    Counts that noise took below nought stay there: cut off, they would pull the figure to one side.
    """
    below = np.cumsum(lower) - lower / 2
    if min(lower.sum(), higher.sum()) <= 0:
        return 0.5
    return float(np.clip(higher @ below / (lower.sum() * higher.sum()), 0, 1))


def _losses(model: TrainedModel, frame: pd.DataFrame) -> Numbers:
    network = loaded(model.spec, model.weights)
    wanted = torch.from_numpy(targets(frame, model.spec))
    with torch.no_grad():
        told = row_losses(model.spec, network(torch.from_numpy(features(frame, model.spec))), wanted)
    return told.numpy().astype(float)


def _short(value: float) -> float:
    return round(float(value), 2)
