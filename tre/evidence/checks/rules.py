"""Live checks of the policies: the decision point is asked, as each role, what it must answer."""

from __future__ import annotations

from collections.abc import Iterator

from tre.airlock.deciding import REVIEWERS, outcome
from tre.airlock.domain import CHANGEABLE, TRANSITIONS, Place
from tre.airlock.policy import airlock_policy
from tre.evidence.domain import Found, judged
from tre.evidence.installation import ASKER, Installation
from tre.people.domain import ROLES
from tre.policy.cases import Case, cases
from tre.policy.decision import acts, decide
from tre.policy.domain import Principal, Resource

_EVERYTHING = frozenset(ROLES)
_PROJECT = "aproject"
# What each kind of thing is like when as much as possible may be done to it.
_OPEN = {
    "Project": {"code": _PROJECT, "status": "approved"},
    "Agreement": {"project": "another", "controller": "a controller"},
    "Request": {"author": "another", "project": "another", "state": "in_review"},
    "Platform": {},
    "Account": {},
}
_BY_THE_PLATFORM_ALONE = ("release_output", "register_model")


def least_privilege(here: Installation) -> Found:
    """Ask every case of policies/cases.yaml, and every act as nobody, and as every role without a second factor."""
    known = cases()
    wrong = [f"the policies answer otherwise than case {n} ({each.action})" for n, each in _failing()]
    nobody, half = (
        Principal(ASKER, second_factor=True),
        Principal(ASKER, _EVERYTHING, frozenset({_PROJECT}), True, False),
    )
    let_in = [f"an account without a role may {act}" for act in _allowed(nobody)]
    let_in += [f"a sign-in without a second factor may {act}" for act in _allowed(half)]
    return judged(
        [*let_in, *wrong],
        f"The policies answered {len(known)} cases as they must. Of {len(acts())} acts an account without a role may "
        "do none, and one with every role but no second factor none",
    )


def _failing() -> Iterator[tuple[int, Case]]:
    return ((number, each) for number, each in enumerate(cases(), start=1) if not each.holds())


def _allowed(person: Principal) -> list[str]:
    asked = ((act, Resource(kind, "1", _OPEN[kind])) for act, kinds in acts().items() for kind in kinds)
    return sorted({act for act, resource in asked if decide(person, act, resource).allowed})


def own_outputs() -> list[str]:
    """Return what an author, or a member of the project, may decide of a request although they hold every role."""
    person = Principal(ASKER, _EVERYTHING, frozenset({_PROJECT}), True, True, frozenset({_PROJECT}))
    own = Resource("Request", "1", {"author": ASKER, "project": "another", "state": "in_review"})
    of_project = Resource("Request", "2", {"author": "another", "project": _PROJECT, "state": "in_review"})
    return [
        f"{who} may {act.replace('_', ' ')}"
        for who, request in (("an author", own), ("a member of the project", of_project))
        for act in ("review_request", "release_output")
        if decide(person, act, request).allowed
    ]


def unreviewed_ways() -> list[str]:
    """Return the ways in the table of states by which a request is released without its approval.

    The platform lets pass what it made itself where a class that is in force opens that way: then it is named.
    """
    unmanned = [each.name for each in airlock_policy().classes if each.in_force and not each.checkers]
    decided = {"approve", "let_pass"}
    reached = {Place(CHANGEABLE)}
    while (
        more := {to for (place, event), to in TRANSITIONS.items() if place in reached and event not in decided}
        - reached
    ):
        reached |= more
    ways = (
        ["the table of states leads to a release without an approval"]
        if any(each.state == "released" for each in reached)
        else []
    )
    if REVIEWERS < 2 or outcome(["approve"]) is not None:
        ways.append("one checker alone can approve")
    if unmanned:
        ways.append(f"a class of low risk needs no checker: {', '.join(unmanned)}")
    return ways


def egress_permission(here: Installation) -> Found:
    """Ask, for a person with every role, who may let something out, and who may take what was released."""
    person = Principal(ASKER, _EVERYTHING, frozenset(), True, True)
    released = Resource("Request", "1", {"author": "another", "project": "another", "state": "released"})
    given = [f"a person may {act.replace('_', ' ')}" for act in _BY_THE_PLATFORM_ALONE if act in _allowed(person)]
    if decide(person, "download_output", released).allowed:
        given.append("somebody else than the author may take what was released")
    return judged(
        [*given, *own_outputs()],
        f"No role lets anybody release: the platform does, once {REVIEWERS} checkers have approved every file. Who "
        "asked takes what was released, and nobody else. An author or a member, whatever roles they hold, decides "
        "nothing",
    )
