"""An explainable boosting machine with differential privacy, over public bins.

Nori and others, "Accuracy, interpretability and differential privacy via explainable boosting", 2021, algorithm 2: in
each round, feature after feature, bins are grouped at random, the residuals in each group are summed with noise, and a
little of their mean is added to the feature's own table of scores. Groups hold different persons, so a round of one
feature is one Gaussian mechanism whose sensitivity is the bound on one residual. Group sizes come of one noisy count of
every bin, whose share of the steps is the first ones. The result is a table of scores for each feature, kept in the
form of a linear model over the same bins.
"""

from __future__ import annotations

import numpy as np
import torch

from ml.data import Matrix
from ml.descent import Mechanism
from ml.noise import Noise, noisy_sum
from ml.spec import TrainingSpec

_GROUPS = 8  # bins are grouped into this many at most
_LEAST_SHARE = 0.001  # a group is not taken for smaller than this part of all


def fit(
    spec: TrainingSpec, features: Matrix, wanted: Matrix, mechanism: Mechanism, noise: Noise
) -> dict[str, np.ndarray]:
    """Return the weights of the scores' tables.

    Parameters
    ----------
    features : Matrix
        One person to a row, each feature's bins side by side, shape (persons, ``spec.width()``).
    wanted : Matrix
        0 or 1, shape (persons,).
    mechanism : Mechanism
        One Gaussian mechanism a step, over everybody. The first steps count the bins of a feature each.
    """
    blocks = spec.blocks()
    starts = np.concatenate([[0], np.cumsum(blocks)[:-1]])
    bins = [features[:, start : start + width] for start, width in zip(starts, blocks, strict=True)]
    random = np.random.default_rng(spec.seed)  # which bins are grouped is nobody's secret
    scores, logits = [np.zeros(width) for width in blocks], np.zeros(len(features))
    counts: list[np.ndarray] = []
    for nth in range(mechanism.steps):
        at = nth % len(blocks)
        if nth < len(blocks):
            counts.append(_noisy(bins[at].sum(0), 1.0, mechanism, noise, nth))
            continue
        groups = _groups(blocks[at], at < len(spec.numeric), random)
        residuals = np.clip(wanted - 1 / (1 + np.exp(-logits)), -spec.clip, spec.clip)
        sums = _noisy(groups @ (residuals @ bins[at]), spec.clip, mechanism, noise, nth)
        sizes = np.maximum(groups @ counts[at], _LEAST_SHARE * mechanism.divisor)
        change = groups.T @ (spec.rate * sums / sizes)
        scores[at] += change
        logits += bins[at] @ change
    weight = np.concatenate(scores).astype(np.float32)[None, :]
    return {"0.weight": weight, "0.bias": np.zeros(1, np.float32)}


def _groups(bins: int, ordered: bool, random: np.random.Generator) -> np.ndarray:
    """Return a random grouping, shape (groups, bins): of neighbours where bins have an order."""
    ends = np.sort(random.choice(np.arange(1, bins), min(_GROUPS, bins) - 1, replace=False))
    group = np.searchsorted(ends, np.arange(bins), side="right")
    if not ordered:
        group = random.permutation(group)
    return (group == np.arange(len(ends) + 1)[:, None]).astype(float)


def _noisy(total: np.ndarray, clip: float, mechanism: Mechanism, noise: Noise, nth: int) -> np.ndarray:
    fresh = noise.gaussian(nth, len(total))
    return noisy_sum(torch.from_numpy(np.asarray(total, float)), fresh, clip, mechanism.noise).numpy()
