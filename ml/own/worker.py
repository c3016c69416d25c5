"""The process in which a researcher's own model is loaded and asked: ``python -m ml.own.worker``.

It reads from standard input which model it is, then question after question, and answers each on standard output. It
bounds its own memory and what it may write before it reads anything. The parent ends it when it takes too long.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import Any, BinaryIO, Protocol

import numpy as np

from ml.errors import LearningRefused
from ml.own.policy import models
from ml.own.schema import Asked, OwnSchema, middle

_CANNOT_LOAD = "The model's file cannot be loaded"
_CANNOT_ANSWER = "The model cannot answer what it was asked"


class Runs(Protocol):
    """A model that was loaded; one that can be trained again has ``again`` as well."""

    def answer(self, asked: Asked) -> Asked:
        """Return what it tells of each row."""

    def arrays(self) -> dict[str, Asked]:
        """Return the numbers that it is made of; the names of those that were not fitted begin with a line."""


def main() -> None:
    """Load one model and answer until standard input ends."""
    _confine()
    given, told = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no answer
    request = json.loads(given.readline())
    schema = OwnSchema.from_json(request["schema"])
    try:
        model = _loaded(request["kind"], given.read(request["bytes"]), schema)
        held(model.answer(middle(schema)), 2, schema)
        _reply(told, _sizes(model.arrays()))
    except Exception as error:  # an entry point: whatever a stranger's file brought about, it cannot be loaded
        _reply(told, {"refused": _sentence(error, _CANNOT_LOAD)})
        return
    for line in given:
        _answer(model, schema, json.loads(line), given, told)


class _Absent(MetaPathFinder):
    """Says of torch that it is not there: what looks for it here needs it not, and it takes seconds and memory."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name == "torch":
            raise ModuleNotFoundError(name=name)


def _confine() -> None:
    sys.meta_path.insert(0, _Absent())
    policy = models().process
    for kind, most in (
        (resource.RLIMIT_AS, policy.memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def _loaded(kind: str, data: bytes, schema: OwnSchema) -> Runs:
    if kind == "onnx":
        from ml.own.onnx_model import OnnxModel

        return OnnxModel(data, schema, models().onnx)
    if kind == "skops":
        from ml.own.skops_model import SkopsModel

        return SkopsModel(data, schema, models().skops)
    raise LearningRefused("A model is of no kind that is run", where="weights")


def _sizes(arrays: Mapping[str, Asked]) -> dict[str, Any]:
    fitted = sum(each.size for name, each in arrays.items() if not name.startswith("_"))
    return {"arrays": [list(each.shape) for each in arrays.values()], "fitted": fitted}


def _answer(model: Runs, schema: OwnSchema, question: dict[str, Any], given: BinaryIO, told: BinaryIO) -> None:
    if "arrays" in question:
        _reply(told, {}, *model.arrays().values())
        return
    asked = _table(given, question["rows"], schema)
    trained = _table(given, question["trained"], schema) if "trained" in question else None
    wanted = np.frombuffer(given.read(8 * len(trained)), "<f8") if trained is not None else None
    try:
        with np.errstate(all="ignore"):
            if trained is not None and wanted is not None:
                model = _again(model, trained, wanted, question["seed"])
            answers = held(model.answer(asked), len(asked), schema)
    except Exception as error:  # an entry point, as above
        _reply(told, {"refused": _sentence(error, _CANNOT_ANSWER)})
    else:
        _reply(told, {}, answers)


def _table(given: BinaryIO, rows: int, schema: OwnSchema) -> Asked:
    width = len(schema.features())
    return np.frombuffer(given.read(rows * width * 8), "<f8").reshape(rows, width)


def _again(model: Runs, trained: Asked, wanted: Asked, seed: int) -> Runs:
    from ml.own.skops_model import SkopsModel

    if not isinstance(model, SkopsModel):
        raise LearningRefused("The model cannot be trained again", where="weights")
    return model.again(trained, wanted, seed)


def _sentence(error: Exception, otherwise: str) -> str:
    """Return what a refusal of ours says; the words of any other error may hold what the file holds."""
    return error.sentence() if isinstance(error, LearningRefused) else f"{otherwise}."


def held(told: Asked, rows: int, schema: OwnSchema) -> Asked:
    """Return one number for each row: of a classifier's two, that of the class 1.

    Raises
    ------
    LearningRefused
        It is not one finite number for each row, or a probability outside 0 and 1.
    """
    if told.ndim == 2 and told.shape[1] == 2 and schema.answer() == "probability":
        told = told[:, 1]
    told = told[:, 0] if told.ndim == 2 and told.shape[1] == 1 else told
    if told.shape != (rows,) or not np.isfinite(told).all():
        raise LearningRefused("The model does not answer with one number for each row", where="weights")
    if schema.answer() == "probability" and (told.min(initial=0) < -1e-6 or told.max(initial=0) > 1 + 1e-6):
        raise LearningRefused("The model's answer is no probability", where="weights")
    return told if schema.answer() == "value" else np.clip(told, 0.0, 1.0)


def _reply(out: BinaryIO, head: dict[str, Any], *bodies: Asked) -> None:
    out.write(json.dumps(head).encode() + b"\n")
    for each in bodies:
        out.write(np.ascontiguousarray(each, "<f8").tobytes())
    out.flush()


if __name__ == "__main__":
    main()
