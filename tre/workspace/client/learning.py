"""Differentially private training that spends the project's budget."""

from __future__ import annotations

import os
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tre.workspace.client.data import columns_of
from tre.workspace.client.display import Budget, Prices
from tre.workspace.client.door import PlatformError, call

if TYPE_CHECKING:
    import pandas as pd

    from ml.dp import TrainedModel
    from ml.spec import TrainingSpec


def budget() -> Budget:
    """Return the project's privacy budget: epsilon and delta, what is spent, and each spend."""
    return Budget(call("GET", "budget"))


def price(
    epsilon: float = 0.0, delta: float = 1e-6, mechanism: dict[str, Any] | None = None, *,
    training: TrainingSpec | None = None, persons: int = 10_000,
) -> Prices:  # fmt: skip
    """Return what a spend would cost the project, its datasets and the population; nothing is taken.

    Parameters
    ----------
    epsilon, delta : float
        Of the spend, where no training is named.
    mechanism : dict, optional
        What it would be spent by: ``kind`` (``gaussian``, ``laplace`` or ``sampled_gaussian``), ``noise`` as a multiple
        of the sensitivity, ``rate`` of sampling and ``steps``; its epsilon at the delta is told then.
    training : ml.spec.TrainingSpec, optional
        The training that it would pay for. How noisy that will be, and what its search costs, is told beside the price.
    persons : int
        About how many persons the training has: a public guess.
    """
    if training is not None:
        return _price_of(training, persons)
    asked = {"epsilon": epsilon, "delta": delta, "mechanism": mechanism}
    return Prices(call("POST", "budget/price", json=asked)["prices"])


def _price_of(training: TrainingSpec, persons: int) -> Prices:
    from ml.quote import quote

    made = price(training.epsilon, training.delta)
    made.training = asdict(quote(training, persons))
    return made


def features(table: str, *columns: str) -> dict[str, Any]:
    """Return columns of a table as features of a training, with the bounds and values that its data contract names.

    They are public, so they cost nothing: ``TrainingSpec("pseudonym", "died", **tre.features("people", "sex"), ...)``.

    Parameters
    ----------
    table : str
        Of the extract.
    columns : str
        Numbers with a range, or columns with a list of codes: ``tre.describe`` tells which have one.

    Returns
    -------
    dict
        ``numeric`` and ``categories``.

    Raises
    ------
    PlatformError
        When the contract names neither for a column.
    """
    from ml.spec import Category, Numeric

    known = {each["name"]: each for each in columns_of(table)}
    numeric, categories = list[Numeric](), list[Category]()
    for name in columns:
        found = known.get(name, {})
        if found.get("codes"):
            categories.append(Category(name, tuple(found["codes"])))
        elif found.get("range"):
            numeric.append(Numeric(name, *found["range"]))
        else:
            todo = "Write the feature yourself, from what is public"
            raise PlatformError("No contract names a range or codes of this column", where=name, todo=todo)
    return {"numeric": tuple(numeric), "categories": tuple(categories)}


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
    from ml.data import check_version
    from ml.train import check_table, train_and_keep

    check_table(spec, frame)
    check_version(spec, version := data_version())
    once = uuid.uuid4().hex
    asked = {"epsilon": spec.epsilon, "delta": spec.delta, "purpose": name, "once": once}
    spend = call("POST", "budget/reserve", json=asked)["spend"]
    call("POST", f"budget/{spend}/commit")
    kept = train_and_keep(spec, frame, Path(folder), purpose=purpose, data_version=version, spend=once)
    _track(name, kept.model, kept.figures, kept.folder)
    return kept.folder


def data_version() -> str:
    """Return the project's extract as a model's description calls it."""
    return f"{os.environ['TRE_PROJECT']}, extract {call('GET', 'tables')['extract']}"


def _track(name: str, model: TrainedModel, figures: dict[str, float], folder: Path) -> None:
    import mlflow

    mlflow.set_experiment(os.environ["TRE_PROJECT"])
    with mlflow.start_run(run_name=name):
        spec = model.spec
        mlflow.log_params({"delta": spec.delta, "steps": spec.steps, "batch": spec.batch, "hidden": str(spec.hidden)})
        mlflow.log_metrics({"epsilon": model.epsilon, "noise_multiplier": model.noise, **figures})
        mlflow.log_artifacts(str(folder), "model")
