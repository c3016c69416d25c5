"""Hostile skops files: each is that of a fitted pipeline with one thing done to it, so that it has a clean twin."""

from __future__ import annotations

import io
import json
import pickle
import warnings
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.tree import DecisionTreeClassifier

from tests.models_hostile import Payload, pickled
from tests.own_hostile import HostileWeights
from tests.own_models import pipeline

SCHEMA = "schema.json"
Members = dict[str, bytes]


@cache
def clean() -> bytes:
    """Return the file of a boosted pipeline."""
    return bytes(skops.io.dumps(pipeline(GradientBoostingClassifier(n_estimators=2, random_state=0))))


def unpacked(data: bytes) -> Members:
    """Return the members of a file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members: Members, compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return a file of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def _members(change: Callable[[Members, Path], object]) -> Callable[[Path], bytes]:
    def made(proof: Path) -> bytes:
        held = unpacked(clean())
        change(held, proof)
        return packed(held)

    return made


def _schema(change: Callable[[dict[str, Any], Path], object]) -> Callable[[Path], bytes]:
    def made(proof: Path) -> bytes:
        held = unpacked(clean())
        told = json.loads(held[SCHEMA])
        change(told, proof)
        return packed({**held, SCHEMA: json.dumps(told).encode()})

    return made


def _planted(part: Callable[[Path], dict[str, Any]]) -> Callable[[Path], bytes]:
    """Return a file whose pipeline has one attribute more, which is this part."""

    def change(told: dict[str, Any], proof: Path) -> None:
        content = told["content"]
        content["content"]["more"] = part(proof)
        content["key_types"]["content"].append(dict(content["key_types"]["content"][0]))

    return _schema(change)


def _node(loader: str, kind: str, **more: Any) -> dict[str, Any]:
    module, _, name = kind.rpartition(".")
    return {"__class__": name, "__module__": module, "__loader__": loader, **more}


def _json(value: object) -> dict[str, Any]:
    return _node("JsonNode", "builtins.str", content=json.dumps(value), is_json=True)


def _tuple(*values: object) -> dict[str, Any]:
    return _node("TupleNode", "builtins.tuple", content=[_json(each) for each in values])


def _empty() -> dict[str, Any]:
    keys = _node("ListNode", "builtins.list", content=[])
    return _node("DictNode", "builtins.dict", content={}, key_types=keys)


def _partial(proof: Path) -> dict[str, Any]:
    content = {
        "func": _node("FunctionNode", "os.system"), "args": _tuple(f"touch {proof}"), "kwds": _empty(),
        "namespace": _empty(),
    }  # fmt: skip
    return _node("PartialNode", "functools.partial", content=content)


def _method(proof: Path) -> dict[str, Any]:
    path = _node("ConstructorFromReduceNode", "pathlib.PosixPath", content=_tuple(str(proof)))
    return _node("MethodNode", "pathlib.PosixPath", content={"func": "touch", "obj": path})


def _loss(proof: Path) -> dict[str, Any]:
    """Return a loss whose constructor is another: skops calls what the part itself names."""
    return _node("LossNode", "os.system", content=_empty(), __reduce__={"args": _tuple(f"touch {proof}")})


def _reads_files(proof: Path) -> dict[str, Any]:
    made = skops.io.dumps(CountVectorizer(input="filename", decode_error="ignore"))
    told: dict[str, Any] = json.loads(unpacked(made)[SCHEMA])
    return {name: value for name, value in told.items() if name not in ("protocol", "_skops_version")}


def _object_array(members: Members, proof: Path) -> None:
    name = next(each for each in members if each.endswith(".npy"))
    out = io.BytesIO()
    np.save(out, np.array([Payload(proof)], object), allow_pickle=True)
    members[name] = out.getvalue()


def _bomb(proof: Path) -> bytes:
    return packed({**unpacked(clean()), "0.npy": b"\0" * 300 * 1024 * 1024}, zipfile.ZIP_DEFLATED)


def _twice(proof: Path) -> bytes:
    out = io.BytesIO(clean())
    with zipfile.ZipFile(out, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr(SCHEMA, b"{}")
    return out.getvalue()


def _deep(members: Members, proof: Path) -> None:
    members[SCHEMA] = b"[" * 100_000


def _tree(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], bytes]:
    """Return the file of a tree whose nodes are others than those that were fitted."""

    def made(proof: Path) -> bytes:
        fitted = pipeline(DecisionTreeClassifier(max_depth=3, random_state=0))
        told = fitted[-1].tree_.__getstate__()
        change(told)
        fitted[-1].tree_.__setstate__(told)
        return bytes(skops.io.dumps(fitted))

    return made


def _changes_node(field: str, value: int) -> Callable[[Path], bytes]:
    def change(told: dict[str, Any]) -> None:
        told["nodes"] = told["nodes"].copy()
        told["nodes"][field][0] = value

    return _tree(change)


def _no_width(proof: Path) -> bytes:
    fitted = pipeline(DecisionTreeClassifier(max_depth=3, random_state=0))
    del fitted[-1].n_features_in_
    return bytes(skops.io.dumps(fitted))


def _boosted(change: Callable[[Any], object]) -> Callable[[Path], bytes]:
    def made(proof: Path) -> bytes:
        fitted = pipeline(GradientBoostingClassifier(n_estimators=2, random_state=0))
        change(fitted[-1])
        return bytes(skops.io.dumps(fitted))

    return made


def _two_a_step(model: Any) -> None:
    model.estimators_ = np.hstack([model.estimators_, model.estimators_])


def _no_tree(model: Any) -> None:
    model.estimators_[0, 0].tree_ = 7


SKOPS: tuple[HostileWeights, ...] = (
    HostileWeights("a pickle", pickled),
    HostileWeights("a pickle of a model", lambda proof: pickle.dumps(pipeline(DecisionTreeClassifier(max_depth=2)))),
    HostileWeights("nothing", lambda proof: b""),
    HostileWeights("half a file", lambda proof: clean()[: len(clean()) // 2]),
    HostileWeights("a pickle in an array", _members(_object_array)),
    HostileWeights("a pickle beside", _members(lambda held, proof: held.update({"model.pkl": pickled(proof)}))),
    HostileWeights("an array that nobody names", _members(lambda held, proof: held.update({"0.npy": b""}))),
    HostileWeights("an array that leaves its folder",
                   _members(lambda held, proof: held.update({f"../../..{proof}.npy": b"run"}))),
    HostileWeights("an array that is missing", _members(lambda held, proof: held.pop(next(iter(held))))),
    HostileWeights("a file larger than it looks", _bomb),
    HostileWeights("two schemas", _twice),
    HostileWeights("no schema", _members(lambda held, proof: held.pop(SCHEMA))),
    HostileWeights("a schema without end", _members(_deep)),
    HostileWeights("a list of what it trusts", _schema(lambda told, proof: told.update(trusted=["os.system"]))),
    HostileWeights("an older form", _schema(lambda told, proof: told.update(protocol=0))),
    HostileWeights("a type of its own",
                   _planted(lambda proof: _node("ObjectNode", "tests.models_hostile.Payload", content=_empty()))),
    HostileWeights("a function", _planted(lambda proof: _node("FunctionNode", "os.system"))),
    HostileWeights("a function of NumPy's", _planted(lambda proof: _node("FunctionNode", "numpy.fromfile"))),
    HostileWeights("a function as a type", _planted(lambda proof: _node("TypeNode", "os.system"))),
    HostileWeights("a function with its arguments", _planted(_partial)),
    HostileWeights("a method", _planted(_method)),
    HostileWeights("a caller of methods",
                   _planted(lambda proof: _node("OperatorFuncNode", "operator.methodcaller", attrs=_tuple("x")))),
    HostileWeights("a constructor",
                   _planted(lambda proof: _node("ConstructorFromReduceNode", "os.system", content=_tuple("id")))),
    HostileWeights("a loss that is a function", _planted(_loss)),
    HostileWeights("an estimator that reads files", _planted(_reads_files)),
    HostileWeights("an estimator that is built as a dictionary",
                   _planted(lambda proof: {**_empty(), "__class__": "Popen", "__module__": "subprocess"})),
    HostileWeights("a way of being built that nobody knows", _planted(lambda proof: _node("System", "os.system"))),
    HostileWeights("a part that holds more", _planted(lambda proof: {**_json(1), "file": "0.npy"})),
    HostileWeights("a dictionary in a text",
                   _planted(lambda proof: {**_json(1), "content": json.dumps({"__class__": "Popen"})})),
    HostileWeights("a part that is no part", _planted(lambda proof: {"__loader__": ["JsonNode"]})),
    HostileWeights("bytes", _planted(lambda proof: _node("BytesNode", "builtins.bytes", file="0.bin"))),
    HostileWeights("a tree that leads out of itself", _changes_node("left_child", 1_000_000)),
    HostileWeights("a tree that leads before itself", _changes_node("right_child", -7)),
    HostileWeights("a tree that leads to itself", _changes_node("left_child", 0)),
    HostileWeights("a tree of a column that is not there", _changes_node("feature", 1000)),
    HostileWeights("a tree of a column before the first", _changes_node("feature", -7)),
    HostileWeights("a tree that does not say how wide it is", _no_width),
    HostileWeights("two trees where one is written", _boosted(_two_a_step)),
    HostileWeights("a number in the place of a tree", _boosted(_no_tree)),
)  # fmt: skip
