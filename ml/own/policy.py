"""What a researcher's own model may be made of, and what its process may take: ``policies/models.yaml``, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

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
class Skops:
    """Which files of skops are built.

    Parameters
    ----------
    members, bytes, parts : int
        How many files it may hold, how large they may be together, and of how many parts its schema may be.
    built : mapping
        Of each way in which skops builds a part, the types that may be built so.
    """

    members: int
    bytes: int
    parts: int
    built: Mapping[str, frozenset[str]]

    def trusted(self) -> list[str]:
        """Return all types that may be built, as skops takes them."""
        return sorted(frozenset().union(*self.built.values()))


@dataclass(frozen=True)
class Models:
    """The whole policy."""

    process: Process
    onnx: Onnx
    skops: Skops


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
        process = Process(**{name: int(most) for name, most in told["process"].items()})
        return Models(process, _onnx(told["onnx"]), _skops(told["skops"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise LearningRefused("The policy of models is not whole", where=FILE.name) from None


def _onnx(told: Mapping[str, Any]) -> Onnx:
    if set(told["opsets"]) != set(told["operators"]):
        raise ValueError
    return Onnx(
        _range(told["ir"]),
        {domain: _range(versions) for domain, versions in told["opsets"].items()},
        int(told["nodes"]), int(told["tensors"]), int(told["numbers"]),
        {domain: frozenset(map(str, names)) for domain, names in told["operators"].items()},
    )  # fmt: skip


def _skops(told: Mapping[str, Any]) -> Skops:
    built = {loader: frozenset(map(str, types)) for loader, types in told["built"].items()}
    return Skops(int(told["members"]), int(told["bytes"]), int(told["parts"]), built)


def _range(told: Sequence[int]) -> Range:
    first, last = (int(each) for each in told)
    return first, last
