"""``policies/disclosure.yaml`` as values: severities, texts, thresholds and limits are data, not code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from tre.disclosure.model import DisclosureError, Finding, Hit, Severity
from tre.disclosure.profile import Profile

__all__ = ["POLICY_FILE", "Policy", "Profile", "Rule", "load_policy"]

Direction = Literal["higher", "lower", ""]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)  # from the mildest
POLICY_FILE = Path(__file__).resolve().parents[2] / "policies" / "disclosure.yaml"


@dataclass(frozen=True)
class Rule:
    """How bad a finding is, and what a person is told."""

    severity: Severity
    why: str
    fix: str
    source: str


@dataclass(frozen=True)
class Held:
    """The profile that a project is held to, the least people in a count, and the figures that are made stricter."""

    profile: str
    threshold: int
    figures: dict[str, Any]

    def overrides(self) -> dict[str, Any]:
        """Return the figures as :meth:`Policy.tightened` takes them."""
        return {"profiles": {self.profile: self.figures}} if self.figures else {}


@dataclass(frozen=True)
class Policy:
    """The whole policy; `suppression` holds the most cells and columns of a table that suppression is looked for in."""

    profiles: dict[str, Profile]
    suppression: dict[str, int]
    shape: dict[str, float]
    limits: dict[str, int]
    rules: dict[str, Rule]
    evidence: dict[str, float]
    models: dict[str, tuple[str, ...]]
    stricter: dict[str, Direction] = field(default_factory=dict)
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def tightened(self, overrides: Mapping[str, Any]) -> Policy:
        """Return the policy as a project has it: stricter in what it names, and nowhere looser.

        Parameters
        ----------
        overrides : mapping
            ``profiles`` (by profile, figures), ``shape`` (figures that the policy lists under ``stricter``) and
            ``rules`` (by rule, a severity no milder than the policy's).

        Raises
        ------
        DisclosureError
            Something is named that is not there or may not be changed, or a change would loosen it.
        """
        unknown = set(overrides) - {"profiles", "shape", "rules"}
        if unknown:
            raise DisclosureError("A project cannot change that part of the disclosure policy", where=min(unknown))
        profiles, shape, rules = dict(self.profiles), dict(self.shape), dict(self.rules)
        for name, changes in overrides.get("profiles", {}).items():
            profiles[name] = self.profile(name).tightened(changes)
        for name, value in overrides.get("shape", {}).items():
            check_stricter(name, value, shape.get(name), self.stricter.get(name, ""))
            shape[name] = float(value)
        for name, severity in overrides.get("rules", {}).items():
            held = rules.get(name)
            if held is None or severity not in SEVERITIES:
                raise DisclosureError("There is no such disclosure rule or severity", where=f"{name}: {severity}")
            if SEVERITIES.index(severity) < SEVERITIES.index(held.severity):
                raise DisclosureError("A project may tighten a disclosure rule, never loosen it", where=name)
            rules[name] = replace(held, severity=severity)
        return replace(self, profiles=profiles, shape=shape, rules=rules)

    def held_to(self, organisation: str, chosen: str = "", threshold: int | None = None) -> Held:
        """Return what a project is held to that chooses a profile and a threshold: nowhere looser than all are.

        Parameters
        ----------
        organisation, chosen : str
            Names of profiles; none chosen is the organisation's.
        threshold : int, optional
            The least people that the project wants in a count.

        Raises
        ------
        DisclosureError
            The profile is none that may be chosen, or the threshold is under what holds without it.
        """
        least, name = self.profile(organisation), chosen or organisation
        if name not in self.choices.get(organisation, (organisation,)):
            raise DisclosureError(
                f"Under the organisation's profile '{organisation}' a project cannot have that one",
                where=name, todo="Choose one of " + ", ".join(self.choices.get(organisation, (organisation,))),
            )  # fmt: skip
        figures = self.profile(name).raised_to(least)
        lowest = figures.get("threshold", self.profile(name).threshold)
        if threshold is not None and threshold < lowest:
            raise DisclosureError(
                "A project may tighten a disclosure rule, never loosen it", where=f"threshold {threshold}",
                todo=f"Take {lowest} or more",
            )  # fmt: skip
        if threshold is not None and threshold > lowest:
            figures["threshold"] = threshold
        return Held(name, figures.get("threshold", lowest), figures)

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
            hit.confidence, hit.sheet, hit.row, hit.column, hit.box, hit.against,
        )  # fmt: skip


def check_stricter(name: str, value: Any, held: Any, direction: Direction) -> None:
    """Check that a figure is one that a project may change, and that the change makes it stricter or leaves it.

    Raises
    ------
    DisclosureError
        It is not.
    """
    if held is None or not direction:
        raise DisclosureError("A project cannot change that figure of the disclosure policy", where=name)
    if not isinstance(value, (int, float)) or value != value:
        raise DisclosureError("A figure of the disclosure policy is a number", where=name)
    if value < held if direction == "higher" else value > held:
        raise DisclosureError("A project may tighten a disclosure rule, never loosen it", where=name)


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
            suppression={name: int(each) for name, each in raw["suppression"].items()},
            shape={name: float(each) for name, each in raw["shape"].items()},
            limits={name: int(each) for name, each in raw["limits"].items()},
            stricter={name: way for way, names in raw["stricter"].items() for name in names},
            choices={name: tuple(map(str, each)) for name, each in raw["choices"].items()},
            models={name: tuple(map(str, each)) for name, each in raw["models"].items()},
            rules={name: Rule(**each) for name, each in raw["rules"].items()},
            evidence={name: float(each) for name, each in raw["evidence"].items()},
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise DisclosureError(
            "The disclosure policy cannot be read", where=str(path), todo="Restore it from the repository"
        ) from error
    if any(rule.severity not in SEVERITIES for rule in policy.rules.values()):
        raise DisclosureError("A rule's severity must be note, review or block", where=str(path))
    return policy
