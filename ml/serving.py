"""How MLflow loads a released model: only after all of its folder was verified with the deployer's own public key."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ml.deployment import named_key
from ml.packages import Packaged, load
from ml.released import PACKAGE, held_still
from ml.watching import Watch


class ReleasedModel:
    """A verified model behind MLflow's interface."""

    def __init__(self, package: Packaged, watch: Watch) -> None:
        self._package, self._watch = package, watch

    def predict(self, model_input: pd.DataFrame) -> pd.DataFrame:
        """Return an answer for each row, as the column that the schema's ``answer`` names.

        Raises
        ------
        LearningRefused
            When the model was retired or recalled meanwhile.
        """
        self._watch.check()
        told = self._package.predict(model_input)
        return pd.DataFrame({self._package.schema.answer(): told.astype(float)})


def _load_pyfunc(path: str) -> ReleasedModel:
    """Load a model for MLflow, which hands over the whole folder.

    Raises
    ------
    LearningRefused
        When no public key is named, the folder does not verify, or the model may not be served.
    """
    folder = Path(path)
    with held_still(folder, named_key()) as (held, statement):
        package = load(held / PACKAGE)
    return ReleasedModel(package, Watch.begun(statement, named_key(), folder))
