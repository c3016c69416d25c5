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
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ml.dp import TrainedModel
from ml.errors import LearningRefused
from ml.networks import network
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
    (folder / "card.md").write_text(_markdown(card))
    return folder


def _searched(spec: TrainingSpec) -> dict[str, float | str]:
    """Return how large a search was. Not how many trials it made: that is secret, and its price stands on it."""
    if spec.search is None:
        return {}
    return {"settings": len(spec.search.settings()), "trials": spec.search.trials, "law": spec.search.law}


def _rounded(rows: int) -> int:
    """Return a number of persons rounded to ten, as outputs are."""
    return round(rows, -1)


def _markdown(card: dict[str, Any]) -> str:
    figures = "\n".join(f"- {name}: {value}" for name, value in card["figures"].items())
    limits = "\n".join(f"- {each}" for each in card["limits"])
    return (
        f"# Model card\n\n{card['purpose']}\n\n"
        f"- target: {card['target']}\n- features: {', '.join(card['features'])}\n"
        f"- privacy: epsilon {card['epsilon']} at delta {card['delta']}, for {card['privacy_unit']}\n"
        f"- data version: {card['data_version']}\n- code: {card['code_hash']}\n\n"
        f"## Figures\n\n{figures}\n\n{_of_groups(card['groups'])}## Limits\n\n{limits}\n"
    )


def _of_search(spec: TrainingSpec) -> list[str]:
    """Return the sentence that tells a reader of a search, where there was one."""
    if spec.search is None:
        return []
    return [
        f"The best of {spec.search.trials:g} trials on average ({spec.search.law}; their number is secret), among "
        f"{len(spec.search.settings())} settings: its epsilon covers them all."
    ]


def _of_groups(groups: dict[str, Any]) -> str:
    """Return the part of a card that tells of calibration and of groups, or nothing where there are none."""
    if not groups:
        return ""
    lines = [f"A person counts as found where the answer is {groups['threshold']} or more."]
    lines += [f"- where {each['expected']} is expected, {each['observed']} came" for each in groups["calibration"]]
    for kind, members in groups["groups"].items():
        lines += ["", f"### By {kind}", ""]
        lines += [f"- {name}: {_listed(figures)}" for name, figures in members.items()]
        lines += (
            [f"- largest difference: {_listed(groups['differences'][kind])}"] if groups["differences"][kind] else []
        )
        lines += [f"- too small to tell of: {groups['left_out'][kind]}"] if groups["left_out"][kind] else []
    told = "\n".join(lines)
    return f"## Groups of people\n\n{told}\n\n"


def _listed(figures: dict[str, float]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in figures.items())


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
