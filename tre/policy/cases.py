"""``policies/cases.yaml`` as questions: what the policies must answer, as a table that a reviewer can read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tre.policy.decision import FOLDER, decide
from tre.policy.domain import Principal, Resource

CASES_FILE = FOLDER / "cases.yaml"
_ASKER, _ANOTHER = "a case", "another"  # with a blank: nobody's user name, whatever the log of decisions holds


@dataclass(frozen=True)
class Case:
    """One question to the decision point, and whether it must allow it."""

    principal: Principal
    action: str
    resource: Resource
    allow: bool

    def holds(self) -> bool:
        """Ask the decision point, and return whether it answers as it must."""
        return decide(self.principal, self.action, self.resource).allowed is self.allow


def cases(path: Path = CASES_FILE) -> tuple[Case, ...]:
    """Return every case of the file."""
    return tuple(_case(told) for told in yaml.safe_load(path.read_text(encoding="utf-8")))


def _case(told: dict[str, Any]) -> Case:
    principal = Principal(
        _ASKER,
        frozenset(told["roles"]),
        frozenset(told["member"]),
        told.get("training", True),
        told.get("second_factor", True),
        frozenset(told.get("leads", ())),
        frozenset(told.get("controllers", ())),
        frozenset(told.get("past", ())),
    )
    attributes = {name: value for name, value in told["resource"].items() if name != "kind"}
    if told["resource"]["kind"] == "Request":
        attributes["author"] = _ASKER if told.get("author") else _ANOTHER
    resource = Resource(told["resource"]["kind"], _ASKER if told.get("own") else "1", attributes)
    return Case(principal, told["action"], resource, told["allow"])
