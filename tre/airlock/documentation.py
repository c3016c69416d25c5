"""Writes ``docs/airlock.md`` from the code and the policy: the states' diagram, who takes each step, what risk adds."""

from __future__ import annotations

from collections.abc import Iterable

from tre.airlock.domain import AUDIT_EVENTS, OWNERS, STEPS, Owner, Place
from tre.airlock.naming import KINDS, LEAVING, MOST_BYTES, MOST_FILES, MOST_GROUPS, MOST_TURNS
from tre.airlock.policy import AirlockPolicy, airlock_policy
from tre.airlock.scrutiny import LowRisk
from tre.config.options import REPOSITORY

PAGE = REPOSITORY / "docs" / "airlock.md"

_HEAD = """# The airlock

What becomes of a request, who acts next, and how closely it is looked at. The words are explained in the
[glossary](GLOSSARY.md), the reasons in
[turns, phases and low-risk classes](decisions/0030-turns-phases-and-low-risk-classes.md).
This page is generated from `tre/airlock/domain.py` and `policies/airlock.yaml`: `make docs`.
"""


def page() -> str:
    """Return the page as Markdown."""
    policy = airlock_policy()
    return "\n".join([_HEAD, *_states(), *_steps(), *_files(), *_times(policy), *_risk(policy), *_classes(policy)])


def diagram() -> str:
    """Return the table of steps as a state diagram of Mermaid."""
    reviews = [step for step in STEPS if step.before.state == step.after.state == "in_review"]
    plain = dict.fromkeys((_name(step.before), _name(step.after), step.event) for step in STEPS if step not in reviews)
    lines = ["stateDiagram-v2", "    [*] --> draft", "    state in_review {", "        [*] --> independent"]
    lines += [f"        {step.before.phase} --> {step.after.phase}: {_words(step.event)}" for step in reviews]
    lines += ["    }", *(f"    {before} --> {after}: {_words(event)}" for before, after, event in plain)]
    ends = [state for state, owner in OWNERS.items() if owner == "nobody"]
    return "\n".join([*lines, *(f"    {state} --> [*]" for state in ends if not _is_left(state))])


def _is_left(state: str) -> bool:
    return any(step.before.state == state for step in STEPS)


def _name(place: Place) -> str:
    return "halted" if place.phase == "halted" else place.state


def _words(text: str) -> str:
    return text.replace("_", " ")


def _table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    names = list(heads)
    lines = [f"| {' | '.join(names)} |", f"|{' --- |' * len(names)}"]
    return [*lines, *(f"| {' | '.join(str(each) for each in row)} |" for row in rows), ""]


def _states() -> list[str]:
    owners: dict[Owner, str] = {
        "author": "its author", "platform": "the platform", "checkers": "checkers", "nobody": "nobody",
    }  # fmt: skip
    rows = ((_words(state), owners[owner]) for state, owner in OWNERS.items())
    return ["## States", "", "```mermaid", diagram(), "```", "", *_table(("state", "who acts next"), rows)]


def _steps() -> list[str]:
    rows = (
        (_place(step.before), _words(step.event), _place(step.after), step.by, f"`{AUDIT_EVENTS[step.event]}`")
        for step in STEPS
    )
    return ["## Steps", "", *_table(("from", "step", "to", "taken by", "in the audit log"), rows)]


def _place(place: Place) -> str:
    return f"{_words(place.state)}, {place.phase}" if place.phase else _words(place.state)


def _files() -> list[str]:
    rows = ((kind, told.partition(": ")[2], "yes" if kind in LEAVING else "no") for kind, told in KINDS.items())
    limits = (
        f"A turn holds up to {MOST_FILES} files in {MOST_GROUPS} groups and {MOST_BYTES // 2**20} MiB; "
        f"a request has up to {MOST_TURNS} turns."
    )
    return ["## Files", "", *_table(("kind", "what becomes of it", "voted on"), rows), limits, ""]


def _times(policy: AirlockPolicy) -> list[str]:
    rows = ((_words(state), f"{after.days} days") for state, after in policy.expires.items())
    answered = f"An answer is due within {policy.service_days} working days of the submission of a turn."
    return ["## Times", "", answered, "", *_table(("a request that is", "expires after"), rows)]


def _risk(policy: AirlockPolicy) -> list[str]:
    told = ", ".join(f"{name} {weight}" for name, weight in policy.weights.items())
    rows = [(0, 2, ""), *((band.risk, band.checkers, _words(band.role)) for band in policy.bands)]
    added = f"Each rule that a file breaks adds its severity's weight, a model its own once, up to 100: {told}."
    return ["## Risk", "", added, "", *_table(("risk from", "checkers who agree", "a role among them"), rows)]


def _classes(policy: AirlockPolicy) -> list[str]:
    lines = ["## Low-risk classes", "", "What each lets pass and what not stands in `policies/airlock_cases.yaml`.", ""]
    rows = (
        (each.name, _force(each), each.checkers, ", ".join(each.kinds), ", ".join(each.types), each.reason)
        for each in policy.classes
    )
    return [*lines, *_table(("class", "in force", "checkers", "kinds", "types", "why"), rows)[:-1], ""]


def _force(each: LowRisk) -> str:
    return "yes" if each.in_force else "no"


if __name__ == "__main__":
    PAGE.write_text(page())
