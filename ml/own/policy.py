"""What a researcher's own model may be made of, and what its process may take: ``policies/models.yaml``, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from ml.errors import LearningRefused

FILE = Path(__file__).resolve().parents[2] / "policies" / "models.yaml"
Range = tuple[int, int]  # the first and the last that may be


@dataclass(frozen=True)
class Process:
    """What a model's process may take.

    Parameters
    ----------
    seconds_to_load, seconds_to_answer : int
        By the clock; whoever takes longer is ended.
    memory_bytes : int
        Of address space.
    rows : int
        In one question.
    """

    seconds_to_load: int
    seconds_to_answer: int
    memory_bytes: int
    rows: int


@dataclass(frozen=True)
class Onnx:
    """Which graphs are run.

    Parameters
    ----------
    ir : tuple of int
        Versions of the format.
    opsets : mapping
        Versions of each domain's operators; ``ai.onnx`` is the empty one.
    nodes, tensors, numbers : int
        How many there may be in a graph.
    operators : mapping
        Of each domain, those that are known.
    """

    ir: Range
    opsets: Mapping[str, Range]
    nodes: int
    tensors: int
    numbers: int
    operators: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Models:
    """The whole policy."""

    process: Process
    onnx: Onnx


@cache
def models() -> Models:
    """Return what the policy says.

    Raises
    ------
    LearningRefused
        When it is not whole.
    """
    told = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    try:
        return Models(Process(**{name: int(most) for name, most in told["process"].items()}), _onnx(told["onnx"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise LearningRefused("The policy of models is not whole", where=FILE.name) from None


def _onnx(told: Mapping[str, object]) -> Onnx:
    known = dict(told)
    opsets, operators = known.pop("opsets"), known.pop("operators")
    if not isinstance(opsets, dict) or not isinstance(operators, dict) or set(opsets) != set(operators):
        raise ValueError
    most = {name: int(str(known[name])) for name in ("nodes", "tensors", "numbers")}
    return Onnx(
        _range(known["ir"]),
        {domain: _range(versions) for domain, versions in opsets.items()},
        **most,
        operators={domain: frozenset(names) for domain, names in operators.items()},
    )


def _range(told: object) -> Range:
    if not isinstance(told, list):
        raise TypeError
    first, last = (int(each) for each in told)
    return first, last
