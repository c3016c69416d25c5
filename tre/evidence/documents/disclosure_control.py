"""Disclosure control: the rules in force, how a request is decided, and what cannot be checked by looking at it."""

from __future__ import annotations

from dataclasses import asdict

from tre.airlock.deciding import REVIEWERS
from tre.airlock.domain import AUDIT_EVENTS, OWNERS, STEPS, Place
from tre.airlock.policy import airlock_policy
from tre.disclosure.policy import load_policy
from tre.evidence.content import Document, Section, table
from tre.evidence.installation import Installation
from tre.projects.disclosure import rules_of
from tre.projects.models import Project

_UNCHECKED = (
    ("Models", "One safe format (safetensors with its description and card); trained under differential privacy; its "
     "price recomputed by the platform and paid from the project's budget; signed when it is released"),
    ("Models that keep the rows they were trained on", "Blocked, by the kinds that policies/disclosure.yaml lists"),
    ("Pickles, and whatever runs code when it is read", "Blocked"),
    ("Files that no reader knows, or that cannot be read to their end", "Blocked or shown to a checker, never passed"),
    ("Archives", "Unpacked and every file in them inspected"),
    ("Pictures", "Metadata, hidden data and text in them looked for; a checker looks at every one"),
)  # fmt: skip
_CLASS = ("Class", "Checkers", "Why")
_HELD = ("Project", "Profile", "Least people in a count")
_LIMITS = (
    "What inspection cannot find: a person who remembers a number and types it elsewhere; steganography at a low rate. "
    "docs/detection.md tells how much it finds of what is planted, and how it is measured."
)


def document(here: Installation) -> Document:
    """Return the process of disclosure control as it is in force here."""
    policy, name = load_policy(), here.options.disclosure_profile
    figures = [
        (key.replace("_", " "), value) for key, value in asdict(policy.profile(name)).items() if value not in ("", ())
    ]
    rules = [(key, each.severity, each.why, each.fix, each.source) for key, each in sorted(policy.rules.items())]
    stricter = [(p.code, rules_of(p).profile, rules_of(p).threshold) for p in Project.objects.filter(status="approved")]
    steps = [
        (
            _stands(each.before),
            OWNERS[each.before.state],
            _plain(each.event),
            _stands(each.after),
            AUDIT_EVENTS[each.event],
        )
        for each in STEPS
    ]
    fewer = [(each.name, each.checkers, each.reason) for each in airlock_policy().classes if each.in_force]
    heads = ("State", "Who acts next", "Event", "Leads to", "In the audit log as")
    return Document(
        "disclosure-control",
        "Disclosure control of outputs",
        "Every file that leaves is inspected by the same rules, then looked at by people; machines only add scrutiny.",
        (
            Section(
                "How a request is decided",
                (f"Each file needs {REVIEWERS} independent checkers with current training, none of them its author or "
                 "a member of its project. What is reviewed, by its hash, is what is released.",),
                (table("States of a request", heads, steps), table("Classes that need fewer checkers", _CLASS, fewer)),
            ),
            Section(
                "Figures in force",
                (f"The organisation's profile is {name}. A project may be held to more, never to less.",),
                (table("Figures", ("Figure", "Value"), figures), table("Projects", _HELD, stricter)),
            ),
            Section("Rules", tables=(table("Rules", ("Rule", "Severity", "Why", "Remedy", "Source"), rules),)),
            Section(
                "Outputs that cannot be checked by looking at them",
                tables=(table("What becomes of them", ("Kind", "Control"), _UNCHECKED),),
            ),
            Section("Limits", (_LIMITS,)),
        ),
    )  # fmt: skip


def _stands(place: Place) -> str:
    return _plain(f"{place.state}, {place.phase}" if place.phase else place.state)


def _plain(name: str) -> str:
    return name.replace("_", " ")
