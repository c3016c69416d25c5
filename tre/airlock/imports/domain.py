"""The rules of imports: states and the one table of transitions, what must be told, and how reviews decide. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from tre.errors import Refused

State = Literal["submitted", "blocked", "in_review", "approved", "rejected", "placed", "withdrawn", "removed"]
Event = Literal["block", "pass_to_review", "approve", "reject", "place", "halt", "withdraw", "remove"]
Choice = Literal["approve", "reject"]

STATES: tuple[State, ...] = (
    "submitted",
    "blocked",
    "in_review",
    "approved",
    "rejected",
    "placed",
    "withdrawn",
    "removed",
)
TRANSITIONS: dict[tuple[State, Event], State] = {
    ("submitted", "block"): "blocked",
    ("submitted", "pass_to_review"): "in_review",
    ("in_review", "approve"): "approved",
    ("in_review", "reject"): "rejected",
    ("approved", "place"): "placed",
    ("approved", "halt"): "blocked",
    ("submitted", "withdraw"): "withdrawn",
    ("blocked", "withdraw"): "withdrawn",
    ("in_review", "withdraw"): "withdrawn",
    ("placed", "remove"): "removed",
}
AUDIT_EVENTS: dict[Event, str] = {
    "block": "imports.blocked",
    "pass_to_review": "imports.passed_to_review",
    "approve": "imports.approved",
    "reject": "imports.rejected",
    "place": "imports.placed",
    "halt": "imports.halted",
    "withdraw": "imports.withdrawn",
    "remove": "imports.removed",
}
REVIEWERS = 2  # as for what leaves: never one alone, and never the author (AzureTRE#4568)
_LEAST_WORDS = 3  # of a note that says where something is from


def follow(state: State, event: Event) -> State:
    """Return the state that the event leads to.

    Raises
    ------
    Refused
        When the event cannot happen in this state.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise Refused(
            f"An import that is {state.replace('_', ' ')} cannot {event.replace('_', ' ')}",
            todo="Look at what became of it",
        ) from None


def check_told(licence: str, provenance: str, licences: Collection[str]) -> None:
    """Refuse an import that does not say by what right it may be used, or where it is from.

    Raises
    ------
    Refused
        Saying which is missing.
    """
    if licence not in licences:
        raise Refused("The licence is none of those that the policy lists", where="licence", todo="Choose one of them")
    if len(provenance.split()) < _LEAST_WORDS:
        raise Refused("It is not said where the files are from", where="provenance", todo="Say who made them and where")


def outcome(choices: Sequence[Choice]) -> Choice | None:
    """Return what the reviews decide together, or None while another is needed: one refusal is enough to refuse."""
    if "reject" in choices:
        return "reject"
    return "approve" if len(choices) >= REVIEWERS else None


@dataclass(frozen=True)
class Said:
    """One review as the log tells it: who, what, and the SHA-256 of each file that it was said of, sorted."""

    reviewer: str
    choice: str
    files: tuple[str, ...]


def check_placeable(files: Sequence[str], said: Sequence[Said], barred: Collection[str]) -> None:
    """Refuse to place what two others have not approved, file for file.

    Parameters
    ----------
    files : sequence of str
        SHA-256 of each file that would be placed.
    said : sequence of Said
        The reviews that hold by their seals.
    barred : collection of str
        The author, and who is or was a member of the project.

    Raises
    ------
    Refused
        Saying what does not hold.
    """
    reviewers = [each.reviewer for each in said]
    wanted = tuple(sorted(files))
    checks = [
        (bool(files), "There is nothing to place"),
        (len(set(reviewers)) == len(reviewers), "Somebody has reviewed it twice"),
        (not set(reviewers) & set(barred), "Its author, or who is or was in its project, has reviewed it"),
        (all(each.files == wanted for each in said), "A review is of other files"),
        (all(each.choice == "approve" for each in said), "Somebody has refused it"),
        (len(reviewers) >= REVIEWERS, "Two others have not approved it"),
    ]
    for holds, what in checks:
        if not holds:
            raise Refused(what, where="import", todo="Stop and tell the auditor")
