"""The attacks of sacroml (AI-SDC/SACRO-ML 2.0.1), where they apply: they know classifiers that answer two classes.

Its likelihood attack clones an estimator of scikit-learn, so it is run on those alone; ours
(:mod:`ml.attacks.membership`) trains shadows as the platform trains. Its reports are files: they go to a folder that is
thrown away.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import Any

import numpy as np

from ml.attacks.known import Known
from ml.attacks.membership import far
from ml.attacks.outcome import Clock, Outcome, judged, not_run
from ml.attacks.subjects import Subject

MOST_PERSONS = 2000
_SHADOWS, _REPEATS = 20, 5
_NORMAL = 1.96
_WORST = "Let a classifier that is told the truth of some people learn from the model's answers who was trained on."
_LIKELIHOOD = "sacroml's likelihood ratio attack, with shadow models."
_STRUCTURE = "sacroml's structural attack: groups of people to whom the model gives the same answer."


def attack(subject: Subject, known: Known, random: np.random.Generator, clock: Clock) -> list[Outcome]:
    """Run what applies, as long as there is time."""
    ways = (("sacroml worst case", _WORST, _worst), ("sacroml likelihood", _LIKELIHOOD, _likelihood),
            ("sacroml structure", _STRUCTURE, _structure))  # fmt: skip
    if known.wanted.ndim > 1 or not np.isin(known.wanted, (0, 1)).all():
        return [not_run(name, tried, "It knows models of two classes alone.") for name, tried, _ in ways]
    found = []
    for name, tried, way in ways:
        if clock.is_out():
            found.append(not_run(name, tried, "There was no time left."))
        elif way is not _worst and subject.estimator is None:
            found.append(not_run(name, tried, "It knows estimators of scikit-learn alone."))
        elif way is _likelihood and "random_state" not in subject.estimator.get_params():
            found.append(not_run(name, tried, "It knows estimators that are trained at random alone."))
        else:
            with _quiet() as folder:
                found.append(way(subject, known, random, folder))
    return found


@contextmanager
def _quiet() -> Iterator[str]:
    """Give it a folder that is thrown away, and let it neither log nor warn: it names people by their row."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore")
            yield folder
    finally:
        logging.disable(before)


def _rows(known: Known, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a row of each of some members, and of each of as many others at most."""
    kinds = (np.flatnonzero(known.member), np.flatnonzero(~known.member))
    most = min(MOST_PERSONS, *(len(each) for each in kinds))
    first, second = (known.rows[random.permutation(each)[:most], 0] for each in kinds)
    return first, second


def _worst(subject: Subject, known: Known, random: np.random.Generator, folder: str) -> Outcome:
    from sacroml.attacks.worst_case_attack import WorstCaseAttack

    answers = []
    for at in _rows(known, random):
        one = subject.likelihood(known.features[at], np.ones(len(at), np.float32))
        right = subject.likelihood(known.features[at], known.wanted[at])
        answers.append(np.stack([1 - one, one, right], axis=1))
    tool = WorstCaseAttack(output_dir=folder, write_report=False, n_reps=_REPEATS, n_dummy_reps=0,
                           reproduce_split=list(range(_REPEATS)))  # fmt: skip
    tool.attack_from_preds(*answers)
    areas = [float(each["AUC"]) for each in tool.attack_metrics]
    return _of_area(
        "sacroml worst case", _WORST, float(np.mean(areas)), max(float(np.std(areas)), _null(len(answers[0])))
    )


def _null(people: int) -> float:
    """Return the standard deviation of the area where there is nothing to find, over a fifth of so many of each kind.

    Mann and Whitney 1947, equation 5: ``sqrt((n + m + 1) / (12 n m))``.
    """
    tested = max(1, people // 5)
    return float(np.sqrt((2 * tested + 1) / (12 * tested**2)))


def _of_area(name: str, tried: str, value: float, spread: float) -> Outcome:
    low, high = value - _NORMAL * spread, value + _NORMAL * spread
    got = (
        f"It puts a person who was trained on above another {value:.1%} of the time ({low:.1%} to {high:.1%}); blind "
        "guessing does half."
    )
    figures = {"area": value, "area_low": low, "area_high": high}
    return judged(name, tried, got, figures, far(low))


def _target(subject: Subject, known: Known, rows: tuple[np.ndarray, np.ndarray]) -> Any:
    from sacroml.attacks.target import Target

    (train, test), told = rows, known.wanted.astype(int)
    return Target(
        model=subject.estimator, dataset_name="extract",
        X_train=known.features[train], y_train=told[train], X_test=known.features[test], y_test=told[test],
    )  # fmt: skip


def _likelihood(subject: Subject, known: Known, random: np.random.Generator, folder: str) -> Outcome:
    from sacroml.attacks.likelihood_attack import LIRAAttack

    rows = _rows(known, random)
    tool = LIRAAttack(output_dir=folder, write_report=False, n_shadow_models=_SHADOWS)
    tool.attack(_target(subject, known, rows))
    return _of_area("sacroml likelihood", _LIKELIHOOD, float(tool.attack_metrics[0]["AUC"]), _null(5 * len(rows[0])))


def _structure(subject: Subject, known: Known, random: np.random.Generator, folder: str) -> Outcome:
    from sacroml.attacks.structural_attack import StructuralAttack

    members, others = (known.rows[each, 0] for each in (known.member, ~known.member))
    tool = StructuralAttack(output_dir=folder, write_report=False)
    tool.attack(_target(subject, known, (members, others)))
    told = tool.results
    named = {"k_anonymity": told.k_anonymity_risk, "class_disclosure": told.class_disclosure_risk,
             "small_groups": told.smallgroup_risk, "degrees_of_freedom": told.dof_risk,
             "needless_complexity": told.unnecessary_risk}  # fmt: skip
    found = [name.replace("_", " ") for name, is_so in named.items() if is_so]
    got = (
        f"It warns of {', '.join(found) or 'nothing'}. It counts as a group all who get just the same answer, so that "
        "a model with many answers has small groups always."
    )
    figures = {name: float(is_so) for name, is_so in named.items()}
    broken = {"degrees_of_freedom": bool(told.dof_risk), "certain_answers": bool(told.class_disclosure_risk)}
    return judged("sacroml structure", _STRUCTURE, got, figures, broken)
