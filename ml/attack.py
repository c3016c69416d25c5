"""Attacks a model before it is let out, as a job of the platform: on its files and the extract it was trained on."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.dataset as ds
import torch

from ml.attacks.known import known
from ml.attacks.outcome import OutOfTime, not_run
from ml.attacks.report import Report, attack
from ml.attacks.subjects import Subject, of_own, of_package
from ml.errors import LearningRefused
from ml.own.package import OwnPackage
from ml.packages import Packaged, load

_MOST_SECONDS = 3600.0
_OWN_TABLE = "Let its features be columns of one table of the extract, and make others of them within the model"


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Return the report on one model: see :data:`ml.attacks.report.SCHEMA`.

    Where the model cannot be attacked, the report says why.

    Parameters
    ----------
    spec : dict
        ``folder``, the model's files; ``extracts``, for each version of the data that the model may tell of its tables'
        Parquet folders by name; ``seconds`` that it may take, and ``seed``.

    Raises
    ------
    LearningRefused
        When something of this is missing.
    """
    try:
        folder, extracts = Path(spec["folder"]), dict(spec["extracts"])
        seconds, seed = float(spec["seconds"]), int(spec["seed"])
    except (KeyError, ValueError, TypeError):
        raise LearningRefused("The attack job lacks a part", where="job") from None
    if not 0 < seconds <= _MOST_SECONDS or seed < 0:
        raise LearningRefused(f"An attack takes up to {_MOST_SECONDS:,.0f} seconds, with a seed from 0", where="job")
    torch.set_num_threads(1)  # shadows are small: threads would wait for each other more than they work
    warnings.simplefilter("ignore")  # of shadows that have not converged: nobody reads them
    progress(f"attacking {folder.name} for up to {seconds:,.0f} seconds")
    version = ""
    try:
        package = load(folder)
        version = str(package.training.get("data_version"))
        facts = known(package.schema, _table(package, version, extracts))
        subject, promised = _subject(package)
    except LearningRefused as error:
        missed = not_run("all", "Attack the model with the extract it was trained on.", error.sentence())
        return Report((missed,), version if version in extracts else "", 0, 0, seed).to_json()
    signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)  # a model may tell of a training that takes days
    told = attack(subject, facts, data_version=version, seconds=seconds, seed=seed, epsilon=promised)
    signal.setitimer(signal.ITIMER_REAL, 0)
    return told.to_json()


def _subject(package: Packaged) -> tuple[Subject, tuple[float, float] | None]:
    """Return what is attacked, and the epsilon and delta that it promises."""
    if isinstance(package, OwnPackage):
        return of_own(package), None
    return of_package(package), (float(package.training["epsilon"]), package.spec.delta)


def _stop(*_: object) -> None:
    raise OutOfTime


def _table(package: Packaged, version: str, extracts: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """Return the table of the extract that holds all that the model was trained on: the first by name that does."""
    spec = package.schema
    wanted = [spec.unit, spec.target, *spec.features(), *([spec.time] if spec.time else [])]
    if version not in extracts:
        raise LearningRefused("The model tells of no extract that the project has", todo="Train it on one that it has")
    for _, path in sorted(extracts[version].items()):
        table = ds.dataset(path, format="parquet")
        if set(wanted) <= set(table.schema.names):
            frame: pd.DataFrame = table.to_table(columns=wanted).to_pandas()
            return frame
    own = isinstance(package, OwnPackage)
    raise LearningRefused(
        "No table of the extract holds the model's columns: it was made in a notebook",
        todo=_OWN_TABLE if own else "Have it trained by an attested run, whose table the platform has",
    )
