"""How MLflow loads a released model: only after its signature was verified with the deployer's own public key."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from ml.dp import predict
from ml.errors import LearningRefused
from ml.package import Package, load
from ml.signing import verify

PUBLIC_KEY = "TRE_MODEL_PUBLIC_KEY"
MODEL, SIGNATURE = "model", "model.sig"


class ReleasedModel:
    """A verified model behind MLflow's interface."""

    def __init__(self, package: Package) -> None:
        self._package = package

    def predict(self, model_input: pd.DataFrame) -> pd.DataFrame:
        """Return the probability of the target for each row, as the column ``probability``."""
        told = predict(self._package.spec, self._package.weights, model_input)
        return pd.DataFrame({"probability": told.astype(float)})


def _load_pyfunc(path: str) -> ReleasedModel:
    """Load a model for MLflow.

    Raises
    ------
    LearningRefused
        When no public key is named, or the signature does not verify.
    """
    held = os.environ.get(PUBLIC_KEY)
    if not held:
        raise LearningRefused(
            "There is no public key to verify the model with", where=PUBLIC_KEY, todo="Name the release key's file"
        )
    folder = Path(path)
    verify(folder / MODEL, folder / SIGNATURE, Path(held))
    return ReleasedModel(load(folder / MODEL))
