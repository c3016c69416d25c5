"""What an attacker learns from a model about who was in its training data."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import roc_auc_score


def losses(outcome: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return each person's log loss, shape (n,)."""
    safe = np.clip(predicted, 1e-7, 1 - 1e-7)
    return -(outcome * np.log(safe) + (1 - outcome) * np.log(1 - safe))


def loss_threshold_advantage(train: np.ndarray, holdout: np.ndarray) -> tuple[float, float]:
    """Return the AUROC and the advantage (max of TPR - FPR) of guessing membership by a low loss.

    The attack of Yeom et al. 2018 (arXiv 1709.01604). 0.5 and 0 mean that it learns nothing; under
    epsilon-differential privacy the advantage is at most about exp(epsilon) - 1.

    Parameters
    ----------
    train, holdout : ndarray
        Losses of people trained on, and of people not.
    """
    scores = -np.concatenate([train, holdout])
    member = np.concatenate([np.ones(len(train)), np.zeros(len(holdout))])
    cuts = np.sort(scores)
    caught = 1 - np.searchsorted(np.sort(-train), cuts) / len(train)
    wrong = 1 - np.searchsorted(np.sort(-holdout), cuts) / len(holdout)
    return round(float(roc_auc_score(member, scores)), 3), round(max(0.0, float((caught - wrong).max())), 3)
