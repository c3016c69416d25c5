"""How closely a request is looked at: its risk, which only ever adds checkers, and the classes that need fewer. Pure.

The figures are policy (``policies/airlock.yaml``, read by :mod:`tre.airlock.policy`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tre.airlock.deciding import REVIEWERS
from tre.airlock.naming import LEAVING, Kind

MOST_RISK = 100
_SATURDAY = 5  # datetime.weekday


@dataclass(frozen=True)
class Shown:
    """What scrutiny knows of one file, all of it from its inspection.

    Parameters
    ----------
    kind : str
        What the file is to the request.
    type, verdict, profile : str
        As :class:`tre.disclosure.model.Inspection` has them.
    findings : mapping
        The severity of each rule that was broken, by the rule's name.
    attested : bool
        Whether the platform itself made the file as a safe table, from a specification on record: see
        :mod:`tre.runs.attested`.
    """

    kind: Kind
    type: str
    verdict: str
    profile: str
    findings: Mapping[str, str] = field(default_factory=dict)
    attested: bool = False


@dataclass(frozen=True)
class Band:
    """What a request of at least this risk needs: so many checkers, and one among them who holds this role."""

    risk: int
    checkers: int
    role: str = ""


@dataclass(frozen=True)
class LowRisk:
    """A written class of outputs that may be released by fewer checkers: what every file that leaves has to be."""

    name: str
    in_force: bool
    checkers: int
    reason: str
    source: str
    most_files: int
    kinds: tuple[str, ...]
    types: tuple[str, ...]
    profiles: tuple[str, ...]
    attested: bool = False

    def holds(self, files: Sequence[Shown]) -> bool:
        """Return whether a request of these files is of this class: nothing at all may have been found in any."""
        leaving = [each for each in files if each.kind in LEAVING]
        return 0 < len(leaving) <= self.most_files and all(self._is(each) for each in leaving) and _clean(files)

    def _is(self, file: Shown) -> bool:
        known = file.kind in self.kinds and file.type in self.types and file.profile in self.profiles
        return known and (file.attested or not self.attested)


def _clean(files: Sequence[Shown]) -> bool:
    return all(each.verdict == "pass" and not each.findings for each in files)


@dataclass(frozen=True)
class Scrutiny:
    """How closely a request is looked at: its risk (0 to 100), the checkers, a role among them, its low-risk class."""

    risk: int
    checkers: int
    role: str = ""
    low_risk: str = ""

    def at_least(self, checkers: int) -> Scrutiny:
        """Return it with no fewer checkers than these; more of them end the low-risk class."""
        if checkers <= self.checkers:
            return self
        return Scrutiny(self.risk, checkers, self.role)


def risk_of(files: Sequence[Shown], weights: Mapping[str, int]) -> int:
    """Return a request's risk from 0 to 100: each rule that a file breaks adds its severity's weight, a model its own.

    Parameters
    ----------
    weights : mapping
        By severity, and ``model`` for each model's file.
    """
    told = sum(weights.get(severity, 0) for each in files for severity in each.findings.values())
    return min(MOST_RISK, told + weights.get("model", 0) * any(each.kind == "model" for each in files))


def scrutiny_of(
    files: Sequence[Shown], weights: Mapping[str, int], bands: Sequence[Band], classes: Sequence[LowRisk]
) -> Scrutiny:
    """Return how closely a request of these files is looked at.

    Two checkers, unless its risk asks for more or it is of a low-risk class that is in force. Where both are true the
    risk counts.
    """
    risk = risk_of(files, weights)
    reached = [each for each in bands if risk >= each.risk]
    checkers = max([REVIEWERS, *(each.checkers for each in reached)])
    role = next((each.role for each in reversed(reached) if each.role), "")
    fitting = [each for each in classes if each.in_force and each.holds(files)]
    if fitting and not reached:
        fewest = min(fitting, key=lambda each: each.checkers)
        return Scrutiny(risk, fewest.checkers, "", fewest.name)
    return Scrutiny(risk, checkers, role)


def due(submitted: datetime, working_days: int) -> datetime:
    """Return when an answer is due: the same time of day so many working days (Monday to Friday) later."""
    moment, left = submitted, working_days
    while left:
        moment += timedelta(days=1)
        left -= moment.weekday() < _SATURDAY
    return moment
