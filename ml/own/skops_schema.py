"""What a skops file says it is made of, held against the policy before anything of it is built.

skops builds what a file names, where it trusts the name: by itself it trusts every estimator of scikit-learn (of which
one reads files by their path and some keep the rows they were fitted on), and more that a list names. The list that it
is given here is the policy's, never the file's own (MLflow once took that: GHSA-w582-9x45-8mpx); and every part is
looked at here first, for its way of being built and its type together, in a form that holds nothing else.
"""

from __future__ import annotations

import io
import json
import re
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.errors import LearningRefused
from ml.own.policy import Skops

SCHEMA = "schema.json"
PROTOCOL = 2
_ARRAY = re.compile(r"[0-9a-f-]{1,40}\.npy")
_NAMED = {"__class__", "__module__", "__loader__", "__id__"}
_OF_ROOT = {"protocol", "_skops_version"}
_KINDS = "biufU"  # truths, numbers and texts: of complex numbers, dates and bytes no model here is made
_NODES = (  # of a tree (sklearn.tree._tree.NODE_DTYPE)
    "left_child", "right_child", "feature", "threshold", "impurity", "n_node_samples", "weighted_n_node_samples",
    "missing_go_to_left",
)  # fmt: skip
Part = Mapping[str, Any]
# What the libraries raise that read a damaged archive, and a damaged header of an array: that is a Python expression.
_OF_ZIP = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError,
           NotImplementedError, ValueError, IndexError, OverflowError)  # fmt: skip
_OF_NUMPY = (ValueError, EOFError, OSError, TypeError, SyntaxError, tokenize.TokenError, KeyError, OverflowError,
             MemoryError, RecursionError)  # fmt: skip


def checked(data: bytes, policy: Skops) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a file by their name in it, and the numbers of its schema, once it may be built whole.

    Raises
    ------
    LearningRefused
        It is no skops file, or holds a part that the policy does not name. The part is told by its place alone.
    """
    members = _members(data, policy)
    try:
        told = json.loads(members.pop(SCHEMA))
    except (KeyError, ValueError, RecursionError):
        raise LearningRefused("The weights are no skops file, or a damaged one", where="weights") from None
    _require(isinstance(told, dict) and told.get("protocol") == PROTOCOL, "it is of a version that is not known")
    parts = list(_parts(told, policy))
    used = {part["file"] for part in parts if "file" in part}
    _require(used == set(members), "it holds files that it does not name, or names some that it does not hold")
    return {name: _array(content) for name, content in members.items()} | _told(parts)


def _members(data: bytes, policy: Skops) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            listed = archive.infolist()
            _require(0 < len(listed) <= policy.members, f"it holds nothing, or more than {policy.members} files")
            _require(sum(each.file_size for each in listed) <= policy.bytes, "it is too large when unpacked")
            names = [each.filename for each in listed]
            _require(len(set(names)) == len(names), "two of its files have one name")
            _require(all(each == SCHEMA or _ARRAY.fullmatch(each) for each in names), "it holds other files")
            return {each.filename: archive.read(each) for each in listed}
    except _OF_ZIP:
        raise LearningRefused("The weights are no skops file, or a damaged one", where="weights") from None


def _parts(root: Part, policy: Skops) -> Iterator[Part]:
    """Hold every part against the policy, and yield it: those within it follow, in the file's order."""
    waiting: list[Any] = [root]
    seen = 0
    while waiting:
        part, seen = waiting.pop(), seen + 1
        _require(seen <= policy.parts, f"it is made of more than {policy.parts} parts")
        _require(isinstance(part, dict), f"part {seen} has no form that is known")
        loader, kind = part.get("__loader__"), f"{part.get('__module__')}.{part.get('__class__')}"
        known = isinstance(loader, str) and loader in _FORMS and kind in policy.built.get(loader, ())
        _require(known, f"part {seen} is of a type, or is built in a way, that the policy does not name")
        keys, children = _FORMS[str(loader)]
        _require(set(part) - _NAMED - (_OF_ROOT if part is root else set()) <= keys, f"part {seen} holds more")
        _require(type(part.get("__id__", 0)) is int, f"part {seen} has no form that is known")
        try:
            waiting += reversed(children(part))
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            _require(False, f"part {seen} has no form that is known")
        yield part


def _told(parts: Sequence[Part]) -> dict[str, npt.NDArray[Any]]:
    """Return the numbers that stand in the schema itself, in its order: as many rows would fit there as in an array."""
    read = [json.loads(part["content"]) for part in parts if part["__loader__"] == "JsonNode"]
    ends = [each for part in parts if part["__loader__"] == "SliceNode" for each in part["content"].values()]
    told = {
        "_values": [each for each in read if type(each) in (int, float)],
        "_ends of slices": [each for each in ends if each is not None],
        "_numbers of parts": [part["__id__"] for part in parts if "__id__" in part],
    }
    try:
        return {name: np.array(each, np.float64) for name, each in told.items() if each}
    except OverflowError:
        raise LearningRefused("A number of the model is too large", where="weights") from None


def _content(part: Part) -> list[Any]:
    return [part["content"]] if "content" in part else []


def _each(part: Part) -> list[Any]:
    return list(part["content"])


def _of_dict(part: Part) -> list[Any]:
    return [part["key_types"], *part["content"].values()]


def _of_array(part: Part) -> list[Any]:
    """Return the parts of an array of objects, which stand in the schema one by one; of numbers there are none."""
    if part["type"] == "numpy":
        if set(part) & {"content", "shape"} or not isinstance(part["file"], str):
            raise ValueError
        return []
    if part["type"] != "json" or "file" in part:
        raise ValueError
    return [*part["content"], part["shape"]]


def _of_json(part: Part) -> list[Any]:
    if isinstance(json.loads(part["content"]), dict | list):
        raise ValueError  # skops writes those as parts of their own
    return []


def _of_slice(part: Part) -> list[Any]:
    ends = part["content"]
    if set(ends) != {"start", "stop", "step"} or not all(each is None or type(each) is int for each in ends.values()):
        raise ValueError
    return []


def _reduced(part: Part) -> list[Any]:
    if set(part["__reduce__"]) != {"args"}:
        raise ValueError
    return [part["content"], part["__reduce__"]["args"]]


# Of each way of being built: what such a part may hold, and which parts it is made of. What calls a function that the
# file names, or a constructor other than that of the part's own type, is none of them.
_FORMS: dict[str, tuple[set[str], Callable[[Part], list[Any]]]] = {
    "ObjectNode": ({"content"}, _content),
    "DictNode": ({"content", "key_types"}, _of_dict),
    "ListNode": ({"content"}, _each),
    "TupleNode": ({"content"}, _each),
    "NdArrayNode": ({"type", "file", "content", "shape"}, _of_array),
    "JsonNode": ({"content", "is_json"}, _of_json),
    "TypeNode": (set(), lambda part: []),
    "DTypeNode": ({"content"}, _content),
    "SliceNode": ({"content"}, _of_slice),
    "RandomStateNode": ({"content"}, _content),
    "LossNode": ({"content", "__reduce__"}, _reduced),
    "TreeNode": ({"content", "__reduce__"}, _reduced),
}


def _array(content: bytes) -> npt.NDArray[Any]:
    """Return an array of NumPy's own format; one of objects would be a pickle."""
    try:
        held = np.load(io.BytesIO(content), allow_pickle=False)
    except _OF_NUMPY:
        raise LearningRefused("An array of the model is damaged, or is a pickle", where="weights") from None
    _require(isinstance(held, np.ndarray) and not held.dtype.hasobject, "an array of it holds objects")
    _require(held.dtype.kind in _KINDS or held.dtype.names == _NODES, "an array of it is of a type that is not known")
    return np.asarray(held)


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise LearningRefused(f"The model's file is not one that is built: {what}", where="weights")
