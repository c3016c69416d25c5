"""How well a model does for groups of people, such as each sex, told of noisy counts that are paid for.

For each group a histogram of its answers, by whether the outcome came, gets Gaussian noise; figures of it cost nothing
more, and :class:`fairlearn.metrics.MetricFrame` makes them of its cells, each as many persons as its count. A person is
in one group of each kind, so all kinds together move by the root of how many there are. Groups that are not surely
larger than a table's threshold are left out.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from ml.dp import TrainedModel
from ml.errors import LearningRefused
from ml.evaluate import Numbers, answered, counted, fresh_noise, noisy, of_the_held_back
from ml.noise import Noise
from ml.spec import Category, TrainingSpec

THRESHOLD = 10  # persons: under it a cell of a table is not let out (docs of ACRO; OpenSAFELY)
EVERYBODY = "everybody"
_STREAM = 3  # of judging: the figures have 0, the attack 1 and 2
_EDGES = 1 / (1 + np.exp(-np.linspace(-4, 4, 9)))  # even steps of the logit; public
_MIDDLES = (np.append(0, _EDGES) + np.append(_EDGES, 1)) / 2
_SURE = 3  # standard deviations of a count's noise


def groups_of(model: TrainedModel, held_out: pd.DataFrame, noise: Noise | None = None) -> dict[str, Any]:
    """Return figures for each group that the specification names, and for everybody.

    Parameters
    ----------
    noise : Noise, optional
        The training's own, so that a job begun again tells the same; else a new one. Asked twice, it is spent twice.

    Returns
    -------
    dict
        ``threshold``, the answer from which a person counts as found: about how often the outcome comes;
        ``calibration``, for each step of answers what is expected and what was observed; ``groups``, by kind and group
        ``persons`` and the figures; ``differences``, by kind the largest between two groups; ``left_out``, by kind how
        many groups are too small. Empty where the specification names no groups.

    Raises
    ------
    LearningRefused
        When a column is missing.
    """
    kinds = model.spec.groups
    if not kinds:
        return {}
    check_groups(model.spec, held_out)
    wanted, told, shares, rows = answered(model, held_out)
    exact = [_histograms(wanted, told, shares, rows, each) for each in (Category(EVERYBODY, (EVERYBODY,)), *kinds)]
    multiplier, moves = of_the_held_back(model.spec), math.sqrt(len(exact))
    flat = noisy(
        np.concatenate([each.reshape(-1) for each in exact]), moves, multiplier, noise or fresh_noise(), _STREAM
    )
    parts = np.split(flat, np.cumsum([each.size for each in exact])[:-1])
    noised = [part.reshape(each.shape) for part, each in zip(parts, exact, strict=True)]
    return _told(noised, kinds, multiplier * moves)


def check_groups(spec: TrainingSpec, frame: pd.DataFrame) -> None:
    """Refuse a table that lacks a column by which people are to be told apart.

    Raises
    ------
    LearningRefused
        Naming the first.
    """
    if missing := [each.name for each in spec.groups if each.name not in frame.columns]:
        raise LearningRefused("The table lacks a column of groups", where=missing[0], todo="Add it to the table")


def _histograms(wanted: Numbers, told: Numbers, shares: Numbers, rows: pd.DataFrame, kind: Category) -> Numbers:
    """Return counts by group, outcome and step of answers; who is of none of the groups is counted nowhere."""
    if kind.name == EVERYBODY:
        within = [np.ones(len(rows))]
    else:
        held = rows[kind.name].astype("string").to_numpy(dtype=object, na_value="")
        within = [(held == value).astype(float) for value in kind.values]
    return np.array([
        [counted(told, _EDGES, shares * each * (wanted == came)) for came in (0, 1)] for each in within
    ])  # fmt: skip


def _told(noised: list[Numbers], kinds: tuple[Category, ...], spread: float) -> dict[str, Any]:
    everybody = _cells(noised[0][0], spread)
    often = float(np.average(everybody["came"], weights=everybody["count"])) if len(everybody) else 0.5
    threshold = float(_EDGES[np.abs(_EDGES - often).argmin()])  # an edge: what is counted in a step lies on one side
    found: dict[str, Any] = {
        "threshold": _short(threshold), "calibration": _calibration(everybody, spread),
        "groups": {}, "differences": {}, "left_out": {},
    }  # fmt: skip
    for kind, counts in zip(kinds, noised[1:], strict=True):
        cells = {value: _cells(each, spread) for value, each in zip(kind.values, counts, strict=True)}
        kept = {value: each for value, each in cells.items() if _is_large(each, spread)}
        found["left_out"][kind.name] = len(cells) - len(kept)
        found["groups"][kind.name], found["differences"][kind.name] = _figures(kept, threshold)
    return found


def _cells(counts: Numbers, spread: float) -> pd.DataFrame:
    """Return the cells that hold more than noise makes of nobody: whether the outcome came, the answer, how many."""
    sure = counts.sum(axis=0) > 2 * math.sqrt(2) * spread
    kept = np.maximum(counts, 0) * sure
    came, step = np.nonzero(kept)
    return pd.DataFrame({"came": came, "answer": _MIDDLES[step], "count": kept[came, step]})


def _is_large(cells: pd.DataFrame, spread: float) -> bool:
    sure = _SURE * spread * math.sqrt(max(len(cells), 1))
    return bool(cells["count"].sum() > THRESHOLD + sure) and cells["came"].nunique() == 2


def _calibration(cells: pd.DataFrame, spread: float) -> list[dict[str, float]]:
    told = []
    for answer, each in cells.groupby("answer"):
        if each["count"].sum() > THRESHOLD + _SURE * spread:
            observed = float(np.average(each["came"], weights=each["count"]))
            told.append({"expected": _short(float(str(answer))), "observed": _short(observed)})
    return told


def _figures(kept: dict[str, pd.DataFrame], threshold: float) -> tuple[dict[str, Any], dict[str, float]]:
    from fairlearn.metrics import MetricFrame

    if not kept:
        return {}, {}
    every = pd.concat([each.assign(group=value) for value, each in kept.items()], ignore_index=True)
    ways = {
        "auroc": _auroc, "observed": _observed, "expected": _expected,
        "found": lambda came, answer, count: _share(answer >= threshold, count * (came == 1)),
        "found_wrongly": lambda came, answer, count: _share(answer >= threshold, count * (came == 0)),
    }  # fmt: skip
    frame = MetricFrame(
        metrics=ways, y_true=every["came"], y_pred=every["answer"], sensitive_features=every["group"],
        sample_params={name: {"count": every["count"]} for name in ways},
    )  # fmt: skip
    groups = {
        value: {"persons": round(float(kept[value]["count"].sum()), -1),
                **{name: _short(float(frame.by_group.loc[value, name])) for name in ways}}
        for value in kept
    }  # fmt: skip
    apart = frame.difference() if len(kept) > 1 else {}
    return groups, {name: _short(float(apart[name])) for name in ways if len(kept) > 1}


def _auroc(came: pd.Series, answer: pd.Series, count: pd.Series) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(came, answer, sample_weight=count))


def _observed(came: pd.Series, answer: pd.Series, count: pd.Series) -> float:
    return _share(came == 1, count)


def _expected(came: pd.Series, answer: pd.Series, count: pd.Series) -> float:
    return float(np.average(answer, weights=count))


def _share(of: pd.Series, count: pd.Series) -> float:
    return float(np.average(of, weights=count)) if count.sum() > 0 else 0.0


def _short(value: float) -> float:
    return round(value, 2)
