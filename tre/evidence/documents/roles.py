"""Roles: what each may do, which nobody may hold together, and who answers for what."""

from __future__ import annotations

from tre.airlock.deciding import REVIEWERS
from tre.evidence.content import Document, Section, table
from tre.evidence.installation import ASKER, Installation
from tre.people.domain import CONFLICTS, ROLES
from tre.policy.decision import acts, decide
from tre.policy.domain import Principal, Resource
from tre.policy.words import act_in_words

_PROJECT, _CONTROLLER = "aproject", "a controller"
_RESPONSIBLE = (
    ("Access to a dataset", "The information asset owner who answers for its controller decides, for each project"),
    (
        "Risk of re-identification of an extract",
        "An information asset owner who did not ask for it accepts it, with a reason",
    ),
    ("Approval of a project", "A data manager or information asset owner who is no member of it"),
    ("Checking of outputs", f"{REVIEWERS} output checkers, none of them the author or a member of the project"),
    ("Accounts, roles, training", "An operator, never for their own account"),
    ("The record of it all", "An auditor, who holds no other role"),
)
_NEEDS = (
    "Everybody who works with data, lands it, decides about it or checks outputs needs current training: the policies "
    "answer no without it, whatever the role. Operators, auditors and deployers touch no person's data."
)


def document(here: Installation) -> Document:
    """Return the roles, what each may do, and who is responsible for what."""
    names = [ROLES[role] for role in ROLES]
    together = [tuple(sorted(ROLES[role] for role in pair)) for pair in CONFLICTS]
    return Document(
        "roles",
        "Roles and responsibilities",
        f"There are {len(names)} roles. A person comes by an invitation that gives them, and an operator changes them.",
        (
            Section(
                "What each role may do",
                ("As the decision point answers today for a person with current training and a second factor, in a "
                 "project that they are a member of where the role works in one.",),
                (table("Acts by role", ("Role", "May"), [(ROLES[role], may(role)) for role in ROLES]),),
            ),
            Section(
                "Who is responsible for what", tables=(table("Responsibilities", ("Matter", "Who"), _RESPONSIBLE),)
            ),
            Section(
                "Roles that nobody may hold together",
                tables=(table("Separation of duties", ("Role", "Never with"), together),),
            ),
            Section("Training and coming on board", (_NEEDS,)),
        ),
    )  # fmt: skip


def may(role: str) -> list[str]:
    """Return in words what a person may do who holds this role alone, asked of the decision point."""
    person = Principal(ASKER, frozenset({role}), frozenset(), True, True, frozenset(), frozenset({_CONTROLLER}))
    member = Principal(
        ASKER,
        frozenset({role}),
        frozenset({_PROJECT}),
        True,
        True,
        frozenset({_PROJECT}),
        frozenset({_CONTROLLER}),
    )
    return [act_in_words(act) for act, things in _questions().items() if _any(act, things, (person, member))]


def _any(act: str, things: list[Resource], people: tuple[Principal, ...]) -> bool:
    return any(decide(who, act, each).allowed for who in people for each in things)


def _questions() -> dict[str, list[Resource]]:
    """Return, by act, each thing that it may be asked about, in each state that allows one."""
    made: dict[str, list[Resource]] = {
        "Project": [
            Resource("Project", _PROJECT, {"code": _PROJECT, "status": status})
            for status in ("draft", "submitted", "approved", "over")
        ],
        "Agreement": [Resource("Agreement", "1", {"project": "another", "controller": _CONTROLLER})],
        "Request": [
            Resource("Request", "1", {"author": author, "project": "another", "state": state})
            for author in (ASKER, "another")
            for state in ("in_review", "released")
        ],
        "Platform": [Resource("Platform")],
        "Account": [Resource("Account", "another")],
    }  # fmt: skip
    return {act: [each for kind in sorted(kinds) for each in made[kind]] for act, kinds in acts().items()}
