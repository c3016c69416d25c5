"""Differentially private training that spends the project's budget."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from tre.workspace.client.display import Budget
from tre.workspace.client.door import call

if TYPE_CHECKING:
    import pandas as pd

    from ml.dp import TrainedModel
    from ml.spec import TrainingSpec

_HELD_OUT = 0.2


def budget() -> Budget:
    """Return the project's privacy budget: epsilon and delta, what is spent, and each spend."""
    return Budget(call("GET", "budget"))


def train_private(frame: pd.DataFrame, spec: TrainingSpec, *, name: str, purpose: str, folder: str | Path) -> Path:
    """Train a model with differential privacy, keep it as a folder that can be submitted, and track it in MLflow.

    The table is checked first, which costs nothing. Then the budget is reserved and committed, and only then does the
    training begin: what fails after that has spent it. A fifth of the persons is held out, by a hash of their
    pseudonyms.

    Parameters
    ----------
    frame : pd.DataFrame
        A row or more of each person, as the specification says.
    spec : ml.spec.TrainingSpec
        Features with public bounds, target, privacy unit, epsilon and delta.
    name, purpose : str
        What the model is called in MLflow, and what it is for.
    folder : str or Path
        Where the model's files are written.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    PlatformError
        When the budget does not cover the training.
    LearningRefused
        When the table does not fit the specification.
    """
    from ml import package
    from ml.data import check_units, check_version
    from ml.dp import check
    from ml.estimator import PrivateEstimator
    from ml.evaluate import evaluate, membership_advantage

    if spec.dataset:
        check_version(spec, _extract())
    check_units(frame, spec)
    held_out = frame[spec.unit].map(_share) < _HELD_OUT
    check(spec, frame[~held_out])
    once = uuid.uuid4().hex
    asked = {"epsilon": spec.epsilon, "delta": spec.delta, "purpose": name, "once": once}
    spend = call("POST", "budget/reserve", json=asked)["spend"]
    call("POST", f"budget/{spend}/commit")
    model = PrivateEstimator(spec, spend=once).fit(frame[~held_out]).model_
    figures = evaluate(model, frame[held_out])
    figures["membership_attack_auroc"] = membership_advantage(model, frame[~held_out], frame[held_out])
    made = package.save(
        model,
        Path(folder),
        purpose=purpose,
        data_version=_extract(),
        code_hash=code_hash(),
        figures=figures,
    )
    _track(name, model, figures, made)
    return made


def code_hash() -> str:
    """Return the SHA-256 of the code that trains: every module of the learning plane, by name."""
    import ml

    digest = hashlib.sha256()
    for path in sorted(Path(str(ml.__file__)).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _extract() -> str:
    return f"{os.environ['TRE_PROJECT']}, extract {call('GET', 'tables')['extract']}"


def _share(unit: object) -> float:
    return int(hashlib.sha256(str(unit).encode()).hexdigest()[:8], 16) / 2**32


def _track(name: str, model: TrainedModel, figures: dict[str, float], folder: Path) -> None:
    import mlflow

    mlflow.set_experiment(os.environ["TRE_PROJECT"])
    with mlflow.start_run(run_name=name):
        spec = model.spec
        mlflow.log_params({"delta": spec.delta, "steps": spec.steps, "batch": spec.batch, "hidden": str(spec.hidden)})
        mlflow.log_metrics({"epsilon": model.epsilon, "noise_multiplier": model.noise, **figures})
        mlflow.log_artifacts(str(folder), "model")
