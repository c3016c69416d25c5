"""How well a model does, and how much it gives away of whom it was trained on."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.metrics import brier_score_loss, roc_auc_score

from ml.data import Matrix, targets
from ml.dp import TrainedModel


def evaluate(model: TrainedModel, held_out: pd.DataFrame) -> dict[str, float]:
    """Return AUROC and Brier score on rows that were not trained on, to two digits.

    They are statistics of real persons, computed without noise: two digits say what a reviewer needs to know.
    """
    wanted, told = targets(held_out, model.spec), model.predict(held_out)
    return {
        "auroc": round(float(roc_auc_score(wanted, told)), 2),
        "brier": round(float(brier_score_loss(wanted, told)), 2),
    }


def membership_advantage(model: TrainedModel, trained: pd.DataFrame, held_out: pd.DataFrame) -> float:
    """Return how well a loss threshold tells who was trained on: AUROC, 0.5 when it cannot at all.

    The attack of Yeom and others, "Privacy risk in machine learning" (2018), section 3.
    """
    losses = np.concatenate([_losses(model, trained), _losses(model, held_out)])
    members = np.concatenate([np.ones(len(trained)), np.zeros(len(held_out))])
    return round(float(roc_auc_score(members, -losses)), 2)


def _losses(model: TrainedModel, frame: pd.DataFrame) -> Matrix:
    told = np.clip(model.predict(frame), 1e-6, 1 - 1e-6)
    wanted = targets(frame, model.spec)
    return np.asarray(-(wanted * np.log(told) + (1 - wanted) * np.log(1 - told)), dtype=np.float32)
