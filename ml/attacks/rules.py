"""When an attack has got too much: ``policies/attacks.yaml``, read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

from ml.errors import LearningRefused

_FILE = Path(__file__).resolve().parents[2] / "policies" / "attacks.yaml"
Level = Literal["leaks", "look"]


@dataclass(frozen=True)
class Rule:
    """One rule: what is compared with which bound, how bad it is, and what a checker reads of it."""

    level: Level
    bound: float
    means: str
    source: str
    fix: str


@dataclass(frozen=True)
class Rules:
    """The policy: its rules by name, and under how many persons a group is small."""

    of: dict[str, Rule]
    small: int

    def __getitem__(self, name: str) -> Rule:
        return self.of[name]


@cache
def rules() -> Rules:
    """Return what the policy says.

    Raises
    ------
    LearningRefused
        When it is not whole.
    """
    told = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    try:
        found = {name: Rule(**each) for name, each in told["rules"].items()}
        if any(rule.level not in ("leaks", "look") or rule.bound < 0 for rule in found.values()):
            raise ValueError
        return Rules(found, int(told["small"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise LearningRefused("The policy of attacks is not whole", where=_FILE.name) from None
