"""A researcher's own model as a folder: weights as ONNX or skops, a schema and a card beside it, no claim of privacy.

Its folder is as :mod:`ml.package` has it, but for the weights' name and for ``model.json``, which holds a schema in the
place of a private training's specification.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ml.card import markdown
from ml.errors import LearningRefused
from ml.own.bounded import Bounded
from ml.own.schema import Asked, OwnSchema, encoded
from ml.package import check_plain

VERSION = 1
KINDS = {"onnx": "weights.onnx", "skops": "weights.skops"}
_TOLD = ("model.json", "card.json", "card.md")
_UNTOLD = "not told"


@dataclass(frozen=True)
class OwnPackage:
    """A folder of a researcher's own model that was read and checked."""

    kind: str
    schema: OwnSchema
    training: dict[str, Any]
    card: dict[str, Any]
    model: Bounded

    def predict(self, frame: pd.DataFrame) -> Asked:
        """Return an answer for each row, shape (rows,).

        Raises
        ------
        LearningRefused
            A feature is missing, or the model cannot answer.
        """
        return self.model.predict(encoded(frame, self.schema))


def save(
    kind: str, weights: bytes, schema: OwnSchema, folder: Path, *, purpose: str, data_version: str,
    code_hash: str = _UNTOLD, figures: dict[str, float] | None = None, confined: bool = True,
) -> Path:  # fmt: skip
    """Check a model and write its folder; nothing is written of one that would not be served.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    weights : bytes
        The model as this kind of file.
    purpose : str
        What the model is for.
    data_version : str
        The project's extract that it was trained on.
    code_hash : str
        SHA-256 of the code that trained it.
    figures : dict, optional
        How well it does, by its author's word.
    confined : bool
        See :class:`ml.own.bounded.Bounded`.

    Raises
    ------
    LearningRefused
        When the model is none that is run, or a file of another model stands in the folder.
    """
    if kind not in KINDS:
        raise LearningRefused(f"A model is kept as one of {', '.join(KINDS)}", where=str(kind))
    model = Bounded(kind, weights, schema, confined=confined)
    model.load()
    model.close()
    training = {
        "kind": kind, "version": VERSION, "schema": schema.to_json(), "epsilon": None, "delta": None,
        "parameters": model.parameters, "data_version": data_version, "code_hash": code_hash,
    }  # fmt: skip
    card = _card(training, schema, purpose, figures or {})
    folder.mkdir(parents=True, exist_ok=True)
    if {path.name for path in folder.iterdir()} - {*_TOLD, KINDS[kind]}:
        raise LearningRefused("Something else stands in the folder", where=folder.name, todo="Name a new folder")
    (folder / KINDS[kind]).write_bytes(weights)
    (folder / "model.json").write_text(json.dumps(training, indent=2))
    (folder / "card.json").write_text(json.dumps(card, indent=2))
    (folder / "card.md").write_text(markdown(card))
    return folder


def _card(training: dict[str, Any], schema: OwnSchema, purpose: str, figures: dict[str, float]) -> dict[str, Any]:
    held_back = "A fifth of the persons was" if schema.held_back else "Nobody was"
    return {
        "purpose": purpose,
        "privacy_unit": "none: no claim is made",
        "epsilon": None,
        "delta": None,
        "data_version": training["data_version"],
        "code_hash": training["code_hash"],
        "features": list(schema.features()),
        "target": schema.target,
        "figures": figures,
        "groups": {},
        "search": {},
        "limits": [
            "Trained by its author's own code without differential privacy: what it tells may depend on single people.",
            f"{held_back} kept out of its training, by its author's word.",
            "Trained on synthetic or pseudonymised records of one region; check it where it is to be used.",
            "The figures are its author's.",
            "For research and service planning; it makes no decision about a person.",
        ],
    }


def kind_of(folder: Path) -> str:
    """Return of which kind a folder's weights are by their name; empty for those of a private training."""
    return next((kind for kind, name in KINDS.items() if (folder / name).exists()), "")


def load(folder: Path) -> OwnPackage:
    """Read and check a folder; the model itself is loaded in a process of its own.

    Raises
    ------
    LearningRefused
        When a file is missing, too big, unexpected or damaged, or the model is none that is run.
    """
    kind = kind_of(folder)
    there = sorted(path.name for path in folder.iterdir())
    if there != sorted((*_TOLD, KINDS.get(kind, ""))):
        raise LearningRefused("The folder does not hold just a model's files", where=folder.name)
    check_plain(folder)
    try:
        training, card = (json.loads((folder / name).read_text()) for name in ("model.json", "card.json"))
        told = (training["kind"], training["version"], training["epsilon"], card["epsilon"], card["features"])
        schema = OwnSchema.from_json(training["schema"])
        purpose = card["purpose"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise LearningRefused("A model's file is damaged", where=folder.name) from None
    if told != (kind, VERSION, None, None, list(schema.features())) or not isinstance(purpose, str):
        raise LearningRefused("The model's description and its card do not agree with its weights", where=folder.name)
    model = Bounded(kind, (folder / KINDS[kind]).read_bytes(), schema)
    model.load()
    return OwnPackage(kind, schema, training, card, model)
