"""Recomputes what a packaged model's training spent, from its noise, sampling rate and steps alone.

What a package says it spent is its author's word. The three numbers are too, until a training is attested; but they
must hold together, and what they come to is what the project's ledger has to have paid.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dp_accounting.rdp import RdpAccountant

from ml import accounting
from ml.errors import LearningRefused
from ml.own.package import OwnPackage
from ml.package import Package
from ml.packages import load
from ml.preparing import sums
from ml.spec import TrainingSpec

_LEAST_NOISE, _MOST_NOISE = 0.3, 10_000.0  # from what the search for noise begins with, to what leaves no signal
_MOST_EPSILON = 4 * 20.0  # a specification may have 20; the quick bound that this is held to is looser than the truth
_ROUNDED = 0.0001  # a package tells its epsilon to four digits


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Return ``epsilon`` and ``delta`` of one model's training, each None of a model that claims no privacy.

    Parameters
    ----------
    spec : dict
        ``folder``: the model's files.

    Raises
    ------
    LearningRefused
        When the folder is no model, or its numbers do not come to the epsilon that it tells.
    """
    folder = Path(spec["folder"])
    package = load(folder)
    if isinstance(package, OwnPackage):
        return {"epsilon": None, "delta": None}
    return _recomputed(package, folder, progress)


def _recomputed(package: Package, folder: Path, progress: Callable[[str], None]) -> dict[str, Any]:
    noise, rate = (_number(package.training, name, folder) for name in ("noise_multiplier", "sampling_rate"))
    wanted = package.spec
    told = package.training.get("steps"), package.training.get("delta")
    if told != (wanted.steps, wanted.delta) or not _LEAST_NOISE <= noise <= _MOST_NOISE or not 0 < rate <= 1:
        raise LearningRefused("The model does not tell a training as its specification has it", where=folder.name)
    prepared = _prepared(package.training, wanted, folder)
    progress(f"accounting for {wanted.steps} steps")
    spent = _epsilon(noise, rate, wanted, prepared)
    if spent > float(package.training["epsilon"]) + _ROUNDED:
        raise LearningRefused("The model's noise, sampling rate and steps spend more than it tells", where=folder.name)
    return {"epsilon": spent, "delta": wanted.delta}


def _number(training: dict[str, Any], name: str, folder: Path) -> float:
    value = training.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise LearningRefused("The model does not tell how it was trained", where=f"{folder.name}, {name}")
    return float(value)


def _prepared(training: dict[str, Any], spec: TrainingSpec, folder: Path) -> tuple[float, ...]:
    """Return the noise of what was learned beside the steps; a training of version 1 may have learned nothing there."""
    told = training.get("prepared", [])
    if not isinstance(told, list) or len(told) not in {sums(spec), 0 if spec.version == 1 else sums(spec)}:
        raise LearningRefused("The model does not tell how it was trained", where=f"{folder.name}, prepared")
    noises = tuple(_number({"prepared": each}, "prepared", folder) for each in told)
    if not all(_LEAST_NOISE <= each <= _MOST_NOISE for each in noises):
        raise LearningRefused("The model does not tell a training as its specification has it", where=folder.name)
    return noises


def _epsilon(noise: float, rate: float, spec: TrainingSpec, prepared: tuple[float, ...]) -> float:
    """Return the epsilon, or infinity where a quick bound is far beyond any budget.

    The exact accountant's memory grows with epsilon: a package that asks for an endless sum must not get it.
    """
    told = accounting.event(noise, rate, spec.steps, prepared, spec.search)
    quick = RdpAccountant().compose(told).get_epsilon(spec.delta)
    if quick > _MOST_EPSILON:
        return math.inf
    return accounting.epsilon(noise, rate, spec.steps, spec.delta, prepared, search=spec.search)
