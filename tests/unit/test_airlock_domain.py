"""The airlock's rules, as tables."""

from __future__ import annotations

import pytest

from tre.airlock.domain import (
    AUDIT_EVENTS,
    MODEL_FILES,
    MOST_FILES,
    OWNERS,
    TRANSITIONS,
    Said,
    Vote,
    check_models,
    check_names,
    check_releasable,
    check_votes,
    choice_of,
    follow,
    model_folders,
    outcome,
)
from tre.errors import Refused


def test_every_state_has_an_owner_and_every_event_a_name_in_the_log():
    assert {state for state, _ in TRANSITIONS} | set(TRANSITIONS.values()) == set(OWNERS)
    assert {event for _, event in TRANSITIONS} == set(AUDIT_EVENTS)
    assert len(set(AUDIT_EVENTS.values())) == len(AUDIT_EVENTS)


@pytest.mark.parametrize("state", OWNERS)
@pytest.mark.parametrize("event", AUDIT_EVENTS)
def test_what_the_table_does_not_hold_is_refused(state, event):
    if (state, event) in TRANSITIONS:
        assert follow(state, event) == TRANSITIONS[state, event]
    else:
        with pytest.raises(Refused):
            follow(state, event)


def test_nothing_is_released_that_was_not_approved():
    before = {state for (state, event), after in TRANSITIONS.items() if after == "releasing"}
    assert before == {"approved"}
    assert {state for (state, event), after in TRANSITIONS.items() if after == "approved"} == {"in_review"}
    assert {state for (state, event), after in TRANSITIONS.items() if after == "in_review"} == {"inspecting"}


@pytest.mark.parametrize("state", ["rejected", "released", "withdrawn"])
def test_an_end_is_an_end(state):
    assert not [event for held, event in TRANSITIONS if held == state]


@pytest.mark.parametrize(
    ("choices", "decided"),
    [
        ([], None),
        (["approve"], None),
        (["reject"], None),
        (["approve", "approve"], "approve"),
        (["return", "return"], "return"),
        (["reject", "reject"], "reject"),
        (["approve", "reject"], None),
        (["approve", "reject", "approve"], "approve"),
        (["approve", "reject", "reject"], "reject"),
        (["approve", "return", "reject"], "return"),
    ],
)
def test_outcome(choices, decided):
    assert outcome(choices) == decided


@pytest.mark.parametrize(
    ("votes", "choice"),
    [(["approve", "approve"], "approve"), (["approve", "return"], "return"), (["return", "reject"], "reject")],
)
def test_one_review_comes_to_its_most_severe_vote(votes, choice):
    assert choice_of([Vote(place, each, "why") for place, each in enumerate(votes)]) == choice


def test_every_file_needs_one_vote():
    check_votes([Vote(1, "approve"), Vote(2, "approve")], [2, 1])
    for votes in ([Vote(1, "approve")], [Vote(1, "approve")] * 2, [Vote(1, "approve"), Vote(3, "approve")]):
        with pytest.raises(Refused, match="Every file needs one vote"):
            check_votes(votes, [1, 2])


@pytest.mark.parametrize("choice", ["return", "reject"])
def test_a_vote_against_says_why(choice):
    with pytest.raises(Refused, match="comment"):
        check_votes([Vote(1, choice, "  ")], [1])


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../up.csv", "a/../b.csv", "a\\b.csv", "a/b/c/d/e.csv", ".hidden", "-rf", "a\0.csv",
     "a\n.csv", "é.csv", "x" * 90 + ".csv", "a//b.csv", "a/.csv", "a/..", "\u202egnp.exe", "<script>.csv"],
)  # fmt: skip
def test_names_that_lead_out_hide_or_deceive_are_refused_without_being_told(name):
    with pytest.raises(Refused) as told:
        check_names(["fine.csv", name])
    assert "file 2" in told.value.sentence()
    assert not name or name not in told.value.sentence()


def test_names_are_counted_and_differ():
    check_names(["table 1.csv", "risk-model/weights.safetensors"])
    for names in ([], [f"{number}.csv" for number in range(MOST_FILES + 1)], ["A.csv", "a.csv"]):
        with pytest.raises(Refused):
            check_names(names)


def test_a_model_is_a_folder_with_a_description_and_weights():
    names = ["m/model.json", "m/weights.safetensors", "n/model.json", "model.json", "weights.safetensors", "t.csv"]
    assert model_folders(names) == ("m",)


MODEL = [f"m/{name}" for name in sorted(MODEL_FILES)]


@pytest.mark.parametrize(
    "names",
    [["a", "a/b"], ["A", "a/b.csv"], ["a/b/c", "a/b"], ["x.csv", "Fig/one/two.png", "fig"]],
)
def test_a_file_and_a_folder_of_one_name_are_refused(names):
    with pytest.raises(Refused, match="file and a folder"):
        check_names(names)


@pytest.mark.parametrize("name", ["ro-crate-metadata.json", "RO-Crate-Metadata.JSON", "ro-crate-metadata.json/x"])
def test_the_platform_s_own_name_is_refused(name):
    with pytest.raises(Refused, match="platform's own"):
        check_names(["table.csv", name])


def test_names_that_only_look_alike_pass():
    check_names(["a.csv", "a/b", "ab", "notes/ro-crate-metadata.json", "a/c"])


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([*MODEL, "m/roc.csv"], "its own files"),
        ([*MODEL, "m/figures/roc.csv"], "its own files"),
        ([name for name in MODEL if name != "m/card.md"], "its own files"),
        ([*MODEL, *(f"old/{name}" for name in MODEL)], "same name"),
        ([*MODEL, *(f"old/{name.replace('m/', 'M/')}" for name in MODEL)], "same name"),
    ],
)
def test_models_that_could_not_be_registered_are_refused_at_once(names, told):
    with pytest.raises(Refused, match=told):
        check_models(names)


def test_models_and_files_beside_them_pass():
    check_models([*MODEL, *(name.replace("m/", "n/") for name in MODEL), "table.csv", "k/model.json", "model.json"])
    check_models(["table.csv"])


BOTH = ("a" * 64, "b" * 64)


def said(checker: str, *choices: str, files: tuple[str, ...] = BOTH) -> Said:
    choices = choices or ("approve",) * len(files)
    votes = tuple(sorted(zip(files, choices, strict=True)))
    return Said(checker, choice_of([Vote(0, choice) for choice in choices]), votes)


CAT, DAN, EVE = said("cat"), said("dan"), said("eve")
NO = said("eve", "approve", "reject")


@pytest.mark.parametrize(
    ("rows", "logged"), [([CAT, DAN], [DAN, CAT]), ([NO, CAT, DAN], [NO, CAT, DAN]), ([CAT, DAN, EVE], [CAT, DAN, EVE])]
)
def test_what_two_checkers_approved_is_releasable(rows, logged):
    check_releasable(BOTH, list(reversed(BOTH)), rows, logged, {"ann"})


@pytest.mark.parametrize(
    ("files", "submitted", "rows", "logged", "told"),
    [
        (BOTH, BOTH, [], [], "have not approved"),
        (BOTH, BOTH, [CAT], [CAT], "have not approved"),
        (BOTH, BOTH, [CAT, NO], [CAT, NO], "have not approved"),
        (BOTH, BOTH, [CAT, DAN], [], "not those that were handed in"),
        (BOTH, BOTH, [CAT, DAN], [CAT], "not those that were handed in"),
        (BOTH, BOTH, [CAT, DAN], [CAT, DAN, NO], "not those that were handed in"),
        (BOTH, BOTH, [CAT, EVE], [CAT, NO], "not those that were handed in"),
        (BOTH, BOTH, [CAT, CAT], [CAT, CAT], "reviewed it twice"),
        (BOTH, BOTH, [CAT, said("ann")], [CAT, said("ann")], "author or a member"),
        (BOTH, BOTH, [CAT, said("bob")], [CAT, said("bob")], "author or a member"),
        (BOTH, BOTH[:1], [CAT, DAN], [CAT, DAN], "not those that were submitted"),
        (BOTH, (BOTH[0], "c" * 64), [CAT, DAN], [CAT, DAN], "not those that were submitted"),
        (BOTH, (), [CAT, DAN], [CAT, DAN], "not those that were submitted"),
        ((), (), [CAT, DAN], [CAT, DAN], "not those that were submitted"),
        ((BOTH[0], "c" * 64), (BOTH[0], "c" * 64), [CAT, DAN], [CAT, DAN], "of other files"),
        (BOTH, BOTH, [CAT, Said("dan", "approve", NO.votes)], [CAT, Said("dan", "approve", NO.votes)], "not approved"),
    ],
)
def test_whatever_differs_is_not_releasable(files, submitted, rows, logged, told):
    with pytest.raises(Refused, match=told):
        check_releasable(files, submitted, rows, logged, {"ann", "bob"})
