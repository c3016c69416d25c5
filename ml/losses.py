"""Each person's loss: the mean over their rows, so that nobody counts for more by being seen more often."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from ml.data import NOT_AT_RISK
from ml.descent import Losses
from ml.kernels import taken
from ml.spec import TrainingSpec


def losses_by_person(
    spec: TrainingSpec, model: nn.Module, features: torch.Tensor, wanted: torch.Tensor, rows: torch.Tensor
) -> Losses:
    """Return what gives the losses of the persons that a step drew; as many as there are must be everybody, in order.

    Parameters
    ----------
    features, wanted : Tensor
        Shapes (rows, inputs) and (rows,) or (rows, periods).
    rows : Tensor
        Each person's rows, shape (persons, most), -1 where there is none.
    """
    if rows.shape[1] == 1:
        features, wanted = features[rows[:, 0]], wanted[rows[:, 0]]

        def of_one_row(drawn: torch.Tensor) -> torch.Tensor:
            if len(drawn) == len(rows):  # everybody: the whole table needs no copy
                return row_losses(spec, model(features), wanted)
            return row_losses(spec, model(taken(features, drawn)), taken(wanted, drawn))

        return of_one_row

    def of_several(drawn: torch.Tensor) -> torch.Tensor:
        at = rows[drawn]
        there = (at >= 0).to(features.dtype)
        losses = row_losses(spec, model(taken(features, at.clamp_min(0))), taken(wanted, at.clamp_min(0)))
        return (losses * there).sum(1) / there.sum(1)

    return of_several


def row_losses(spec: TrainingSpec, scores: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Return each row's loss, shape (rows,) or (persons, rows), of scores with an axis more."""
    if spec.model == "survival":  # of the periods in which a person was still at risk, under the discrete hazard
        at_risk = wanted != NOT_AT_RISK
        return (cross_entropy(scores, wanted.clamp_min(0), reduction="none") * at_risk).sum(-1)
    scores = scores.squeeze(-1)
    if spec.model == "linear":
        return (scores - wanted).square() / 2
    of_none, of_one = spec.weights
    return cross_entropy(scores, wanted, reduction="none") * (of_none + (of_one - of_none) * wanted)
