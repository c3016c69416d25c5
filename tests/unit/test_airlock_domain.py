"""The airlock's rules, as tables."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest
import yaml

from tre.airlock.deciding import Said, Voice, Vote, check_releasable, check_votes, choice_of, decision, outcome
from tre.airlock.documentation import PAGE, page
from tre.airlock.domain import AUDIT_EVENTS, OWNERS, PLACES, STEPS, TRANSITIONS, Place, can, follow, place_of
from tre.airlock.naming import (
    MODEL_FILES,
    MOST_FILES,
    MOST_TEXT,
    RELEASE_NOTE,
    check_group,
    check_kinds,
    check_models,
    check_names,
    check_text,
    kind_of,
    model_folders,
)
from tre.airlock.policy import CASES_FILE, POLICY_FILE, airlock_policy
from tre.airlock.scrutiny import Band, Scrutiny, Shown, due, risk_of, scrutiny_of
from tre.errors import Refused, SettingsError


def test_every_state_has_an_owner_and_every_event_a_name_in_the_log():
    assert {place.state for place in PLACES} == set(OWNERS)
    assert {step.event for step in STEPS} == set(AUDIT_EVENTS)
    assert len(set(AUDIT_EVENTS.values())) == len(AUDIT_EVENTS)
    assert len(TRANSITIONS) == len(STEPS), "no step has two ends"


def test_who_takes_a_step_is_who_owns_the_state_or_the_author_who_takes_it_back():
    for step in STEPS:
        known = step.by == OWNERS[step.before.state] or step.event in {"withdraw", "expire", "recall", "let_pass"}
        assert known, step


@pytest.mark.parametrize("place", sorted(PLACES))
@pytest.mark.parametrize("event", AUDIT_EVENTS)
def test_what_the_table_does_not_hold_is_refused(place, event):
    assert can(place, event) is ((place, event) in TRANSITIONS)
    if (place, event) in TRANSITIONS:
        assert follow(place, event) == TRANSITIONS[place, event]
    else:
        with pytest.raises(Refused):
            follow(place, event)


def test_nothing_is_released_that_was_not_approved_by_checkers():
    before = {step.before for step in STEPS if step.after.state == "releasing"}
    assert before == {Place("approved")}
    deciding = {(step.event, step.by) for step in STEPS if step.after.state == "approved"}
    assert deciding == {("approve", "checkers"), ("let_pass", "platform")}
    assert {step.before.state for step in STEPS if step.after.state == "approved"} == {"in_review"}


def test_every_place_is_reached_from_a_draft_and_each_that_is_somebodys_is_left():
    reached = {Place("draft")}
    for _ in STEPS:
        reached |= {step.after for step in STEPS if step.before in reached}
    assert reached == PLACES
    left = {step.before.state for step in STEPS}
    assert {state for state, owner in OWNERS.items() if owner != "nobody"} <= left


def test_what_was_halted_is_never_revised():
    assert not can(Place("blocked", "halted"), "revise")
    assert can(Place("blocked"), "revise")


def test_a_phase_that_a_state_does_not_have_counts_for_nothing():
    assert place_of("approved", "independent") == Place("approved")
    assert place_of("in_review", "consolidation") == Place("in_review", "consolidation")


def test_the_diagram_and_the_tables_are_those_of_the_code():
    assert PAGE.read_text() == page(), "run make docs"


# Votes


def test_every_file_needs_one_vote_and_what_does_not_approve_a_comment():
    check_votes([Vote(1, "approve"), Vote(2, "return", "Round it.")], [1, 2])
    check_votes([Vote(1, "reject")], [1], explained={1})
    for votes in ([], [Vote(1, "approve")], [Vote(1, "approve"), Vote(1, "approve")], [Vote(3, "approve")] * 2):
        with pytest.raises(Refused, match="one vote"):
            check_votes(votes, [1, 2])
    with pytest.raises(Refused, match="comment"):
        check_votes([Vote(1, "reject", "  ")], [1])


@pytest.mark.parametrize(
    ("choices", "come_to"),
    [
        (["approve"], "approve"),
        (["approve", "return"], "return"),
        (["return", "reject", "approve"], "reject"),
        ([], "approve"),
    ],
)
def test_a_review_comes_to_the_most_severe_of_its_votes(choices, come_to):
    assert choice_of(choices) == come_to


@pytest.mark.parametrize(
    ("choices", "decided"),
    [
        ([], None),
        (["approve"], None),
        (["approve", "approve"], "approve"),
        (["approve", "reject"], None),
        (["reject", "approve"], None),
        (["reject", "reject"], "reject"),
        (["approve", "reject", "reject"], "reject"),
        (["approve", "reject", "approve"], "approve"),
        (["approve", "return", "reject"], "return"),
    ],
)
def test_two_who_agree_decide(choices, decided):
    assert outcome(choices) == decided


@pytest.mark.parametrize("checkers", [1, 2, 3])
def test_nothing_is_approved_by_fewer_than_have_to_agree_and_every_voice_beyond_decides(checkers):
    for count in range(checkers + 2):
        for choices in itertools.product(["approve", "return", "reject"], repeat=count):
            decided = outcome(choices, checkers)
            if decided == "approve":
                assert choices.count("approve") >= checkers
            if count > checkers:
                assert decided is not None
            assert outcome(tuple(reversed(choices)), checkers) == decided, "whoever speaks first"


def test_each_file_is_decided_by_itself_and_the_request_by_the_severest():
    both = [Voice({"a": "approve", "b": "approve"}), Voice({"a": "approve", "b": "return"})]
    assert decision(both, ["a", "b"], 2) is None
    assert decision([*both, Voice({"a": "approve", "b": "return"})], ["a", "b"], 2) == "return"
    assert decision([*both, Voice({"a": "reject", "b": "approve"})], ["a", "b"], 2) == "approve"
    assert decision(both[:1], ["a", "b"], 2) is None
    assert decision([Voice({"a": "reject"}), Voice({"a": "reject"})], ["a"], 2) == "reject"


def test_a_role_that_policy_asks_for_has_to_be_among_those_who_approve_everything():
    plain, holds = Voice({"a": "approve"}), Voice({"a": "approve"}, frozenset({"data_manager"}))
    against = Voice({"a": "return"}, frozenset({"data_manager"}))
    assert decision([plain, plain], ["a"], 2, "data_manager") is None
    assert decision([plain, holds], ["a"], 2, "data_manager") == "approve"
    assert decision([plain, plain, against], ["a"], 2, "data_manager") == "return"


# Evidence

BOTH = {"a.csv": "a" * 64, "b.csv": "b" * 64}


def said(who: str, *choices: str, roles: frozenset[str] = frozenset(), files: dict[str, str] = BOTH) -> Said:
    votes = {name: (sha256, choice) for (name, sha256), choice in zip(files.items(), choices, strict=True)}
    return Said(who, roles, votes)


CAT, DAN = said("cat", "approve", "approve"), said("dan", "approve", "approve")
EVE = said("eve", "return", "approve")


def test_two_independent_approvals_of_just_these_files_are_releasable():
    check_releasable(BOTH, [CAT, DAN], {"ann"}, 2)
    check_releasable(BOTH, [CAT, EVE, DAN], {"ann"}, 2)
    check_releasable(BOTH, [CAT], {"ann"}, 1)


@pytest.mark.parametrize(
    ("files", "reviews", "checkers", "role", "told"),
    [
        ({}, [CAT, DAN], 2, "", "Nothing"),
        (BOTH, [CAT], 2, "", "Two checkers have not"),
        (BOTH, [], 1, "", "A checker has not"),
        (BOTH, [CAT, DAN], 3, "", "Three checkers have not"),
        (BOTH, [CAT, CAT], 2, "", "twice"),
        (BOTH, [CAT, said("ann", "approve", "approve")], 2, "", "is or was a member"),
        (BOTH, [CAT, said("bob", "approve", "approve")], 2, "", "is or was a member"),
        (BOTH, [CAT, EVE], 2, "", "not approved"),
        (BOTH, [CAT, said("dan", "approve", files={"a.csv": "a" * 64})], 2, "", "other files"),
        (BOTH, [CAT, said("dan", "approve", "approve", files={**BOTH, "b.csv": "c" * 64})], 2, "", "other files"),
        ({**BOTH, "c.csv": "c" * 64}, [CAT, DAN], 2, "", "other files"),
        ({"a.csv": "a" * 64}, [CAT, DAN], 2, "", "other files"),
        (BOTH, [CAT, DAN], 2, "data_manager", "data manager"),
    ],
)  # fmt: skip
def test_whatever_differs_is_not_releasable(files, reviews, checkers, role, told):
    with pytest.raises(Refused, match=told):
        check_releasable(files, reviews, {"ann", "bob"}, checkers, role)


# Scrutiny

POLICY = airlock_policy()


def shown(kind: str = "output", **told: object) -> Shown:
    plain = {"type": "csv", "verdict": "pass", "profile": "acro"}
    return Shown(kind, **{**plain, **told})


def test_risk_adds_up_from_findings_and_never_beyond_the_most():
    assert risk_of([shown()], POLICY.weights) == 0
    assert risk_of([shown(findings={"a": "review", "b": "note"})], POLICY.weights) == 6
    assert risk_of([shown("model"), shown("model")], POLICY.weights) == 5
    assert risk_of([shown(findings={str(n): "review" for n in range(90)})], POLICY.weights) == 100


def test_risk_asks_for_more_checkers_and_a_role_and_never_for_fewer():
    bands = [Band(10, 2, "data_manager"), Band(20, 3)]
    told = [
        scrutiny_of([shown(findings={str(n): "review" for n in range(many)})], POLICY.weights, bands, ())
        for many in range(9)
    ]
    assert [each.checkers for each in told] == [2, 2, 2, 2, 3, 3, 3, 3, 3]
    assert [each.role for each in told] == ["", "", *["data_manager"] * 7]


def test_scrutiny_is_only_ever_added_to():
    assert Scrutiny(0, 1, "", "rounded-tables").at_least(2) == Scrutiny(0, 2)
    assert Scrutiny(9, 3, "auditor").at_least(2) == Scrutiny(9, 3, "auditor")


def test_no_class_is_in_force_unless_the_organisation_says_so():
    assert POLICY.classes
    assert not any(each.in_force for each in POLICY.classes)


CASES = yaml.safe_load(CASES_FILE.read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['class']}-{case['allow']}-{case.get('because', '')}")
def test_a_low_risk_class_lets_pass_what_its_cases_say(case):
    found = next(each for each in POLICY.classes if each.name == case["class"])
    files = [shown(**{"profile": found.profiles[0], **file}) for file in case["files"]]
    assert found.holds(files) is case["allow"]


def test_every_class_has_cases_that_allow_and_that_deny():
    assert {(each.name, allow) for each in POLICY.classes for allow in (True, False)} == {
        (case["class"], case["allow"]) for case in CASES
    }


def in_force(tmp_path, old: str, new: str):
    text = POLICY_FILE.read_text()
    assert old in text
    path = tmp_path / "airlock.yaml"
    path.write_text(text.replace(old, new, 1))
    return airlock_policy(path)


def test_a_class_in_force_needs_one_checker_until_there_is_any_risk(tmp_path):
    policy = in_force(tmp_path, "in_force: false\n    checkers: 1", "in_force: true\n    checkers: 1")
    rounded = shown(profile="opensafely")
    assert policy.scrutiny([rounded]) == Scrutiny(0, 1, "", "rounded-tables")
    assert policy.scrutiny([rounded, shown("code", profile="opensafely")]).checkers == 2
    assert policy.scrutiny([shown(profile="opensafely", findings={"a": "note"})]).checkers == 2


def test_a_class_of_what_the_platform_made_may_need_nobody_and_no_other_may(tmp_path):
    policy = in_force(tmp_path, "in_force: false\n    checkers: 0", "in_force: true\n    checkers: 0")
    made = shown(attested=True)
    assert policy.scrutiny([made]) == Scrutiny(0, 0, "", "attested-outputs")
    assert policy.scrutiny([made, shown()]).checkers == 2
    assert policy.scrutiny([shown(attested=True, findings={"a": "note"})]).checkers == 2
    assert policy.scrutiny([made]).at_least(3).checkers == 3


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("checkers: 3", "checkers: 1"),
        ("risk: 60", "risk: 0"),
        ("in_force: false\n    checkers: 1", "in_force: true\n    checkers: 0"),
        ("in_force: false\n    checkers: 1", "in_force: true\n    checkers: 2"),
        ("working_days: 5", "working_days: 0"),
        ("draft: 90", "in_review: 90"),
        ("review: 5", "review: -5"),
        ("kinds: [output]", "kinds: [anything]"),
        ("most_files: 10", "most_files: 10\n    more: 1"),
        ("version: 1", "version: [}"),
        ("{risk: 60, checkers: 3}", "{risk: 60, checkers: 3, role: nobody}"),
    ],
)
def test_a_policy_that_takes_scrutiny_away_or_is_none_is_refused(tmp_path, old, new):
    with pytest.raises(SettingsError):
        in_force(tmp_path, old, new)


@pytest.mark.parametrize(
    ("submitted", "days", "answer"),
    [
        (datetime(2026, 11, 23, 9, tzinfo=UTC), 5, datetime(2026, 11, 30, 9, tzinfo=UTC)),  # Monday to Monday
        (datetime(2026, 11, 27, 17, tzinfo=UTC), 1, datetime(2026, 11, 30, 17, tzinfo=UTC)),  # over a weekend
        (datetime(2026, 11, 28, 8, tzinfo=UTC), 1, datetime(2026, 11, 30, 8, tzinfo=UTC)),  # from a Saturday
    ],
)
def test_an_answer_is_due_in_working_days(submitted, days, answer):
    assert due(submitted, days) == answer


# Names, kinds and texts


@pytest.mark.parametrize("name", ["a.csv", "tables/a.csv", "a/b/c/d.csv", "with space.txt", "_x", "A-1.b_2"])
def test_a_name_that_may_leave(name):
    check_names([name])


@pytest.mark.parametrize(
    "name",
    ["", ".hidden", "../a", "a/../b", "/a", "a//b", "a/", "a\\b", "a\n", "é.csv", "a" * 81, "a/b/c/d/e", "x/.git/a",
     "a..b", "-rf", "=cmd", "ro-crate-metadata.json", "RO-Crate-Metadata.JSON",
     "ro-crate-metadata.json/a"],
)  # fmt: skip
def test_a_name_that_may_not_leave_is_not_told(name):
    with pytest.raises(Refused) as refused:
        check_names(["fine.csv", name])
    assert not name or name == RELEASE_NOTE or len(name) < 4 or name not in refused.value.sentence()


def test_names_that_clash_are_refused():
    for names in (["a.csv", "A.csv"], ["a", "a/b"], [], [f"f{n}" for n in range(MOST_FILES + 1)]):
        with pytest.raises(Refused):
            check_names(names)
    check_names([f"f{n}" for n in range(MOST_FILES)])


MODEL = [f"m/{name}" for name in sorted(MODEL_FILES)]


def test_a_models_folder_is_known_and_holds_its_own_files_alone():
    assert model_folders([*MODEL, "a.csv"]) == ("m",)
    assert model_folders(["model.json", "weights.safetensors"]) == ()
    check_models([*MODEL, "a.csv"])
    for names in ([*MODEL, "m/more.csv"], MODEL[1:] if "m/model.json" not in MODEL[0] else MODEL[:1] + MODEL[2:]):
        if model_folders(names):
            with pytest.raises(Refused):
                check_models(names)
    with pytest.raises(Refused, match="same name"):
        check_models([*(f"a/{each}" for each in MODEL), *(f"b/{each}" for each in MODEL)])


def test_a_request_lets_something_out_and_a_model_is_whole():
    check_kinds({"a.csv": "output", "b.csv": "supporting", "c.py": "code"})
    check_kinds(dict.fromkeys(MODEL, "model"))
    check_kinds({**dict.fromkeys(MODEL, "supporting"), "a.csv": "output"})
    for kinds in (
        {"a.csv": "supporting"}, {}, {"a.csv": "model"}, dict.fromkeys(MODEL, "output"),
        {**dict.fromkeys(MODEL, "model"), MODEL[0]: "supporting"},
    ):  # fmt: skip
        with pytest.raises(Refused):
            check_kinds(kinds)
    assert kind_of("m/model.json", ["m"]) == "model"
    assert kind_of("n/model.json", ["m"]) == "output"


def test_texts_and_groups_are_held_to_a_length_and_told_by_what_they_are():
    check_text("x" * MOST_TEXT, "The context", "Say it")
    for text in ("", " \n", "x" * (MOST_TEXT + 1)):
        with pytest.raises(Refused, match="The context"):
            check_text(text, "The context", "Say it")
    check_group("Tables 1.2")
    for name in ("", " x", "a/b", "x" * 61, "x\n"):
        with pytest.raises(Refused, match="group"):
            check_group(name)
