"""Models to be attacked: honest and leaky ones, over people whose outcome a model can learn a little of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ml import dp
from ml.attacks.known import Known, known
from ml.attacks.subjects import Subject, of_estimator, of_package
from ml.package import Package
from ml.spec import Category, Numeric, TrainingSpec

SPEC = TrainingSpec(
    "pseudonym", "fell", tuple(Numeric(f"test {at}", -3, 3) for at in range(8)),
    (Category("sex", ("f", "m")), Category("ward", tuple("abcdef"))),
    epsilon=2.0, delta=1e-6, steps=60, batch=512, dataset="falls, extract 1",
)  # fmt: skip


def people(count: int = 3000, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    tests = {f"test {at}": random.normal(size=count).clip(-3, 3) for at in range(8)}
    frame = pd.DataFrame({"pseudonym": [f"P{at}" for at in range(count)], **tests})
    frame["sex"], frame["ward"] = random.choice(["f", "m"], count), random.choice(list("abcdef"), count)
    odds = 0.5 * frame["test 0"] + 0.5 * (frame["sex"] == "f")
    return frame.assign(fell=(random.random(count) < 1 / (1 + np.exp(-odds))).astype(int))


def facts(count: int = 3000) -> Known:
    return known(SPEC, people(count))


def members(of: Known) -> tuple[np.ndarray, np.ndarray]:
    """Return the inputs and outcomes of those that are trained on."""
    rows = of.rows[of.member, 0]
    return of.features[rows], of.wanted[rows]


def estimator(made: Any, of: Known) -> Subject:
    """Return a classifier of scikit-learn that was fitted on the members."""
    return of_estimator(made.fit(*members(of)), SPEC)


def trained(of: Known, **changes: Any) -> Package:
    """Return a package as a training writes it, of the members."""
    spec = replace(SPEC, **changes)
    model = dp.train(spec, of.frame.iloc[of.rows[of.member, 0]])
    told = {
        "noise_multiplier": model.noise, "sampling_rate": model.rate, "epsilon": model.epsilon,
        "data_version": spec.dataset,
    }  # fmt: skip
    return Package(model.spec, model.weights, told, {})


def private(of: Known, **changes: Any) -> Subject:
    return of_package(trained(of, **changes))
