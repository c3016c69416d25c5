"""Trees of scikit-learn that came out of a file, held against themselves: compiled code follows their numbers unasked.

A node names its children and its column by number, and scikit-learn looks up what they name without a check
(scikit-learn/scikit-learn#34558): a file could have it read beside the tree. So skops trusts no tree by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble._forest import BaseForest
from sklearn.ensemble._gb import BaseGradientBoosting
from sklearn.tree import BaseDecisionTree
from sklearn.tree._tree import Tree

from ml.errors import LearningRefused

_HOLD_TREES = (BaseDecisionTree, BaseForest, BaseGradientBoosting)
_LEAF = -1
_DEEPEST = 32  # estimators in estimators


def check_trees(model: Any) -> None:
    """Refuse a model of which a tree leads out of itself, or asks for a column that its rows do not have.

    Raises
    ------
    LearningRefused
        Always with the same words: it is no tree that was fitted.
    """
    for part, width in _parts(model, None, 0):
        sound = True
        if isinstance(part, Tree):
            sound = width is not None and _is_sound(part, width)
        elif isinstance(part, BaseGradientBoosting):
            sound = _is_ensemble(part)
        if not sound:
            raise LearningRefused("A tree of the model is none that was fitted", where="weights")


def estimators(model: Any) -> Iterator[BaseEstimator]:
    """Yield every estimator that a model is made of, itself first."""
    return (part for part, _ in _parts(model, None, 0) if isinstance(part, BaseEstimator))


def _parts(value: Any, width: int | None, deep: int) -> Iterator[tuple[Any, int | None]]:
    """Yield estimators and trees below a value, each with how many columns its rows are sure to have."""
    if deep > _DEEPEST:
        raise LearningRefused("The model is made of too many models in each other", where="weights")
    if isinstance(value, Tree):
        yield value, width
    elif isinstance(value, BaseEstimator):
        if isinstance(value, _HOLD_TREES):
            told = value.__dict__.get("n_features_in_")
            known = told if type(told) is int else 0
            width = known if width is None else min(known, width)
        yield value, width
        for each in vars(value).values():
            yield from _parts(each, width, deep + 1)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _parts(each, width, deep + 1)
    elif isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.dtype == object):
        for each in np.ravel(value) if isinstance(value, np.ndarray) else value:
            yield from _parts(each, width, deep + 1)


def _is_sound(tree: Tree, width: int) -> bool:
    """Tell whether each node is a leaf, or leads to two later nodes by a column that there is."""
    left, right, column = tree.children_left, tree.children_right, tree.feature
    at, count = np.arange(len(left)), len(left)
    inner = left != _LEAF
    return bool(
        count > 0
        and (left[inner] > at[inner]).all() and (left[inner] < count).all()
        and (right[inner] > at[inner]).all() and (right[inner] < count).all()
        and (column[inner] >= 0).all() and (column[inner] < width).all()
    )  # fmt: skip


def _is_ensemble(ensemble: BaseGradientBoosting) -> bool:
    """Tell whether a boosted model has one tree a step: compiled code writes a column of answers for each."""
    held = ensemble.__dict__.get("estimators_")
    if not isinstance(held, np.ndarray) or held.dtype != object or held.ndim != 2 or held.shape[1] != 1:
        return False
    return all(
        isinstance(each, BaseDecisionTree) and isinstance(each.__dict__.get("tree_"), Tree) for each in held.flat
    )
