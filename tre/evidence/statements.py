"""``policies/satre.yaml`` as values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tre.config.options import REPOSITORY
from tre.errors import SettingsError
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
    try:
        told: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        capabilities = told["capabilities"]
        statements = tuple(_statement(number, each, capabilities) for number, each in told["statements"].items())
        return Specification(
            str(told["specification"]), str(told["source"]), str(told["licence"]), str(told["attribution"]), statements
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError):
        raise SettingsError(
            "The specification's statements cannot be read", where=str(path), todo="Restore it from the repository"
        ) from None


def _statement(number: str, told: dict[str, Any], capabilities: dict[str, str]) -> Statement:
    if told["importance"] not in IMPORTANCES:
        raise ValueError(number)
    capability = capabilities[number.rpartition(".")[0]]
    generated = tuple(told.get("generated", ()))
    known = {name: told[name] for name in told if name != "generated"}
    return Statement(number=number, capability=capability, generated=generated, **known)
