"""What a check finds, and what becomes of a statement in a pack. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, get_args

Outcome = Literal["met", "not met", "not shown"]
Importance = Literal["mandatory", "recommended", "optional"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
IMPORTANCES: tuple[Importance, ...] = get_args(Importance)
BY_DOCUMENT, IN_PART, MISSING = "by document", "in part by document", "document missing"
STANDINGS = (*OUTCOMES, BY_DOCUMENT, IN_PART, MISSING)
MADE = "evidence.made"  # what the audit log calls the making of a pack
OPERATOR = "operator"  # the folder of the operator's documents in a pack
_TOLD = 5  # faults of a kind that are told one by one


@dataclass(frozen=True)
class Found:
    """What a check found: the outcome, and in a sentence or two what it saw. Never a person's value or name."""

    outcome: Outcome
    detail: str


def met(detail: str) -> Found:
    """Return that the statement holds here, as was just seen."""
    return Found("met", detail)


def not_met(detail: str) -> Found:
    """Return that the statement does not hold here."""
    return Found("not met", detail)


def not_shown(why: str) -> Found:
    """Return that it could not be looked at, and why: it may hold or not."""
    return Found("not shown", why)


def judged(faults: Sequence[str], seen: str) -> Found:
    """Return that the statement holds where nothing was found against it, and else what was.

    Parameters
    ----------
    seen : str
        What was looked at and how it is.
    """
    if not faults:
        return met(seen)
    more = f"; and {len(faults) - _TOLD} more" if len(faults) > _TOLD else ""
    return not_met("; ".join(faults[:_TOLD]) + more)


@dataclass(frozen=True)
class Statement:
    """One statement of the specification.

    Parameters
    ----------
    number, title, capability : str
        Such as ``2.8.01``; what it asks in a few words; which capability it belongs to.
    importance : str
        One of :data:`IMPORTANCES`.
    only : str
        Where alone a mandatory statement holds; empty for everywhere.
    generated : tuple of str
        The pack's documents that tell of it.
    document : str
        What the operator's own document has to tell; empty where none is asked for.
    """

    number: str
    title: str
    capability: str
    importance: Importance
    only: str = ""
    generated: tuple[str, ...] = ()
    document: str = ""


@dataclass(frozen=True)
class Own:
    """A document of the operator's own: its name, its SHA-256 (hexadecimal) and when it was changed last."""

    name: str
    sha256: str
    changed: datetime

    @property
    def place(self) -> str:
        """Return where it stands in a pack."""
        return f"{OPERATOR}/{self.name}"


@dataclass(frozen=True)
class Result:
    """What a pack says of one statement.

    Parameters
    ----------
    outcome : str
        Of the live check: one of :data:`OUTCOMES`; empty where software cannot look.
    looked_at, detail : str
        What the check looks at, and what it found.
    at : datetime or None
        When the check ran.
    own : tuple of Own
        The operator's documents that lie in the pack for it.
    """

    statement: Statement
    outcome: Outcome | Literal[""]
    looked_at: str
    detail: str
    at: datetime | None
    own: tuple[Own, ...] = ()

    @property
    def standing(self) -> str:
        """Return what is said of it in a word or two: the check's outcome, or whether documents answer it.

        Where documents of the pack tell of it, and the operator's own that is asked for is not there, it is in part.
        """
        if self.outcome:
            return self.outcome
        if not self.statement.document or self.own:
            return BY_DOCUMENT
        return IN_PART if self.statement.generated else MISSING

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        told = asdict(self)
        told["at"] = self.at.isoformat() if self.at else None
        told["own"] = [{**asdict(each), "changed": each.changed.isoformat()} for each in self.own]
        return told


def counts(results: Sequence[Result], importance: Importance) -> dict[str, int]:
    """Return how many statements of an importance stand how: see :attr:`Result.standing`."""
    those = [each.standing for each in results if each.statement.importance == importance]
    return {standing: those.count(standing) for standing in STANDINGS}
