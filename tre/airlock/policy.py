"""``policies/airlock.yaml`` as values: service levels, expiry, what risk adds, and the written low-risk classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from tre.airlock.deciding import REVIEWERS
from tre.airlock.domain import OWNERS, State
from tre.airlock.naming import KINDS
from tre.airlock.scrutiny import MOST_RISK, Band, LowRisk, Scrutiny, Shown, scrutiny_of
from tre.config.options import REPOSITORY
from tre.config.policy_files import reading
from tre.people.domain import ROLES

POLICY_FILE = REPOSITORY / "policies" / "airlock.yaml"
CASES_FILE = REPOSITORY / "policies" / "airlock_cases.yaml"
SEVERITIES = ("note", "review", "block")


@dataclass(frozen=True)
class AirlockPolicy:
    """What the airlock is held to.

    Parameters
    ----------
    service_days : int
        Working days within which a request that waits for checkers is to be answered.
    expires : mapping
        For how long a request may wait for its author, by state.
    weights : mapping
        What each broken rule adds to the risk, by severity, and ``model``.
    bands : tuple of Band
        What risk adds, from the lowest.
    classes : tuple of LowRisk
        Every written class, in force or not.
    """

    service_days: int
    expires: Mapping[State, timedelta]
    weights: Mapping[str, int]
    bands: tuple[Band, ...]
    classes: tuple[LowRisk, ...]

    def scrutiny(self, files: Sequence[Shown]) -> Scrutiny:
        """Return how closely a request of these files is looked at."""
        return scrutiny_of(files, self.weights, self.bands, self.classes)


@cache
def airlock_policy(path: Path = POLICY_FILE) -> AirlockPolicy:
    """Return the policy of the file.

    Raises
    ------
    SettingsError
        When it cannot be read as one, lets risk take scrutiny away, or has a class in force that needs nobody for what
        the platform has not made itself.
    """
    with reading(path, "The airlock's policy") as held:
        return _policy(held)


def _policy(told: Mapping[str, Any]) -> AirlockPolicy:
    weights = {name: int(value) for name, value in told["risk"]["weights"].items()}
    expires = {state: timedelta(days=int(days)) for state, days in told["expires_after_days"].items()}
    made = AirlockPolicy(
        int(told["service_level"]["working_days"]),
        expires,
        weights,
        tuple(sorted((Band(**each) for each in told["risk"]["bands"]), key=lambda each: each.risk)),
        tuple(_low_risk(each) for each in told["low_risk"]),
    )
    _check(made)
    return made


def _low_risk(told: Mapping[str, Any]) -> LowRisk:
    known = {each.name for each in fields(LowRisk)}
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in told.items() if name in known
    }
    if len(values) != len(told):
        raise ValueError("an unknown word in a class")
    return LowRisk(**values)


def _check(policy: AirlockPolicy) -> None:
    checks = [
        policy.service_days > 0,
        all(OWNERS[state] == "author" and after > timedelta(0) for state, after in policy.expires.items()),
        set(policy.weights) == {*SEVERITIES, "model"} and min(policy.weights.values()) >= 0,
        all(0 < each.risk <= MOST_RISK and each.checkers >= REVIEWERS for each in policy.bands),
        all(not each.role or each.role in ROLES for each in policy.bands),
        all(set(each.kinds) <= set(KINDS) and each.reason and each.source for each in policy.classes),
        all((0 if each.attested else 1) <= each.checkers < REVIEWERS for each in policy.classes if each.in_force),
    ]
    if not all(checks):
        raise ValueError("a figure or a word that the policy may not have")
