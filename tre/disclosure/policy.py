"""``policies/disclosure.yaml`` as values: severities, texts, thresholds and limits are data, not code."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tre.disclosure.model import DisclosureError, Finding, Hit, Severity

POLICY_FILE = Path(__file__).resolve().parents[2] / "policies" / "disclosure.yaml"


@dataclass(frozen=True)
class Rule:
    """How bad a finding is, and what a person is told."""

    severity: Severity
    why: str
    fix: str
    source: str


@dataclass(frozen=True)
class Profile:
    """Thresholds of the statistical rules.

    `threshold` is the least count that may be shown; `nk_k` and `p_ratio` are shares between 0 and 1.
    """

    threshold: int
    check_zeros: bool
    nk_n: int
    nk_k: float
    p_ratio: float
    degrees_of_freedom: int


@dataclass(frozen=True)
class Policy:
    """The whole policy."""

    profiles: dict[str, Profile]
    shape: dict[str, float]
    limits: dict[str, int]
    rules: dict[str, Rule]
    models: dict[str, tuple[str, ...]]

    def profile(self, name: str) -> Profile:
        """Return the named profile.

        Raises
        ------
        DisclosureError
            There is none of that name.
        """
        if name not in self.profiles:
            raise DisclosureError(
                f"There is no disclosure profile '{name}'",
                where=POLICY_FILE.name,
                todo="Use one of " + ", ".join(sorted(self.profiles)),
            )
        return self.profiles[name]

    def explain(self, hit: Hit) -> Finding:
        """Return the hit with the severity and the words that the policy has for its rule."""
        rule = self.rules[hit.rule]
        location = ", ".join(part for part in (hit.where, hit.place) if part)
        return Finding(
            hit.rule, hit.kind, rule.severity, location, hit.count, hit.sample, rule.why, rule.fix, rule.source,
            hit.confidence,
        )  # fmt: skip


@cache
def load_policy(path: Path = POLICY_FILE) -> Policy:
    """Return the policy of the file.

    Raises
    ------
    DisclosureError
        The file cannot be read as a policy.
    """
    try:
        raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        policy = Policy(
            profiles={name: Profile(**each) for name, each in raw["profiles"].items()},
            shape={name: float(each) for name, each in raw["shape"].items()},
            limits={name: int(each) for name, each in raw["limits"].items()},
            models={name: tuple(map(str, each)) for name, each in raw["models"].items()},
            rules={name: Rule(**each) for name, each in raw["rules"].items()},
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise DisclosureError(
            "The disclosure policy cannot be read", where=str(path), todo="Restore it from the repository"
        ) from error
    if any(rule.severity not in ("note", "review", "block") for rule in policy.rules.values()):
        raise DisclosureError("A rule's severity must be note, review or block", where=str(path))
    return policy
