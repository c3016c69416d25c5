"""What an application must have, as pure rules."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tre.errors import Refused
from tre.projects.applying import (
    LONGEST,
    SAFES,
    Named,
    check_answers,
    check_approved_by_all,
    check_columns,
    check_dates,
    check_judgement,
    check_other_people,
    check_people,
)
from tre.projects.forms import usernames

DAY = date(2026, 3, 1)
ALL_MET = dict.fromkeys(SAFES, "met")


def test_a_project_ends_after_it_starts_and_within_three_years():
    check_dates(DAY, DAY + timedelta(days=1))
    check_dates(DAY, DAY + LONGEST)
    for ends, wrong in [(DAY, "after it starts"), (DAY + LONGEST + timedelta(days=1), "three years")]:
        with pytest.raises(Refused, match=wrong):
            check_dates(DAY, ends)


@pytest.mark.parametrize(
    ("people", "wrong"),
    [
        ([], "lacks a named person"),
        ([Named("cat", frozenset({"output_checker"}), True)], "Not a researcher"),
        ([Named("ann", frozenset({"researcher"}), False)], "training is not current"),
        ([Named("ann", frozenset({"researcher"}), True, active=False)], "Not a researcher"),
    ],
)
def test_who_cannot_work_in_a_project_is_not_named(people, wrong):
    with pytest.raises(Refused, match=wrong):
        check_people(people)
    check_people([Named("ann", frozenset({"researcher"}), True), Named("lee", frozenset({"project_lead"}), True)])


@pytest.mark.parametrize("left_out", SAFES)
def test_each_of_the_five_safes_is_answered(left_out):
    answers = dict.fromkeys(SAFES, "Answered.")
    check_answers(answers)
    for answer in (" ", None):
        wrong = {name: text for name, text in answers.items() if name != left_out} | (
            {left_out: answer} if answer else {}
        )
        with pytest.raises(Refused, match=f"about {SAFES[left_out][0].lower()} is not answered"):
            check_answers(wrong)


def test_only_columns_that_a_dataset_shares_are_asked_for():
    check_columns("people", ["sex"], ["sex", "birth_year"])
    for asked, wrong in [([], "No column"), (["sex", "nhs_number"], "people, nhs_number")]:
        with pytest.raises(Refused, match=wrong):
            check_columns("people", asked, ["sex", "birth_year"])


def test_a_judgement_that_is_not_met_has_its_reason():
    check_judgement("people", "met", "")
    check_judgement("people", "conditions", "Two more weeks of training.")
    for told in [("people", "conditions", " "), ("people", "not_met", ""), ("luck", "met", ""), ("data", "good", "")]:
        with pytest.raises(Refused):
            check_judgement(*told)


@pytest.mark.parametrize(
    ("judgements", "owners", "wrong"),
    [
        ({}, {"people": True}, "Safe people is not assessed"),
        ({**ALL_MET, "outputs": "not_met"}, {"people": True}, "Safe outputs is not met"),
        (ALL_MET, {}, "has not agreed yet \\(people\\)"),
        (ALL_MET, {"people": False}, "did not agree \\(people\\)"),
        (ALL_MET, {"deaths": True}, "has not agreed yet \\(people\\)"),
    ],
)
def test_nothing_is_approved_before_all_have_agreed(judgements, owners, wrong):
    with pytest.raises(Refused, match=wrong):
        check_approved_by_all(judgements, owners, ["people"])


def test_with_conditions_is_enough():
    check_approved_by_all({**ALL_MET, "data": "conditions"}, {"people": True}, ["people"])


def test_who_is_concerned_decides_nothing():
    check_other_people("mia", ["ann"], ["ida"])
    for actor, wrong in [("ann", "You asked for this"), ("ida", "as an owner")]:
        with pytest.raises(Refused, match=wrong):
            check_other_people(actor, ["ann"], ["ida"])


def test_user_names_of_a_text():
    assert usernames(" ann\nbob, cat;ann\t") == ["ann", "bob", "cat"]
    assert usernames(" \n") == []
