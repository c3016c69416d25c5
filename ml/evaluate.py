"""How well a model does, and how much it gives away of whom it was trained on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import brier_score_loss, mean_absolute_error, r2_score, roc_auc_score

from ml.data import NOT_AT_RISK, Matrix, targets
from ml.dp import TrainedModel
from ml.losses import row_losses
from ml.networks import features, loaded


def evaluate(model: TrainedModel, held_out: pd.DataFrame) -> dict[str, float]:
    """Return figures on rows that were not trained on, to two digits.

    They are statistics of real persons, computed without noise: two digits say what a reviewer needs to know.

    Returns
    -------
    dict
        AUROC and Brier score; of ``survival`` for the event before the last period ends, over the persons of whom that
        is known; of ``linear`` the share of variance explained and the mean error as a share of the target's bounds.
    """
    wanted, told = targets(held_out, model.spec), model.predict(held_out)
    if model.spec.model == "linear":
        low, high = model.spec.bounds
        scaled = 2 * (told - low) / (high - low) - 1
        return {"r2": _short(r2_score(wanted, scaled)), "mean_error": _short(mean_absolute_error(wanted, scaled) / 2)}
    if model.spec.model == "survival":
        came = (wanted == 1).any(axis=1)
        known = came | (wanted[:, -1] != NOT_AT_RISK)
        wanted, told = came[known].astype(np.float32), told[known]
    return {"auroc": _short(roc_auc_score(wanted, told)), "brier": _short(brier_score_loss(wanted, told))}


def membership_advantage(model: TrainedModel, trained: pd.DataFrame, held_out: pd.DataFrame) -> float:
    """Return how well a loss threshold tells who was trained on: AUROC, 0.5 when it cannot at all.

    The attack of Yeom and others, "Privacy risk in machine learning" (2018), section 3.
    """
    losses = np.concatenate([_losses(model, trained), _losses(model, held_out)])
    members = np.concatenate([np.ones(len(trained)), np.zeros(len(held_out))])
    return _short(roc_auc_score(members, -losses))


def _losses(model: TrainedModel, frame: pd.DataFrame) -> Matrix:
    network = loaded(model.spec, model.weights)
    wanted = torch.from_numpy(targets(frame, model.spec))
    with torch.no_grad():
        told = row_losses(model.spec, network(torch.from_numpy(features(frame, model.spec))), wanted)
    return told.numpy()


def _short(value: float) -> float:
    return round(float(value), 2)
