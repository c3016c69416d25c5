"""The nodes of a fitted tree are a table of nodes; what only looks like one is read as any table is."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from tests.own_models import people
from tre.disclosure import Context, inspect
from tre.disclosure.readers.fitted_trees import is_fitted_tree


def nodes(least: int = 20, **more: int) -> np.ndarray:
    """Return the nodes of a tree whose leaves hold so many people at least, as a file of NumPy's has them."""
    frame = people(3000)
    fitted = DecisionTreeClassifier(min_samples_leaf=least, random_state=0, **more).fit(frame[["age"]], frame["died"])
    out = io.BytesIO()
    np.save(out, fitted.tree_.__getstate__()["nodes"])
    return np.array(np.load(io.BytesIO(out.getvalue())))


def laid_out(held: np.ndarray) -> np.ndarray:
    """Return nodes with what pads each of them, nought as scikit-learn has it: a copy of NumPy's has anything there."""
    names = list(held.dtype.names or ())
    made = np.zeros(len(held), [*((name, held.dtype[name]) for name in names), ("pad", "V7")])
    for name in names:
        made[name] = held[name]
    return made


def rules(tmp_path: Path, held: np.ndarray) -> set[str]:
    np.save(tmp_path / "nodes.npy", laid_out(held))
    return {each.rule for each in inspect(tmp_path / "nodes.npy", Context(sandbox=False)).findings}


@pytest.mark.parametrize("more", [{}, {"max_leaf_nodes": 9}])
def test_a_tree_of_large_leaves_is_no_table_of_people(more: dict[str, int], tmp_path: Path) -> None:
    assert is_fitted_tree(nodes(**more))
    assert not rules(tmp_path, nodes(**more)) & {"record-level", "small-leaf", "small-count"}


def test_a_tree_of_small_leaves_is_told_by_its_leaves(tmp_path: Path) -> None:
    assert "small-leaf" in rules(tmp_path, nodes(3))


def leaf(held: np.ndarray) -> int:
    return int(np.flatnonzero(held["left_child"] == -1)[0])


SPOILT = {
    "people who do not add up": ("n_node_samples", 0, 2999),
    "a leaf of nobody": ("weighted_n_node_samples", 1, 0),
    "a child of two": ("right_child", 0, 1),
    "a child before its parent": ("left_child", 1, 0),
    "a column before the first": ("feature", 0, -3),
    "a way that is neither": ("missing_go_to_left", 0, 7),
}


@pytest.mark.parametrize(("field", "place", "value"), SPOILT.values(), ids=SPOILT.keys())
def test_what_is_no_tree_in_one_respect_is_read_as_a_table(field: str, place: int, value: int, tmp_path: Path) -> None:
    held = nodes()
    held[field][place] = value
    assert not is_fitted_tree(held)
    assert "record-level" in rules(tmp_path, held)


@pytest.mark.parametrize(("field", "value"), [("threshold", 47.5), ("feature", 3), ("right_child", 4)])
def test_nothing_can_be_written_into_a_leaf(field: str, value: float) -> None:
    held = nodes()
    held[field][leaf(held)] = value
    assert not is_fitted_tree(held)


def test_nothing_can_be_written_between_the_nodes() -> None:
    held = nodes()
    padded = laid_out(held)
    assert is_fitted_tree(padded)
    padded["pad"][0] = b"4857773"
    assert not is_fitted_tree(padded)
    assert not is_fitted_tree(held[:0])
    assert not is_fitted_tree(held.astype([(name, "f8") for name in held.dtype.names or ()]))
