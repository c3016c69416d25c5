"""``policies/satre.yaml`` as values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tre.config.options import REPOSITORY
from tre.config.policy_files import reading
from tre.evidence.domain import IMPORTANCES, Statement

POLICY_FILE = REPOSITORY / "policies" / "satre.yaml"


@dataclass(frozen=True)
class Specification:
    """What a pack is made against: its name, where it stands, under which licence, and its statements in order."""

    name: str
    source: str
    licence: str
    attribution: str
    statements: tuple[Statement, ...]


@cache
def specification(path: Path = POLICY_FILE) -> Specification:
    """Return the specification of the file.

    Raises
    ------
    SettingsError
        When it cannot be read as one.
    """
    with reading(path, "The specification's statements") as told:
        capabilities = told["capabilities"]
        statements = tuple(_statement(number, each, capabilities) for number, each in told["statements"].items())
        return Specification(
            str(told["specification"]), str(told["source"]), str(told["licence"]), str(told["attribution"]), statements
        )


def _statement(number: str, told: dict[str, Any], capabilities: dict[str, str]) -> Statement:
    if told["importance"] not in IMPORTANCES:
        raise ValueError(number)
    capability = capabilities[number.rpartition(".")[0]]
    generated = tuple(told.get("generated", ()))
    known = {name: told[name] for name in told if name != "generated"}
    return Statement(number=number, capability=capability, generated=generated, **known)
