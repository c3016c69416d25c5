"""A model as a folder of plain files: weights as safetensors, everything else as JSON, a card to read. No pickle.

``model.json`` holds the specification and how it was trained; ``card.json`` and ``card.md`` tell a reviewer and a
deployer what it is for, what it spent and where it must not be used (Mitchell and others, "Model cards", 2019).
"""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ml.card import markdown
from ml.data import Matrix
from ml.dp import TrainedModel
from ml.errors import LearningRefused
from ml.networks import network, predict
from ml.spec import TrainingSpec

FILES = ("model.json", "weights.safetensors", "card.json", "card.md")
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Package:
    """A model folder that was read and checked."""

    spec: TrainingSpec
    weights: dict[str, np.ndarray]
    training: dict[str, Any]
    card: dict[str, Any]

    @property
    def schema(self) -> TrainingSpec:
        """What it is asked and answers."""
        return self.spec

    def predict(self, frame: pd.DataFrame) -> Matrix:
        """Return an answer for each row: see :func:`ml.networks.predict`."""
        return predict(self.spec, self.weights, frame)


def save(
    model: TrainedModel, folder: Path, *, purpose: str, data_version: str, code_hash: str, figures: dict[str, float],
    groups: dict[str, Any] | None = None,
) -> Path:  # fmt: skip
    """Write a model folder.

    Parameters
    ----------
    purpose : str
        What the model is for.
    data_version : str
        The project's extract that it was trained on.
    code_hash : str
        SHA-256 of the code that trained it.
    figures : dict
        Evaluation and attack, by name.
    groups : dict, optional
        Figures of groups of people: see :func:`ml.fairness.groups_of`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_file(model.weights, folder / "weights.safetensors")
    training = {
        "spec": model.spec.to_json(),
        "epsilon": round(model.epsilon, 4),
        "delta": model.spec.delta,
        "noise_multiplier": round(model.noise, 4),
        "sampling_rate": round(model.rate, 6),
        "steps": model.spec.steps,
        "prepared": list(model.prepared),
        "rows": _rounded(model.rows),
        "data_version": data_version,
        "code_hash": code_hash,
    }
    card = {
        "purpose": purpose,
        "privacy_unit": "one person",
        "epsilon": training["epsilon"],
        "delta": model.spec.delta,
        "data_version": data_version,
        "code_hash": code_hash,
        "features": list(model.spec.features()),
        "target": model.spec.target,
        "figures": figures,
        "groups": groups or {},
        "search": _searched(model.spec),
        "limits": [
            "Trained on synthetic or pseudonymised records of one region; check it where it is to be used.",
            "The noise is a cryptographic stream's, on a grid; gradients are summed in floating point of 32 bits.",
            "The figures come of noisy counts of persons who were not trained on, at the same epsilon.",
            "For research and service planning; it makes no decision about a person.",
            *_of_search(model.spec),
        ],
    }
    (folder / "model.json").write_text(json.dumps(training, indent=2))
    (folder / "card.json").write_text(json.dumps(card, indent=2))
    (folder / "card.md").write_text(markdown(card))
    return folder


def _searched(spec: TrainingSpec) -> dict[str, float | str]:
    """Return how large a search was. Not how many trials it made: that is secret, and its price stands on it."""
    if spec.search is None:
        return {}
    return {"settings": len(spec.search.settings()), "trials": spec.search.trials, "law": spec.search.law}


def _rounded(rows: int) -> int:
    """Return a number of persons rounded to ten, as outputs are."""
    return round(rows, -1)


def _of_search(spec: TrainingSpec) -> list[str]:
    """Return the sentence that tells a reader of a search, where there was one."""
    if spec.search is None:
        return []
    return [
        f"The best of {spec.search.trials:g} trials on average ({spec.search.law}; their number is secret), among "
        f"{len(spec.search.settings())} settings: its epsilon covers them all."
    ]


def load(folder: Path) -> Package:
    """Read and check a model folder.

    Raises
    ------
    LearningRefused
        When a file is missing, too big, unexpected or damaged, or the weights do not fit the specification.
    """
    there = sorted(path.name for path in folder.iterdir())
    if there != sorted(FILES):
        raise LearningRefused(
            "The folder does not hold just a model's files", where=folder.name, todo=f"Keep {', '.join(FILES)}"
        )
    check_plain(folder)
    try:
        training, card = (json.loads((folder / name).read_text()) for name in ("model.json", "card.json"))
        weights = load_file(folder / "weights.safetensors")
        spec = TrainingSpec.from_json(training["spec"])
        spent, told = float(training["epsilon"]), card.get("epsilon")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, SafetensorError):
        raise LearningRefused("A model's file is damaged", where=folder.name) from None
    if not 0 < spent <= spec.epsilon * 1.001 or told != training["epsilon"]:
        raise LearningRefused("The model's epsilon is not what its specification and card say", where=folder.name)
    _check_weights(spec, weights, folder)
    return Package(spec, weights, training, card)


def check_plain(folder: Path) -> None:
    """Refuse a folder of anything but plain files of a model's size, before any of them is read.

    Raises
    ------
    LearningRefused
        When something in it is a link, a pipe, a folder or too big.
    """
    for path in folder.iterdir():
        told = path.lstat()
        if not stat.S_ISREG(told.st_mode) or told.st_size > MOST_BYTES:
            raise LearningRefused("A model's file is no plain file, or too big", where=folder.name)


def _check_weights(spec: TrainingSpec, weights: dict[str, np.ndarray], folder: Path) -> None:
    with torch.device("meta"):  # shapes alone: a description may tell of a network that no memory holds
        shapes = {name: tuple(values.shape) for name, values in network(spec).state_dict().items()}
    wanted = {name: (shape, np.dtype(np.float32)) for name, shape in shapes.items()}
    held = {name: (values.shape, values.dtype) for name, values in weights.items()}
    if held != wanted or not all(np.isfinite(values).all() for values in weights.values()):
        raise LearningRefused("The weights do not fit the specification", where=folder.name)
