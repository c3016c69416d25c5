"""The airlock's states: the one table of every step from one to the next, who takes it and what the log calls it.

Pure; no I/O. The diagram in docs/airlock.md is drawn from it (:mod:`tre.airlock.documentation`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from tre.errors import Refused

State = Literal[
    "draft", "submitted", "inspecting", "blocked", "in_review", "returned", "rejected", "approved", "releasing",
    "released", "withdrawn", "expired", "recalled",
]  # fmt: skip
# A review is independent until every checker's is in, and a consolidation where these do not agree. A request whose
# release was halted is blocked for good: its files are not those that were approved, or may not leave beside others.
Phase = Literal["", "independent", "consolidation", "halted"]
Event = Literal[
    "submit", "inspect", "block", "pass_to_review", "let_pass", "consolidate", "return", "reject", "approve", "revise",
    "release", "finish", "halt", "withdraw", "expire", "recall",
]  # fmt: skip
Owner = Literal["author", "platform", "checkers", "nobody"]

# Who must act next in each state.
OWNERS: dict[State, Owner] = {
    "draft": "author",
    "submitted": "platform",
    "inspecting": "platform",
    "blocked": "author",
    "in_review": "checkers",
    "returned": "author",
    "rejected": "nobody",
    "approved": "platform",
    "releasing": "platform",
    "released": "nobody",
    "withdrawn": "nobody",
    "expired": "nobody",
    "recalled": "nobody",
}
# Where the author alone changes what the request holds.
CHANGEABLE: State = "draft"


class Place(NamedTuple):
    """Where a request stands: its state, and the phase of it where the state has phases."""

    state: State
    phase: Phase = ""


@dataclass(frozen=True)
class Step:
    """One step: from where, by what event, to where, and who takes it."""

    before: Place
    event: Event
    after: Place
    by: Owner


_INDEPENDENT, _CONSOLIDATION = Place("in_review", "independent"), Place("in_review", "consolidation")
_BLOCKED, _HALTED, _RETURNED, _DRAFT = Place("blocked"), Place("blocked", "halted"), Place("returned"), Place("draft")
_SUBMITTED, _INSPECTING = Place("submitted"), Place("inspecting")

STEPS: tuple[Step, ...] = (
    Step(_DRAFT, "submit", _SUBMITTED, "author"),
    Step(_SUBMITTED, "inspect", _INSPECTING, "platform"),
    Step(_INSPECTING, "block", _BLOCKED, "platform"),
    Step(_INSPECTING, "pass_to_review", _INDEPENDENT, "platform"),
    Step(_INDEPENDENT, "let_pass", Place("approved"), "platform"),
    Step(_INDEPENDENT, "consolidate", _CONSOLIDATION, "checkers"),
    *(Step(phase, "approve", Place("approved"), "checkers") for phase in (_INDEPENDENT, _CONSOLIDATION)),
    *(Step(phase, "return", _RETURNED, "checkers") for phase in (_INDEPENDENT, _CONSOLIDATION)),
    *(Step(phase, "reject", Place("rejected"), "checkers") for phase in (_INDEPENDENT, _CONSOLIDATION)),
    Step(_RETURNED, "revise", _DRAFT, "author"),
    Step(_BLOCKED, "revise", _DRAFT, "author"),
    Step(Place("approved"), "release", Place("releasing"), "platform"),
    Step(Place("releasing"), "finish", Place("released"), "platform"),
    Step(Place("releasing"), "halt", _HALTED, "platform"),
    Step(Place("released"), "recall", Place("recalled"), "checkers"),
    *(
        Step(place, "withdraw", Place("withdrawn"), "author")
        for place in (
            _DRAFT, _SUBMITTED, _INSPECTING, _BLOCKED, _HALTED, _INDEPENDENT, _CONSOLIDATION, _RETURNED,
        )
    ),
    *(Step(place, "expire", Place("expired"), "platform") for place in (_DRAFT, _BLOCKED, _HALTED, _RETURNED)),
)  # fmt: skip
TRANSITIONS: dict[tuple[Place, Event], Place] = {(step.before, step.event): step.after for step in STEPS}

PLACES: frozenset[Place] = frozenset(place for step in STEPS for place in (step.before, step.after))

# What the audit log calls each event. The platform lets pass, without a checker, what it made itself where a written
# class of policies/airlock.yaml that is in force says so.
AUDIT_EVENTS: dict[Event, str] = {
    "submit": "airlock.submitted",
    "inspect": "airlock.inspection_began",
    "block": "airlock.blocked",
    "pass_to_review": "airlock.passed_to_review",
    "let_pass": "airlock.let_pass",
    "consolidate": "airlock.consolidation_began",
    "return": "airlock.returned",
    "reject": "airlock.rejected",
    "approve": "airlock.approved",
    "revise": "airlock.revision_began",
    "release": "airlock.release_began",
    "finish": "airlock.released",
    "halt": "airlock.release_halted",
    "withdraw": "airlock.withdrawn",
    "expire": "airlock.expired",
    "recall": "airlock.recalled",
}


def place_of(state: State, phase: Phase) -> Place:
    """Return where a request of this state and phase stands; a phase that it does not have counts for nothing."""
    wanted = Place(state, phase)
    return wanted if wanted in PLACES else Place(state)


def can(place: Place, event: Event) -> bool:
    """Return whether the event can happen to a request that stands here."""
    return (place, event) in TRANSITIONS


def follow(place: Place, event: Event) -> Place:
    """Return the place that the event leads to.

    Raises
    ------
    Refused
        When the event cannot happen to a request that stands here.
    """
    if not can(place, event):
        state, act = place.state.replace("_", " "), event.replace("_", " ")
        raise Refused(f"A request that is {state} cannot {act}", todo="Look at what became of it")
    return TRANSITIONS[place, event]
