"""Trains a model, judges it on persons it was not trained on, and keeps it as a folder that can be submitted.

A notebook calls :func:`train_and_keep` on its own table; the job does the same out of anybody's reach, on a Parquet
file and a specification as JSON.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ml import package
from ml.checkpoint import Checkpoint
from ml.data import check_units, check_version
from ml.dp import TrainedModel, check
from ml.errors import LearningRefused
from ml.estimator import PrivateEstimator
from ml.evaluate import evaluate, membership_advantage
from ml.fairness import check_groups, groups_of
from ml.noise import Noise
from ml.schema import Schema
from ml.spec import TrainingSpec

_HELD_OUT = 0.2


@dataclass(frozen=True)
class Kept:
    """A model that was trained and kept."""

    model: TrainedModel
    figures: dict[str, float]
    folder: Path


def check_table(spec: TrainingSpec, frame: pd.DataFrame) -> None:
    """Refuse a table that cannot be trained on, before anything is paid.

    Raises
    ------
    LearningRefused
        When it does not fit the specification.
    """
    check_units(frame, spec)
    check_groups(spec, frame)
    check(spec, frame[~held_out(spec, frame)])


def held_out(spec: Schema, frame: pd.DataFrame) -> pd.Series:
    """Return which rows are kept back for judging: a fifth of the persons, by a hash of their pseudonyms."""
    return frame[spec.unit].map(_share) < _HELD_OUT


def _share(unit: object) -> float:
    return int(hashlib.sha256(str(unit).encode()).hexdigest()[:8], 16) / 2**32


def train_and_keep(
    spec: TrainingSpec, frame: pd.DataFrame, folder: Path, *, purpose: str, data_version: str, spend: str,
    checkpoint: Path | None = None,
) -> Kept:  # fmt: skip
    """Train, judge and keep a model; the budget was paid before.

    Parameters
    ----------
    folder : Path
        Where the model's files are written.
    purpose, data_version : str
        What it is for, and what it was trained on; both go into its card.
    spend : str
        The name of the spend that pays for it.
    checkpoint : Path, optional
        Where the training is kept as it goes: see :func:`ml.dp.train`.

    Raises
    ------
    LearningRefused
        When the table cannot be trained on, or is of another version than the specification names.
    """
    check_version(spec, data_version)
    back, kept = held_out(spec, frame), Checkpoint(checkpoint, spend) if checkpoint else None
    model = PrivateEstimator(spec, folder=checkpoint, spend=spend).fit(frame[~back], held_back=frame[back]).model_
    noise = Noise.under(kept.key()) if kept else None
    figures = evaluate(model, frame[back], noise)
    figures["membership_attack_auroc"] = membership_advantage(model, frame[~back], frame[back], noise)
    told = {"purpose": purpose, "data_version": data_version, "code_hash": code_hash()}
    package.save(model, folder, figures=figures, groups=groups_of(model, frame[back], noise), **told)
    if kept:
        kept.end()  # not before the model is kept: a job that was cut off in between tells the same again
    return Kept(model, figures, folder)


def code_hash() -> str:
    """Return the SHA-256 of the code that trains: every module of the learning plane, by name."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Train as a job; return ``epsilon``, ``delta`` and ``figures``.

    Parameters
    ----------
    spec : dict
        ``training``, the specification; ``table``, a Parquet file; ``folder`` and ``checkpoint``, where the model and
        its training are kept; ``purpose``, ``data_version`` and ``spend``. With ``only_check`` nothing is trained:
        what would be refused is refused before it is paid for.

    Raises
    ------
    LearningRefused
        When something of this is missing, or the table does not fit the specification.
    """
    try:
        training, table = TrainingSpec.from_json(spec["training"]), pd.read_parquet(spec["table"])
        told = {name: str(spec[name]) for name in ("purpose", "data_version", "spend")}
        folder, checkpoint = Path(spec["folder"]), Path(spec["checkpoint"])
    except (KeyError, OSError, ValueError):
        raise LearningRefused("The training job lacks a part, or its table is no Parquet file", where="job") from None
    check_table(training, table)
    check_version(training, told["data_version"])
    if spec.get("only_check"):
        return {}
    progress(f"training {training.model}")  # no number of the author's: it is told outside the workspace
    kept = train_and_keep(training, table, folder, checkpoint=checkpoint, **told)
    return {"epsilon": kept.model.epsilon, "delta": training.delta, "figures": kept.figures}
