"""The policies answer what `policies/cases.yaml` says, and nothing outside the schema is ever allowed."""

from __future__ import annotations

import json
import logging

import cedarpy
import pytest
import yaml

from tre.errors import Refused, SettingsError
from tre.policy.decision import FOLDER, decide, policies, require
from tre.policy.domain import PLATFORM, Decision, Principal, Resource

CASES = yaml.safe_load((FOLDER / "cases.yaml").read_text())


def ask(case: dict):
    who = Principal(
        "someone",
        frozenset(case["roles"]),
        frozenset(case["member"]),
        case.get("training", True),
        case.get("second_factor", True),
        frozenset(case.get("leads", ())),
        frozenset(case.get("controllers", ())),
        frozenset(case.get("past", ())),
    )
    attributes = {name: value for name, value in case["resource"].items() if name != "kind"}
    if case["resource"]["kind"] == "Request":
        attributes["author"] = "someone" if case.get("author") else "somebody-else"
    identity = "someone" if case.get("own") else "1"
    return who, case["action"], Resource(case["resource"]["kind"], identity, attributes)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['action']}-{'+'.join(case['roles'])}")
def test_case(case):
    assert decide(*ask(case)).allowed is case["allow"]


def test_every_action_has_a_case_that_denies_and_one_that_allows():
    policies()
    schema = (FOLDER / "schema.cedarschema").read_text()
    named = {
        name.strip()
        for line in schema.splitlines()
        if line.startswith("action ")
        for name in line.removeprefix("action ").split(",")
    }
    assert named == {case["action"] for case in CASES}
    only_the_platform = {"release_output", "register_model"}
    assert {case["action"] for case in CASES if case["allow"]} == named - only_the_platform
    assert {case["action"] for case in CASES if not case["allow"]} == named


@pytest.mark.parametrize("role", ["researcher", "output_checker", "data_manager", "auditor", "operator", "deployer"])
@pytest.mark.parametrize("state", ["draft", "submitted", "in_review", "approved", "released"])
def test_no_role_lets_an_author_review_or_release_their_own_request(role, state):
    everything = frozenset(
        ["researcher", "project_lead", "output_checker", "data_manager", "information_asset_owner", "auditor", role]
    )
    author = Principal("author", everything, frozenset(), True, True)
    for action in ("review_request", "release_output"):
        own = Resource("Request", "1", {"author": "author", "project": "frailty", "state": state})
        assert not decide(author, action, own).allowed


def test_a_refusal_names_the_rule():
    author = Principal("a", frozenset(["output_checker"]), frozenset(), True, True)
    own = Resource("Request", "1", {"author": "a", "project": "frailty", "state": "in_review"})
    with pytest.raises(Refused, match="never ones own request"):
        require(author, "review_request", own)
    with pytest.raises(Refused, match="no rule permits"):
        require(author, "read_audit", PLATFORM)


def test_each_decision_is_written_down_with_the_policies_that_made_it(caplog):
    caplog.set_level(logging.INFO, "tre.policy")
    author = Principal("ann", frozenset(["output_checker"]), frozenset(), True, True)
    decide(author, "review_request", Resource("Request", "7", {"author": "ann", "project": "x", "state": "in_review"}))
    decide(author, "read_audit", PLATFORM)
    assert [record.getMessage() for record in caplog.records] == [
        "denied ann review_request Request:7 by never-ones-own-request",
        "denied ann read_audit Platform:platform by default",
    ]


def test_an_answer_tells_which_rule_it_rests_on():
    operator = Principal("a", frozenset(["operator"]), frozenset(), True, True)
    allowed = require(operator, "manage_people", PLATFORM)
    assert allowed.policies == ("operator-manages-people",)
    assert allowed.sentence("manage_people") == "You may manage people: operator-manages-people"


@pytest.mark.parametrize(
    ("decision", "sentence"),
    [
        (Decision(True, ("one", "two")), "You may read audit: one, two"),
        (Decision(False, ("never-this",)), "You may not read audit: the rule 'never this' forbids it"),
        (Decision(False), "You may not read audit: no rule permits it"),
    ],
)
def test_an_answer_in_words(decision, sentence):
    assert decision.sentence("read_audit") == sentence


def test_a_policy_that_does_not_fit_the_schema_decides_nothing(tmp_path):
    (tmp_path / "schema.cedarschema").write_text((FOLDER / "schema.cedarschema").read_text())
    (tmp_path / "loose.cedar").write_text('permit (principal, action == Action::"become_god", resource);')
    with pytest.raises(SettingsError, match="A policy does not fit the schema"):
        policies.__wrapped__(tmp_path)


def test_what_does_not_fit_the_schema_is_never_allowed():
    boss = Principal("a", frozenset(["operator"]), frozenset(), True, True)
    for action, resource in [("become_god", PLATFORM), ("open_workspace", PLATFORM), ("review_request", PLATFORM)]:
        with pytest.raises(ValueError, match="schema"):
            decide(boss, action, resource)
    with pytest.raises(ValueError, match="unknown kind"):
        Resource("Landing")
    with pytest.raises(ValueError, match="quotes"):
        decide(Principal('a"::x'), "read_audit", PLATFORM)


def test_every_policy_has_a_name():
    parsed = json.loads(cedarpy.policies_to_json_str(policies()[0]))["staticPolicies"]
    assert all(body.get("annotations", {}).get("id") for body in parsed.values())
