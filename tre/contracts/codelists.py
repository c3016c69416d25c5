"""Code lists: which codes a field may hold, or, where the list is licensed, which form its codes have.

``policies/codelists/index.yaml`` names each list, its standard and where that is defined. A list that may be passed on
stands beside it as ``NAME.csv`` with ``code`` and ``meaning``; a licensed one has a pattern or a check digit.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from tre.contracts.model import ContractError

FOLDER = Path(__file__).resolve().parents[2] / "policies" / "codelists"
CHECKS = frozenset({"snomed_ct"})
_TEXTS = ("title", "standard", "url", "licence")


@dataclass(frozen=True)
class CodeList:
    """One code list: its codes with their meaning, or the form of its codes."""

    name: str
    title: str
    standard: str
    url: str
    licence: str
    codes: dict[str, str]
    pattern: str
    check: str


@lru_cache(maxsize=8)
def load_code_lists(folder: Path = FOLDER) -> dict[str, CodeList]:
    """Return every code list by name.

    Raises
    ------
    ContractError
        When a list is not whole, naming it.
    """
    told: dict[str, dict[str, Any]] = yaml.safe_load((folder / "index.yaml").read_text(encoding="utf-8"))
    return {name: _code_list(name, each, folder) for name, each in told.items()}


def _code_list(name: str, told: dict[str, Any], folder: Path) -> CodeList:
    path = folder / f"{name}.csv"
    codes = _codes(path) if path.exists() else {}
    pattern, check = str(told.get("pattern", "")), str(told.get("check", ""))
    ways = [way for way in (codes, pattern, check) if way]
    unknown = set(told) - {*_TEXTS, "pattern", "check"}
    if len(ways) != 1 or unknown or (check and check not in CHECKS) or not all(told.get(text) for text in _TEXTS):
        raise ContractError(
            "A code list needs a title, standard, url and licence, and one of codes, a pattern or a known check",
            where=f"codelists, {name}",
        )
    texts = {text: str(told[text]) for text in _TEXTS}
    return CodeList(name=name, codes=codes, pattern=pattern, check=check, **texts)


def _codes(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["code"], row["meaning"]) for row in csv.DictReader(file, strict=True)]
    codes = dict(rows)
    if len(codes) != len(rows) or not all(code.strip() == code != "" and meaning for code, meaning in rows):
        raise ContractError("A code stands twice or lacks its meaning", where=path.name)
    return codes
