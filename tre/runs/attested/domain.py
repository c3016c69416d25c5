"""The rules of attested runs: states, the one table of transitions, and how many a project may have. Pure."""

from __future__ import annotations

from typing import Literal

from tre.errors import Refused

State = Literal["queued", "running", "done", "failed", "cancelled"]
Event = Literal["begin", "finish", "fail", "cancel", "retry"]
Kind = Literal["aggregate", "training", "notebook", "private"]

STATES: tuple[State, ...] = ("queued", "running", "done", "failed", "cancelled")
KINDS: dict[Kind, str] = {
    "aggregate": "a safe table",
    "training": "a private training",
    "notebook": "a notebook",
    "private": "a private question",
}
QUICK: frozenset[Kind] = frozenset({"private"})  # somebody waits for it: no training of hours may stand before it
TRANSITIONS: dict[tuple[State, Event], State] = {
    ("queued", "begin"): "running",
    ("running", "finish"): "done",
    ("running", "fail"): "failed",
    ("queued", "fail"): "failed",
    ("queued", "cancel"): "cancelled",
    ("running", "cancel"): "cancelled",
    ("failed", "retry"): "queued",
    ("cancelled", "retry"): "queued",
}
AUDIT_EVENTS: dict[Event, str] = {
    "begin": "runs.begun",
    "finish": "runs.finished",
    "fail": "runs.failed",
    "cancel": "runs.cancelled",
    "retry": "runs.asked_again",
}
UNDER_WAY: tuple[State, ...] = ("queued", "running")


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
        raise Refused(f"A run that is {state} cannot {event}", todo="Look at what became of it") from None


def check_room(under_way: int, most: int) -> None:
    """Refuse a run where a project has as many under way as it may.

    Raises
    ------
    Refused
        Saying how many it may have.
    """
    if under_way >= most:
        told = f"The project has {most} runs under way, which is as many as it may have"
        raise Refused(told, todo="Wait for one to end, or cancel one")
