"""The secure trusted research environment.

In a notebook ``import tre`` gives the researcher's verbs (``tre.spark()``, ``tre.submit()`` and the rest). They
live in :mod:`tre.workspace.client` and are loaded on first use, so that importing the package costs nothing and
never pulls in Django.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what reads code without running it, as completion does, finds the verbs here
    from tre.workspace.client import *  # noqa: F403

__version__ = "0.1.0"

CLIENT_VERBS = (
    "budget", "codelist", "course", "describe", "draft", "features", "git", "inspect", "package", "price", "private",
    "requests", "run_notebook", "run_private", "run_table", "run_training", "runs", "safe_histogram",
    "safe_percentiles", "safe_regression", "safe_survival", "safe_table", "spark", "submit", "tables", "train_private",
)  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in CLIENT_VERBS:
        return getattr(import_module("tre.workspace.client"), name)
    raise AttributeError(f"module 'tre' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*CLIENT_VERBS, "__version__"]
