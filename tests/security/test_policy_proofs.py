"""What no policy lets anybody do, proved for everybody at once; and each proof fails where its reason is taken away."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policies_in_z3 import World, allowed, counterexample, world_of
from tests.unit.test_policy_cases import CASES
from tre.people.domain import CONFLICTS, ROLES
from tre.policy.decision import FOLDER, acts, decide, policies
from tre.policy.domain import Grant, Principal, Resource

# What is one's own by writing it or leading it, whatever role one holds.
OWN = {
    "ask_change", "change_application", "change_request", "close_project", "comment_request", "download_output",
    "view_import", "view_project", "view_release", "view_request", "view_runs", "view_safes", "withdraw_application",
    "withdraw_import", "withdraw_request",
}  # fmt: skip
LANDING_AND_WAREHOUSE = ("land_submission", "withdraw_data", "build_warehouse", "review_linkage", "read_submissions")
# Who is not trained looks after people, reads what proves, and sees and takes back their own: no record of a person.
UNTRAINED_MAY = {
    "change_account", "close_project", "download_output", "manage_people", "manage_registry", "read_audit",
    "read_certificate", "read_registry", "read_submissions", "view_import", "view_project", "view_release",
    "view_request", "view_runs", "view_safes", "withdraw_application", "withdraw_import", "withdraw_request",
}  # fmt: skip


def is_author(world: World) -> Any:
    return world.text("resource.author") == world.text("principal")


def is_member(attribute: str) -> Callable[[World], Any]:
    return lambda world: world.holds("principal.projects", world.text(f"resource.{attribute}"))


def was_member(world: World) -> Any:
    return world.holds("principal.past_projects", world.text("resource.project"))


def is_themselves(world: World) -> Any:
    return world.text("resource") == world.text("principal")


def has(role: str, conflicts: tuple[frozenset[str], ...] = CONFLICTS) -> Callable[[World], Any]:
    """Say that the person holds the role, and no two that one person may not hold together."""
    return lambda world: z3.And(
        world.holds("principal.roles", role),
        *(
            z3.Not(z3.And([world.holds("principal.roles", each) for each in sorted(pair)]))
            for pair in conflicts
        ),
    )  # fmt: skip


def has_no_second_factor(world: World) -> Any:
    return z3.Not(world.truth("principal.second_factor"))


def is_untrained(world: World) -> Any:
    return z3.Not(world.truth("principal.training_current"))


def is_nobody(world: World) -> Any:
    """Say that the person holds no role at all; of which project they may be a member still."""
    return z3.And([z3.Not(world.holds("principal.roles", role)) for role in ROLES])


@dataclass(frozen=True)
class Promise:
    """Nobody of whom this is true may do any of these acts; and the change of the policies by which somebody could."""

    of: Callable[[World], Any]
    acts: tuple[str, ...]
    broken: Callable[[str], str]


def without(identity: str) -> Callable[[str], str]:
    """Return a change that takes one policy out of the text."""
    return lambda text: re.sub(rf'@id\("{identity}"\).*?;\n', "", text, flags=re.DOTALL)


def within(identity: str, condition: str, instead: str = "true") -> Callable[[str], str]:
    """Return a change that puts something in the place of one condition of one policy."""

    def change(text: str) -> str:
        before, start, rest = text.partition(f'@id("{identity}")')
        body, end, after = rest.partition(";\n")
        return before + start + body.replace(condition, instead) + end + after

    return change


PROMISES = {
    "no author reviews their own request": Promise(is_author, ("review_request",), without("never-ones-own-request")),
    "no member of a project reviews its requests": Promise(
        is_member("project"), ("review_request",), without("never-ones-own-request")
    ),
    "nobody who was ever a member of a project reviews or recalls its requests": Promise(
        was_member, ("review_request", "recall_output"), without("never-ones-own-request")
    ),
    "nobody changes what another asks to let out": Promise(
        lambda world: z3.Not(is_author(world)),
        ("change_request",),
        within("author-changes-own-request", "resource.author == principal"),
    ),
    "nobody changes what checkers look at": Promise(
        lambda world: world.text("resource.state") == z3.StringVal("in_review"),
        ("change_request",),
        within("author-changes-own-request", 'resource.state == "blocked"', 'resource.state == "in_review"'),
    ),
    "no author releases their own output, whoever may release": Promise(
        is_author,
        ("release_output",),
        lambda text: (
            without("never-ones-own-request")(text)
            + '@id("loose") permit (principal, action == Action::"release_output", resource);\n'
        ),
    ),
    "no member of a project approves it, provisions it, accepts its risk or destroys its extract": Promise(
        is_member("code"),
        ("approve_project", "provision_extract", "accept_risk", "destroy_extract", "assess_application", "set_quota"),
        without("never-ones-own-project"),
    ),
    "no member of a project decides that it has a dataset": Promise(
        is_member("project"), ("decide_dataset",), without("never-data-for-oneself")
    ),
    "nobody decides about a dataset that they do not answer for": Promise(
        lambda world: z3.Not(world.holds("principal.controllers", world.text("resource.controller"))),
        ("decide_dataset",),
        within("owner-decides-own-dataset", "principal.controllers.contains(resource.controller)"),
    ),
    "nobody changes what was submitted": Promise(
        lambda world: world.text("resource.status") == z3.StringVal("submitted"),
        ("change_application",),
        within("lead-changes-draft", 'resource.status == "draft"'),
    ),
    "no researcher reaches landing or warehouse": Promise(
        has("researcher"),
        LANDING_AND_WAREHOUSE,
        within("data-manager-runs-the-warehouse", '"data_manager"', '"researcher"'),
    ),
    "nobody does anything without a second factor": Promise(
        has_no_second_factor, tuple(acts()), within("member-sees-own-project", "principal.second_factor")
    ),
    "nobody untrained does what needs training": Promise(
        is_untrained,
        tuple(sorted(acts().keys() - UNTRAINED_MAY)),
        within("checker-reviews-request", "principal.training_current"),
    ),
    "nobody changes their own account": Promise(is_themselves, ("change_account",), without("never-ones-own-account")),
    "nobody without a role does more than see what is theirs": Promise(
        is_nobody,
        tuple(sorted(acts().keys() - OWN)),
        within("deployer-reads-the-registry", 'principal.roles.contains("deployer")'),
    ),
    "nobody outside a project works in it": Promise(
        lambda world: z3.Not(is_member("code")(world)),
        ("open_workspace", "submit_output", "spend_budget"),
        within("researcher-works-in-own-project", "principal.projects.contains(resource.code)"),
    ),
    "no author and no member of a project opens its release again": Promise(
        lambda world: z3.Or(is_author(world), is_member("project")(world)),
        ("open_downloads",),
        without("never-opens-ones-own-release"),
    ),
    "no author and nobody who was ever a member of a project reviews what is brought into it": Promise(
        lambda world: z3.Or(is_author(world), is_member("project")(world), was_member(world)),
        ("review_import",),
        without("never-ones-own-import"),
    ),
    "no member of a project says where its releases go": Promise(
        is_member("code"), ("set_release_target",), without("never-sets-ones-own-release-target")
    ),
    "nobody withdraws another's request": Promise(
        lambda world: z3.Not(is_author(world)),
        ("withdraw_request",),
        within("author-withdraws-own-request", "resource.author == principal"),
    ),
    "no person registers a model": Promise(
        lambda world: z3.BoolVal(True),
        ("register_model",),
        lambda text: text.replace('Action::"read_registry"', 'Action::"register_model"'),
    ),
}


def broken(promise: Promise, text: str) -> list[str]:
    """Return the acts that somebody may do against the promise."""
    worlds = [(act, World(kind)) for act in promise.acts for kind in acts()[act]]
    return [act for act, world in worlds if counterexample(allowed(text, act, world), promise.of(world)) is not None]


@pytest.mark.parametrize("name", PROMISES)
def test_it_is_true_of_everybody(name):
    assert broken(PROMISES[name], policies()[0]) == []


@pytest.mark.parametrize("name", PROMISES)
def test_the_proof_fails_where_its_reason_is_taken_away(name):
    text = policies()[0]
    changed = PROMISES[name].broken(text)
    assert changed != text
    assert broken(PROMISES[name], changed)


def test_the_duties_are_apart_by_the_roles_that_nobody_holds_together():
    """Were there no such pairs, the policies alone would let a researcher who is a data manager land."""
    loose = Promise(has("researcher", ()), LANDING_AND_WAREHOUSE, str)
    assert set(broken(loose, policies()[0])) == set(LANDING_AND_WAREHOUSE)


def test_which_acts_need_no_training_is_written_down():
    everything = Promise(is_untrained, tuple(acts()), str)
    assert set(broken(everything, policies()[0])) == UNTRAINED_MAY


def test_somebody_may_do_each_act_that_is_for_persons():
    """Else a proof that nobody may would be worth nothing."""
    anybody = Promise(lambda world: z3.BoolVal(True), tuple(acts()), str)
    assert set(broken(anybody, policies()[0])) == {case.action for case in CASES if case.allow}


def test_what_is_not_encoded_is_not_proved():
    text = 'permit (principal, action, resource) when { resource.name like "a*" };'
    with pytest.raises(NotImplementedError):
        allowed(text, "read_audit", World("Platform"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.action}-{'+'.join(sorted(case.principal.roles))}")
def test_the_formulas_answer_as_the_table_says(case):
    answer = allowed(policies()[0], case.action, world_of(case.principal, case.resource))
    assert z3.is_true(z3.simplify(answer)) is case.allow


_NAMES = st.sampled_from(["ann", "bob"])
_TEXTS = st.sampled_from(
    ["frailty", "asthma", "draft", *sorted(set(re.findall(r'== "(\w+)"', policies()[0])))]
)  # fmt: skip


@st.composite
def questions(draw: st.DrawFn) -> tuple[Principal, str, Resource]:
    """Draw a person, an act, and what it may be asked about, with the attributes that the schema gives each."""
    told: dict[str, Any] = {}
    for each in fields(Principal):
        if each.name == "grant":  # no policy sees it
            continue
        members = st.sampled_from(sorted(ROLES)) if each.name == "roles" else _TEXTS
        kinds = {"str": _NAMES, "bool": st.booleans(), "frozenset[str]": st.frozensets(members, max_size=3)}
        told[each.name] = draw(kinds[str(each.type)])
    act = draw(st.sampled_from(sorted(acts())))
    kind = draw(st.sampled_from(sorted(acts()[act])))
    schema = (FOLDER / "schema.cedarschema").read_text()
    attributes = re.findall(r"(\w+): (\w+)", re.findall(rf"entity {kind} = \{{(.*?)\}};", schema, re.DOTALL)[0])
    drawn = {name: draw(_TEXTS if of == "String" else _NAMES) for name, of in attributes if kind != "Account"}
    return Principal(**told), act, Resource(kind, draw(_NAMES), drawn)


@st.composite
def grants(draw: st.DrawFn) -> Grant:
    """Draw what a token lets its person do: some acts, in any project or in one."""
    covered = draw(st.frozensets(st.sampled_from(sorted(acts())), min_size=10))
    return Grant(covered, draw(st.sampled_from(["", "frailty"])))


@settings(max_examples=300, deadline=None)
@given(questions(), grants())
def test_a_token_only_takes_away(question, grant):
    """With a token a person is allowed what they are without it and the token covers, and nothing else."""
    principal, act, resource = question
    without, by_token = decide(principal, act, resource), decide(replace(principal, grant=grant), act, resource)
    here = not grant.project or grant.project in {resource.attributes.get(name) for name in ("code", "project")}
    assert by_token.allowed is (without.allowed and act in grant.acts and here)


@settings(max_examples=300, deadline=None)
@given(questions())
def test_the_formulas_answer_as_the_decision_point_does(question):
    principal, act, resource = question
    formula = z3.simplify(allowed(policies()[0], act, world_of(principal, resource)))
    assert z3.is_true(formula) or z3.is_false(formula), "everything is known, so it is one or the other"
    assert z3.is_true(formula) is decide(principal, act, resource).allowed
