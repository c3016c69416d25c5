"""A model that a researcher trained by their own code, as a folder that can be submitted."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tre.workspace.client.learning import data_version

if TYPE_CHECKING:
    from ml.own.schema import OwnSchema


def package(
    model: Any, schema: OwnSchema, *, purpose: str, folder: str | Path, figures: dict[str, float] | None = None,
    code: str | Path | None = None,
) -> Path:  # fmt: skip
    """Keep a model of your own as a folder that can be submitted, once it was checked that it can be served.

    It makes no claim of differential privacy, and its card says so: ``tre.train_private`` trains one that does.

    Parameters
    ----------
    model : object
        A model of scikit-learn, an ONNX model, the path of a file of skops or ONNX, or a network of torch.
    schema : ml.own.schema.OwnSchema
        The columns that it is asked and the one that it predicts, with bounds and values that are public.
    purpose : str
        What it is for.
    folder : str or Path
        Where the model's files are written.
    figures : dict, optional
        How well it does, by name; they stand in its card as yours.
    code : str or Path, optional
        The file of the code that trained it, whose SHA-256 stands in its card.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    LearningRefused
        When the model would not be served: by its format, its operators, its size or its input.
    """
    from ml.own.exporting import exported
    from ml.own.package import save

    kind, weights = exported(model, schema)
    told = {"code_hash": hashlib.sha256(Path(code).read_bytes()).hexdigest()} if code else {}
    return save(
        kind, weights, schema, Path(folder), purpose=purpose, data_version=data_version(), figures=figures,
        confined=False, **told,
    )  # fmt: skip
