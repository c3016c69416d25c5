"""Each policy has words, and the words say what it says: no more, no less, or nothing at all."""

from __future__ import annotations

import re

import pytest

from tests.factories import person, project
from tests.unit.test_pages import browser
from tre.policy import words
from tre.policy.decision import FOLDER, acts, decide, parsed, policies, rules
from tre.policy.domain import PLATFORM
from tre.policy.words import NoWords, Rule, read
from tre.web.policies import told_acts

WHO = 'principal.roles.contains("auditor")'


def rule(condition: str, effect: str = "permit", scope: str = 'action == Action::"act"', resource: str = "") -> Rule:
    text = f'@id("one") {effect} (principal, {scope}, resource{resource}) {condition};'
    return read(next(iter(parsed(text).values())))


def said(condition: str, **more: str) -> str:
    return rule(f"when {{ {condition} }}", **more).sentence({"act": ["Request"]})


def test_every_policy_in_force_has_words_and_every_act_is_told_of():
    for each in rules():
        told = each.sentence({act: acts()[act] for act in each.acts})
        assert re.fullmatch(r"(Someone who|Nobody may) .+\.", told), told
        for part in re.findall(r'contains\("(\w+)"\)|== "(\w+)"', _text_of(each.identity)):
            assert "".join(part).replace("_", " ") in told, "each text of the policy is in its words"
    assert {act.name for act in told_acts()} == set(acts())
    assert {told.identity for act in told_acts() for told in (*act.permits, *act.forbids)} == {
        each.identity for each in rules()
    }


def _text_of(identity: str) -> str:
    return policies()[0].split(f'@id("{identity}")')[1].split(";")[0]


def test_every_act_with_a_name_of_its_own_is_in_the_schema():
    assert set(words._ACTS) <= set(acts())
    assert acts()["review_request"] == {"Request"}
    assert words.act_in_words("sign_a_thing") == "sign a thing"


@pytest.mark.parametrize(
    ("identity", "sentence"),
    [
        (
            "checker-reviews-request",
            "Someone who holds the role output checker, has signed in with a second factor and has current training "
            "may review a request, if the request is in review.",
        ),
        (
            "never-ones-own-request",
            "Nobody may review a request, recall an output or release an output if they are the request's author, they "
            "are a member of the request's project or they were once a member of the request's project.",
        ),
        (
            "data-manager-provisions",
            "Someone who holds the role data manager or information asset owner, has signed in with a second factor "
            "and has current training may approve a project, provision an extract, view a project, destroy an extract, "
            "read a certificate or set a quota.",
        ),
        ("never-ones-own-account", "Nobody may change an account if they are the person whose account it is."),
    ],
)
def test_what_the_policies_say(identity, sentence):
    found = next(each for each in rules() if each.identity == identity)
    assert found.sentence({act: acts()[act] for act in found.acts}) == sentence


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        (WHO, "Someone who holds the role auditor may act."),
        (f"!{WHO}", "Someone who does not hold the role auditor may act."),
        (f"!!{WHO}", "Someone who holds the role auditor may act."),
        ("principal.second_factor", "Someone who has signed in with a second factor may act."),
        ("!principal.second_factor", "Someone who has not signed in with a second factor may act."),
        ("!principal.training_current", "Someone who has no current training may act."),
        ("principal.leads.contains(resource.code)", "Someone who leads the request may act."),
        ("principal.leads.contains(resource.project)", "Someone who leads the request's project may act."),
        ("!principal.leads.contains(resource.project)", "Someone who does not lead the request's project may act."),
        (
            "principal.controllers.contains(resource.controller)",
            "Someone who answers for the request's controller may act.",
        ),
        ('principal.projects.contains("frailty")', "Someone who is a member of frailty may act."),
        ("principal.projects.contains(resource.code)", "Someone who is a member of the request may act."),
        (
            "!principal.past_projects.contains(resource.project)",
            "Someone who was never a member of the request's project may act.",
        ),
        (
            "!principal.projects.contains(resource.project)",
            "Someone who is no member of the request's project may act.",
        ),
        ("resource.author == principal", "Someone who is the request's author may act."),
        ("principal == resource.author", "Someone who is the request's author may act."),
        ("resource.author != principal", "Someone who is not the request's author may act."),
        ("!(resource == principal)", "Someone who is not the person whose request it is may act."),
        ('resource.state == "in_review"', "Anyone may act, if the request is in review."),
        ('"in_review" == resource.state', "Anyone may act, if the request is in review."),
        ('resource.state != "draft"', "Anyone may act, if the request is not draft."),
        ('resource.project == "frailty"', "Anyone may act, if the request's project is frailty."),
        ('["a", "b"].contains(resource.state)', "Anyone may act, if the request is a or b."),
        ('!["a", "b"].contains(resource.state)', "Anyone may act, if the request is neither a nor b."),
        (
            f"{WHO} && (principal.second_factor || principal.training_current)",
            "Someone who holds the role auditor and (either has signed in with a second factor or has current "
            "training) may act.",
        ),
        (
            f"!({WHO} && principal.second_factor)",
            "Someone who (either does not hold the role auditor or has not signed in with a second factor) may act.",
        ),
        (
            f'{WHO} && (resource.state == "draft" || (principal.leads.contains(resource.project) && '
            "principal.second_factor))",
            "Someone who holds the role auditor may act, if (either the request is draft or (both they lead the "
            "request's project and they have signed in with a second factor)).",
        ),
    ],
)
def test_a_condition_in_words(condition, sentence):
    assert said(condition) == sentence


def test_a_rule_against_in_words():
    assert said("principal.second_factor", effect="forbid") == (
        "Nobody may act if they have signed in with a second factor."
    )
    assert said("principal.second_factor && !principal.training_current", effect="forbid") == (
        "Nobody may act if they have signed in with a second factor and they have no current training."
    )
    assert rule("", "forbid").sentence({"act": ["Request"]}) == "Nobody may act."
    assert rule("").sentence({"act": ["Request"]}) == "Anyone may act."


def test_each_condition_counts_and_unless_is_its_negation():
    told = rule(f"when {{ {WHO} }} when {{ principal.second_factor }} unless {{ principal.training_current }}")
    assert told.sentence({"act": ["Request"]}) == (
        "Someone who holds the role auditor, has signed in with a second factor and has no current training may act."
    )
    assert rule("unless { false }", scope="action").condition == {"!": {"arg": {"Value": False}}}


def test_which_acts_and_kinds_a_rule_is_about():
    several = rule("", scope='action in [Action::"a", Action::"b"]', resource=" is Request")
    assert several.acts == ("a", "b")
    assert several.about("a", {"Request"})
    assert not several.about("c", {"Request"})
    assert not several.about("a", {"Project"})
    assert rule("", scope='action in Action::"a"').acts == ("a",)
    assert rule("", scope="action").about("anything", {"Project"})


@pytest.mark.parametrize(
    "condition",
    [
        "principal has roles",
        "principal.unknown",
        "resource.state",
        "principal.roles.containsAny([\"a\"])",
        "principal.unknown.contains(resource.code)",
        "principal.roles.contains(principal.name)",
        "principal.roles.contains(1)",
        "resource.number == 1",
        "principal.name == principal",
        "principal.name == \"x\"",
        "principal in Account::\"x\"",
        "principal == Account::\"x\"",
        "resource.name like \"a*\"",
        "[1, 2].contains(resource.number)",
        "[].contains(resource.state)",
        "[\"a\"].contains(principal.name)",
        "if principal.second_factor then true else false",
        f"{WHO} && true",
        "false",
        "!true",
        "principal is Account",
        "1 < 2",
    ],
)  # fmt: skip
def test_a_condition_without_words_is_never_told_in_part(condition):
    with pytest.raises(NoWords):
        said(condition)


@pytest.mark.parametrize(
    "text",
    [
        'permit (principal == Account::"a", action, resource);',
        "permit (principal is Account, action, resource);",
        'permit (principal, action, resource == Request::"1");',
        'permit (principal, action, resource in Request::"1");',
        'permit (principal, action, resource is Request in Request::"1");',
    ],
)
def test_a_scope_without_words_is_never_told_in_part(text):
    with pytest.raises(NoWords):
        read(next(iter(parsed(text).values())))


@pytest.mark.parametrize(
    "changed",
    [
        {"effect": "perhaps"},
        {"action": {"op": "like"}},
        {"conditions": [{"kind": "while", "body": {"Value": True}}]},
        {"conditions": [{"kind": "when", "body": {"Value": True, "Var": "principal"}}]},
    ],
)
def test_a_tree_of_another_make_is_refused(changed):
    body = next(iter(parsed(policies()[0]).values()))
    with pytest.raises(NoWords):
        read({**body, **changed}).sentence({"act": ["Request"]})


@pytest.mark.django_db
def test_the_page_answers_as_the_decision_point_does():
    ann = person("ann", "researcher")
    project("frailty", "ann")
    person("bob", "researcher")
    project("asthma", "bob")
    page = browser("ann").get("/policies/").content.decode()
    assert "The frailty study" in page
    assert "The asthma study" not in page, "a project that is not one's own is not named"
    rows = {
        match[0]: (match[1], re.findall(r"<code>([\w-]+)</code>", match[2]))
        for match in re.findall(
            r'__header">([^<]+)</th>.*?nhsuk-tag--\w+">(Yes|No)</strong>.*?</td>(.*?)</td>', page, re.DOTALL
        )
    }
    for act, kinds in acts().items():
        if "Platform" in kinds:
            answer = decide(ann, act, PLATFORM)
            assert rows[words.act_in_words(act)] == ("Yes" if answer.allowed else "No", list(answer.policies))
    assert rows["open a workspace"] == ("Yes", ["researcher-works-in-own-project"])
    assert rows["approve a project"] == ("No", ["never-ones-own-project"])
    for each in rules():
        assert f"<code>{each.identity}</code>" in page


def test_no_policy_stands_where_it_is_not_read():
    assert {path.parent for path in FOLDER.rglob("*.cedar")} == {FOLDER}
