"""What is attacked: a model that answers, and how another like it is trained on other persons.

Three kinds: a package of :mod:`ml.package`, whose shadows are trained with the very noise that it tells; an estimator
of scikit-learn, which is cloned; and a researcher's own model, which answers out of a sandbox and is not trained again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ml import boosting, dp
from ml.attacks.known import Known, Places
from ml.data import Matrix
from ml.descent import Mechanism
from ml.losses import row_losses
from ml.networks import loaded, network
from ml.noise import KEY_BYTES, Noise
from ml.own.package import OwnPackage
from ml.package import Package
from ml.spec import TrainingSpec

Numbers = npt.NDArray[np.float64]
# Of each row, the likelihood that a model gives to what was so: features and wanted in, shape (rows,) out.
Likelihood = Callable[[Matrix, Matrix], Numbers]
_TINY = 1e-12


@dataclass(frozen=True)
class Subject:
    """What is attacked.

    Parameters
    ----------
    likelihood : callable
        What the model itself says.
    again : callable, optional
        Given what is known, which persons to train on, and a seed, what another model says that was trained so. None
        where the platform cannot train another.
    arrays : dict
        The numbers that it is made of, by name.
    parameters : int
        How many of them were fitted.
    private : bool
        Whether it is told to be trained with differential privacy.
    estimator : optional
        Of scikit-learn, where it is one.
    """

    likelihood: Likelihood
    again: Callable[[Known, Places, int], Likelihood] | None
    arrays: dict[str, npt.NDArray[Any]]
    parameters: int
    private: bool
    estimator: Any = None


def by_person(likelihood: Likelihood, known: Known, persons: Places) -> Numbers:
    """Return the likelihood of each person: the geometric mean over their rows, within what a logarithm bears."""
    rows = known.rows[persons]
    there = rows >= 0
    told = np.zeros(rows.shape)
    told[there] = np.log(np.clip(likelihood(known.features[rows[there]], known.wanted[rows[there]]), _TINY, 1 - _TINY))
    return np.asarray(np.exp(told.sum(1) / there.sum(1)))


def logits(likelihoods: Numbers) -> Numbers:
    """Return log-odds, which are about normal over models (Carlini and others 2022, section IV-A)."""
    bounded = np.clip(likelihoods, _TINY, 1 - _TINY)
    return np.asarray(np.log(bounded) - np.log1p(-bounded))


def of_package(package: Package) -> Subject:
    """Return a model's folder as what is attacked."""
    spec = package.spec

    def again(known: Known, persons: Places, seed: int) -> Likelihood:
        return _of_weights(spec, _trained(package, known, persons, seed))

    return Subject(
        _of_weights(spec, package.weights),
        again,
        dict(package.weights),
        sum(values.size for values in package.weights.values()),
        private=True,
    )


def _of_weights(spec: TrainingSpec, weights: dp.Weights) -> Likelihood:
    model, plain = loaded(spec, weights), replace(spec, weights=(1.0, 1.0))

    def likelihood(features: Matrix, wanted: Matrix) -> Numbers:
        with torch.no_grad():
            losses = row_losses(plain, model(torch.from_numpy(features)), torch.from_numpy(wanted))
        return np.asarray(np.exp(-losses.numpy().astype(float)))

    return likelihood


def _trained(package: Package, known: Known, persons: Places, seed: int) -> dp.Weights:
    """Return the weights of a shadow: the package's own specification and mechanism, on these persons.

    Its noise comes of the seed, so that a report can be made again; nothing of it leaves.
    """
    spec, rate = package.spec, float(package.training["sampling_rate"])
    told = Mechanism(float(package.training["noise_multiplier"]), rate, spec.steps, spec.clip, rate * len(persons))
    noise = Noise.under(seed.to_bytes(KEY_BYTES, "big"))
    table = dp.Table(known.features, known.wanted, known.rows[persons])
    if spec.model == "boosting":
        rows = table.rows[:, 0]
        return boosting.fit(spec, table.features[rows], table.wanted[rows], told, noise)
    model = network(replace(spec, seed=seed))
    dp.set_factors(model, package.weights.get("0.factors"))
    return dp.Descent(spec, model, table, told, noise).run()


def of_own(package: OwnPackage) -> Subject:
    """Return a researcher's own model as what is attacked."""
    arrays = {f"array {nth}": each for nth, each in enumerate(package.model.arrays(), start=1)}
    return Subject(_of_own(package), None, dict(arrays), package.model.parameters, private=False)


def _of_own(package: OwnPackage) -> Likelihood:
    low, high = package.schema.bounds

    def likelihood(features: Matrix, wanted: Matrix) -> Numbers:
        told = package.model.predict(features.astype(np.float64))
        if package.schema.answer() == "value":  # as ml.losses has it, between -1 and 1
            return np.asarray(np.exp(-((2 * (np.clip(told, low, high) - low) / (high - low) - 1 - wanted) ** 2) / 2))
        return np.asarray(np.where(wanted == 1, told, 1 - told))

    return likelihood


def of_estimator(estimator: Any, spec: TrainingSpec) -> Subject:
    """Return a classifier of scikit-learn, over the inputs of a specification, as what is attacked.

    Parameters
    ----------
    estimator : object
        Fitted on :func:`ml.data.inputs`, with ``predict_proba``.
    """
    from sklearn.base import clone

    def again(known: Known, persons: Places, seed: int) -> Likelihood:
        made = clone(estimator)
        if "random_state" in made.get_params():
            made.set_params(random_state=seed)
        rows = known.rows[persons]
        at = rows[rows >= 0]
        return _of_classifier(made.fit(known.features[at], known.wanted[at]))

    arrays = fitted_arrays(estimator)
    fitted = sum(values.size for name, values in arrays.items() if not name.startswith("_"))
    return Subject(_of_classifier(estimator), again, arrays, fitted, private=False, estimator=estimator)


def _of_classifier(estimator: Any) -> Likelihood:
    def likelihood(features: Matrix, wanted: Matrix) -> Numbers:
        told = estimator.predict_proba(features)
        return np.asarray(told[np.arange(len(wanted)), np.searchsorted(estimator.classes_, wanted)], float)

    return likelihood


def fitted_arrays(estimator: Any, deep: int = 3) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of numbers that an estimator holds, those of its parts too, by name."""
    found: dict[str, npt.NDArray[Any]] = {}
    for name, held in getattr(estimator, "__dict__", {}).items():
        if isinstance(held, np.ndarray) and held.dtype.kind in "fiu":
            found[name] = held
        parts = held if isinstance(held, list | tuple | np.ndarray) else [held]
        for at, part in enumerate(parts):
            label = f"{name}.{at}" if len(parts) > 1 else name
            if isinstance(part, np.ndarray) and part.dtype.kind in "fiu":
                found[label] = part
            elif deep and hasattr(part, "__dict__"):
                found |= {f"{label}.{inner}": each for inner, each in fitted_arrays(part, deep - 1).items()}
    if hasattr(estimator, "tree_"):
        found["tree_.threshold"], found["tree_.value"] = estimator.tree_.threshold, estimator.tree_.value
    return found
