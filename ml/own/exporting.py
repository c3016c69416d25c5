"""From a model in a notebook's memory to the bytes of an ONNX graph or a skops file."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

from ml.errors import LearningRefused
from ml.own.package import KINDS
from ml.own.schema import OwnSchema


def exported(model: Any, schema: OwnSchema) -> tuple[str, bytes]:
    """Return of which kind a model is kept, and its bytes.

    Parameters
    ----------
    model : object
        A model of scikit-learn; an ONNX model (``onnx.ModelProto``); the path of a file of either format; or a network
        of torch that takes (rows, features) and answers (rows, 1).

    Raises
    ------
    LearningRefused
        It is of another kind.
    """
    if isinstance(model, str | Path):
        return _of_file(Path(model))
    if hasattr(model, "SerializeToString"):
        return "onnx", bytes(model.SerializeToString())
    if hasattr(model, "state_dict"):
        return "onnx", _of_network(model, schema)
    if hasattr(model, "get_params"):
        return "skops", _of_estimator(model)
    raise LearningRefused(
        "A model of this kind cannot be packaged", where=type(model).__name__, todo="Convert it to ONNX first"
    )


def _of_file(path: Path) -> tuple[str, bytes]:
    kind = path.suffix.removeprefix(".")
    if kind not in KINDS:
        raise LearningRefused("A model's file is of ONNX or of skops", where=path.name, todo="Convert it to ONNX first")
    try:
        return kind, path.read_bytes()
    except OSError:
        raise LearningRefused("There is no such file that can be read", where=path.name) from None


def _of_estimator(model: Any) -> bytes:
    import skops.io

    try:
        return bytes(skops.io.dumps(model))
    except (TypeError, ValueError):
        raise LearningRefused(
            "skops has no form for a part of the model", where=type(model).__name__, todo="Convert it to ONNX"
        ) from None


def _of_network(model: Any, schema: OwnSchema) -> bytes:
    import torch

    width = len(schema.features())
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        out = Path(scratch) / "model.onnx"
        warnings.simplefilter("ignore")  # the newer exporter needs a package that is not here
        torch.onnx.export(
            model.eval(), (torch.zeros(1, width),), out, dynamo=False, input_names=["features"],
            output_names=[schema.answer()], dynamic_axes={"features": {0: "rows"}},
        )  # fmt: skip
        return out.read_bytes()
