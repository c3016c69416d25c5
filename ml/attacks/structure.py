"""What a model's form alone gives away: how many numbers it fitted, and groups of its own that hold few people.

The rules are those of tables and regressions, held against a model (Smith and others, SACRO-ML; ACRO).
"""

from __future__ import annotations

import numpy as np

from ml.attacks.known import Known
from ml.attacks.outcome import Outcome, judged, not_run
from ml.attacks.rules import rules
from ml.attacks.subjects import Subject

_FREEDOM = "Count the numbers that were fitted, and the people they were fitted on."
_LEAVES = "Count the people whom the model puts together in each of its leaves, and whether they all had one outcome."
_MOST_TREES = 50


def attack(subject: Subject, known: Known) -> list[Outcome]:
    """Judge a model's form."""
    return [_freedom(subject, known), _leaves(subject, known)]


def _freedom(subject: Subject, known: Known) -> Outcome:
    people = int(known.member.sum())
    left = people - subject.parameters
    got = f"It has {subject.parameters:,} numbers, and about {round(people, -1):,} people to fit them on."
    figures = {"parameters": float(subject.parameters), "freedom": float(round(left, -1))}
    broken = {"degrees_of_freedom": left < rules()["degrees_of_freedom"].bound}
    return judged("degrees of freedom", _FREEDOM, got, figures, broken)


def _leaves(subject: Subject, known: Known) -> Outcome:
    """Judge the leaves of a tree, or those of the worst of several.

    How a forest's trees cut together is finer than each of them: what is told is the least that is given away.
    """
    if not hasattr(subject.estimator, "apply"):
        return not_run("leaves", _LEAVES, "The model has no leaves.")
    rows = known.rows[known.member, 0]
    leaves = np.asarray(subject.estimator.apply(known.features[rows])).reshape(len(rows), -1)[:, :_MOST_TREES]
    judgements = [_of_tree(each, known.wanted[rows]) for each in leaves.T]
    small, certain = (max(each) for each in zip(*judgements, strict=True))
    got = (
        f"{small:.1%} of the people are in leaves of fewer than {rules().small}, and {certain:.1%} in such leaves of "
        "which everybody had the same outcome."
    )
    broken = {
        name: share > rules()[name].bound for name, share in (("small_leaves", small), ("certain_leaves", certain))
    }
    return judged("leaves", _LEAVES, got, {"in_small": small, "in_certain": certain}, broken)


def _of_tree(leaves: np.ndarray, wanted: np.ndarray) -> tuple[float, float]:
    """Return the share of people in small leaves, and in small leaves of one outcome."""
    _, leaf, count = np.unique(leaves, return_inverse=True, return_counts=True)
    positive = np.bincount(leaf, wanted == 1, len(count))
    small = count < rules().small
    certain = small & ((positive == 0) | (positive == count))
    return float(count[small].sum() / len(leaves)), float(count[certain].sum() / len(leaves))
