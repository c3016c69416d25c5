"""Private learning: what a model is worth under its promise, and what the promise costs in time.

Scores are means over seeds with their standard deviation, each seed a split of its own; noise is fresh each time.
Times are of single steps taken in turn, and each ratio is the median over the turns of ours beside that peer, so that
whatever else the machine does weighs on both; the quartiles are told too. The peers make no secure noise, ours does.
"""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch

from ml import dp
from ml.data import inputs
from ml.spec import TrainingSpec
from tests.bench import learning_attacks, signing
from tests.bench.harness import Row, row
from tests.bench.learning_data import (
    ADULT,
    DELTA,
    Way,
    adult,
    adult_private,
    adult_regression,
    adult_spec,
    auroc,
    flchain,
    flchain_spec,
    split,
)
from tests.bench.learning_ways import Data, apart, measure, perceptron, transformer

SEEDS = {"small": 3, "medium": 10, "large": 10}
SECONDS = {"small": 30, "medium": 60, "large": 120}
ROWS = {"small": 60_000, "medium": 200_000, "large": 1_000_000}


def run(size: str, seed: int) -> list[Row]:
    """Measure speed, then Adult where it is at hand, then flchain, then attacks, statistics and signing."""
    warnings.simplefilter("ignore")
    seeds = range(seed, seed + SEEDS[size])
    found = list(_speed(size, seed))
    if ADULT.exists():
        found += _adult(size, seed, seeds)
    return [
        *found,
        *_flchain(size, seed, seeds),
        *learning_attacks.rows(size, seed),
        *signing.rows(size, seed),
    ]


def _speed(size: str, seed: int) -> Iterator[Row]:
    torch.manual_seed(seed)
    torch.set_num_threads(2)
    works = [perceptron(4096)] + ([transformer(512, width=64)] if size != "small" else [])
    targets = {"plain": ">= 0.8", "Opacus hooks": ">= 50", "Opacus ghost": ">= 3"}
    for work in works:
        took = measure(work, Data.of(work, ROWS[size], "cpu"), "cpu", SECONDS[size])
        for peer in [name for name in took if name != "ours"]:
            ratios = [theirs / ours for theirs, ours in zip(took[peer], took["ours"], strict=False)]
            target = targets.get(peer, "") if work.name == "mlp" else ""
            label = f"{work.name}, rows a second, times {peer}"
            yield row("learning", label, statistics.median(ratios), target, size, seed)
            low, _, high = statistics.quantiles(ratios) if len(ratios) > 1 else ratios * 3
            yield row("learning", f"{label}: lower quartile", low, "", size, seed)
            yield row("learning", f"{label}: upper quartile", high, "", size, seed)
        yield row("learning", f"{work.name}, apart from explicit clipping", apart(work, "cpu"), "<= 1e-5", size, seed)


def _adult(size: str, seed: int, seeds: range) -> Iterator[Row]:
    frame = adult()
    ways: dict[str, tuple[Way, str]] = {
        "epsilon 1": (adult_private(adult_spec(1.0)), ">= 0.912"),
        "epsilon 4": (adult_private(adult_spec(4.0)), ">= 0.918"),
        "epsilon 4, our boosting": (adult_private(_boosting(4.0)), ""),
        "epsilon 4, boosting of interpret": (_interpret(4.0), ""),
        "without privacy, the same bins": (adult_regression, ""),
        "without privacy, boosted trees": (_trees, ""),
    }
    for name, (way, target) in ways.items():
        scores = [way(*split(frame, each, "rich")) for each in seeds]
        yield from _scores(f"Adult AUROC, {name}", scores, target, size, seed)


def _scores(label: str, scores: list[float], target: str, size: str, seed: int) -> Iterator[Row]:
    yield row("learning", f"{label}, mean of {len(scores)}", statistics.mean(scores), target, size, seed)
    yield row("learning", f"{label}, deviation", statistics.stdev(scores), "", size, seed)


def _boosting(epsilon: float) -> TrainingSpec:
    return adult_spec(epsilon, model="boosting", scaled=False, steps=240, rate=0.5)


def _interpret(epsilon: float) -> Way:
    """Return interpret's own machine, its defaults kept; it learns bins and their bounds out of the same budget."""
    from interpret.privacy import DPExplainableBoostingClassifier

    spec = adult_spec(epsilon)
    names = list(spec.features())
    bounds = {each.name: (each.low, each.high) for each in spec.numeric}

    def way(train: pd.DataFrame, test: pd.DataFrame) -> float:
        model = DPExplainableBoostingClassifier(
            feature_names=names, epsilon=epsilon, delta=DELTA, privacy_bounds=bounds, n_jobs=1
        )
        model.fit(train[names], train["rich"])
        return auroc(test["rich"], model.predict_proba(test[names])[:, 1])

    return way


def _trees(train: pd.DataFrame, test: pd.DataFrame) -> float:
    from sklearn.ensemble import HistGradientBoostingClassifier

    spec = adult_spec(1.0)
    tables = [
        frame[list(spec.features())].assign(
            **{each.name: pd.Categorical(frame[each.name], each.values).codes for each in spec.categories}
        )
        for frame in (train, test)
    ]
    model = HistGradientBoostingClassifier().fit(tables[0], train["rich"])
    return auroc(test["rich"], model.predict_proba(tables[1])[:, 1])


def _flchain(size: str, seed: int, seeds: range) -> Iterator[Row]:
    frame = flchain()
    parts = [split(frame, each) for each in seeds]
    cox = [_concordance(test, _cox(train, test)) for train, test in parts]
    yield from _scores("flchain concordance, Cox without privacy", cox, "", size, seed)
    for epsilon, target in ((1.0, ">= 0.98"), (4.0, ">= 0.99")):
        spec = flchain_spec(epsilon)
        scores = [_concordance(test, dp.train(spec, train).predict(test)) for train, test in parts]
        yield from _scores(f"flchain concordance, epsilon {epsilon:g}", scores, "", size, seed)
        ratios = [ours / theirs for ours, theirs in zip(scores, cox, strict=True)]
        label = f"flchain concordance, epsilon {epsilon:g}, times Cox"
        yield row("learning", label, statistics.mean(ratios), target, size, seed)


def _concordance(frame: pd.DataFrame, risk: np.ndarray) -> float:
    from sksurv.metrics import concordance_index_censored

    return float(concordance_index_censored(frame["death"] == 1, frame["days"], risk)[0])


def _cox(train: pd.DataFrame, test: pd.DataFrame) -> np.ndarray:
    """Return the risk by Cox's model on the same inputs, cut and filled as the specification has it."""
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.util import Surv

    spec = flchain_spec(1.0)
    followed = Surv.from_arrays(train["death"] == 1, train["days"])
    model = CoxPHSurvivalAnalysis(alpha=1e-4).fit(inputs(train, spec).astype(float), followed)
    return np.asarray(model.predict(inputs(test, spec).astype(float)))
