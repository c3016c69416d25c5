"""A model's folder, of whichever kind: of a private training, or a researcher's own as ONNX or skops."""

from __future__ import annotations

from pathlib import Path

from ml import package
from ml.own import package as own
from ml.own.package import OwnPackage
from ml.package import Package

Packaged = Package | OwnPackage


def load(folder: Path) -> Packaged:
    """Read and check a model folder.

    Raises
    ------
    LearningRefused
        When it is no model of either kind, or damaged.
    """
    return own.load(folder) if own.kind_of(folder) else package.load(folder)
