"""The nodes of a fitted tree of scikit-learn (``sklearn/tree/_tree.pyx``, NODE_DTYPE): a table of nodes, not of people.

Only what is a tree in every respect is read so: its numbers of children and of people follow from each other, and leave
nothing to be written into them but cuts and impurities, which are kept as numbers.
"""

from __future__ import annotations

import numpy as np

from tre.disclosure.contents import Contents, Tensor

_FIELDS = ("left_child", "right_child", "feature", "threshold", "impurity", "n_node_samples", "weighted_n_node_samples",
           "missing_go_to_left")  # fmt: skip
_NONE, _UNDEFINED = -1, -2  # of a leaf: its children; its column and its cut
_WIDEST = 10_000  # columns that a model of tables has


def is_fitted_tree(nodes: np.ndarray) -> bool:
    """Tell whether an array is the nodes of a tree: each but the first is the child of just one, and people add up.

    Parameters
    ----------
    nodes : array
        Shape (nodes,), of records.
    """
    names = nodes.dtype.names or ()
    if names[: len(_FIELDS)] != _FIELDS or nodes.ndim != 1 or not len(nodes):
        return False
    if any(nodes.dtype[name].kind != "V" or nodes[name].tobytes().strip(b"\0") for name in names[len(_FIELDS) :]):
        return False  # the bytes that pad a node are nought, or something is written there
    if [nodes.dtype[name].kind for name in _FIELDS] != list("iiiffifu"):
        return False
    left, right, column, cut = (nodes[name] for name in _FIELDS[:4])
    inner, leaf, at = left != _NONE, left == _NONE, np.arange(len(nodes))
    children = np.concatenate([left[inner], right[inner]])
    if not np.array_equal(np.sort(children), at[1:]) or (children <= np.tile(at[inner], 2)).any():
        return False
    undefined = (right[leaf] == _NONE) & (column[leaf] == _UNDEFINED) & (cut[leaf] == _UNDEFINED)
    columns = (column[inner] >= 0) & (column[inner] < _WIDEST)
    return bool(undefined.all() and columns.all() and (nodes["missing_go_to_left"] <= 1).all() and _adds_up(nodes))


def _adds_up(nodes: np.ndarray) -> bool:
    inner = nodes["left_child"] != _NONE
    for name in ("n_node_samples", "weighted_n_node_samples"):
        held = nodes[name]
        below = held[nodes["left_child"][inner]] + held[nodes["right_child"][inner]]
        if not np.allclose(held[inner], below, rtol=1e-9) or not (held > 0).all():
            return False
    return True


def keep_tree(nodes: np.ndarray, where: str, contents: Contents) -> None:
    """Keep how many people each node holds, as scikit-learn writes it in words, and what was fitted as numbers."""
    held = ", ".join(map(str, nodes["n_node_samples"].tolist()))
    contents.add_text(f"{where} nodes".strip(), f'"n_node_samples": [{held}]')
    inner = nodes["left_child"] != _NONE
    for name, values in (("threshold", nodes["threshold"][inner]), ("impurity", nodes["impurity"])):
        contents.tensors.append(Tensor(where, name, values, True))
