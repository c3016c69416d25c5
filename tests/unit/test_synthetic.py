"""The synthetic health system: the same seed makes the same people, and they are as untidy as real ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from random import Random

import pytest

from spark_jobs.nhs_number import is_valid
from spark_jobs.synthetic_care import care
from spark_jobs.synthetic_frailty import DEFICITS
from spark_jobs.synthetic_people import AS_OF, BLOCK, block_of_people, local_number, view
from tests.reference import judge
from tre.contracts import load_contracts

PEOPLE = 3000
CONTRACTS = load_contracts()


@pytest.fixture(scope="module")
def people():
    return [person for block in range(-(-PEOPLE // BLOCK)) for person in block_of_people(block, PEOPLE, 7)]


def test_the_same_seed_makes_the_same_people_and_another_does_not(people):
    assert block_of_people(0, PEOPLE, 7) == people[: len(block_of_people(0, PEOPLE, 7))]
    assert block_of_people(0, PEOPLE, 8) != block_of_people(0, PEOPLE, 7)


def test_numbers_are_valid_of_the_test_range_and_each_is_one_person_s(people):
    numbers = [person.nhs_number for person in people]
    assert all(is_valid(number) and number.startswith("999") for number in numbers)
    assert len(set(numbers)) == len(numbers)


def test_households_share_addresses_and_there_are_twins(people):
    assert max(Counter(person.postcode for person in people).values()) > 1
    births = Counter((person.surname, person.birth, person.postcode) for person in people)
    assert any(count > 1 for count in births.values())


def test_three_to_six_in_a_hundred_numbers_are_missing_or_wrong(people):
    held = [view(Random(place), person, "gp-system").nhs_number for place, person in enumerate(people)]
    wrong = sum(number != person.nhs_number for number, person in zip(held, people, strict=True))
    assert 0.03 <= wrong / len(people) <= 0.06


def test_names_dates_and_postcodes_are_mistyped_at_times(people):
    held = [(person, view(Random(place), person, "acute-trust")) for place, person in enumerate(people)]
    for name in ("forename", "surname", "postcode"):
        assert any(getattr(view, name) != getattr(person, name) for person, view in held), name
    assert any(view.birth_date != person.birth.isoformat() for person, view in held)


@pytest.fixture(scope="module")
def rows(people):
    """Return every row that is sent, by dataset, as the contract's columns name it."""
    found = defaultdict(list)
    for person in people:
        for _, dataset, values in care(person, 7):
            if dataset != "links":
                names = [field.name for field in CONTRACTS[dataset].fields]
                found[dataset].append(dict(zip(names, values, strict=True)))
    return found


def test_every_dataset_of_persons_is_sent_and_nearly_every_row_keeps_its_contract(rows):
    assert set(rows) == {
        "gp_patients", "gp_events", "gp_prescriptions", "admitted_care", "admitted_episodes", "outpatients",
        "emergency_care", "mental_health", "community", "adult_social_care", "births", "deaths", "opt_outs",
    }  # fmt: skip
    for dataset, sent in rows.items():
        bad = Counter(reason for row in sent if (reason := judge(row, CONTRACTS[dataset])))
        assert sum(bad.values()) <= 0.03 * len(sent), (dataset, bad)
        assert len({tuple(row[key] for key in CONTRACTS[dataset].primary_key) for row in sent}) == len(sent), dataset


def test_rows_that_break_a_contract_are_sent_too(rows):
    reasons = Counter(reason for row in rows["gp_events"] if (reason := judge(row, CONTRACTS["gp_events"])))
    assert set(reasons) == {"event_date: not a date", "snomed_code: wrong form"}


def test_frailty_has_every_degree_and_rises_with_age(people, rows):
    """By the cut points of Clegg and others (2016): up to 4, 8 and 12 of 36 deficits."""
    codes = {code for code, *_ in DEFICITS.values()}
    held = defaultdict(set)
    for row in rows["gp_events"]:
        if row["snomed_code"] in codes:
            held[row["local_id"]].add(row["snomed_code"])
    old, young = [], []
    for person in people:
        many = len(held[local_number(person, "gp-system")])
        (old if person.age(AS_OF) >= 75 else young if person.age(AS_OF) < 50 else []).append(many)
    assert sum(old) / len(old) > 4 * sum(young) / len(young)
    assert min(old) <= 4
    assert max(old) > 12


def test_care_is_the_same_for_the_same_seed(people):
    assert [list(care(person, 7)) for person in people[:200]] == [list(care(person, 7)) for person in people[:200]]
    assert [list(care(person, 7)) for person in people[:50]] != [list(care(person, 8)) for person in people[:50]]


def test_episodes_lie_within_their_spell_one_after_the_other(rows):
    spells = {row["spell_id"]: row for row in rows["admitted_care"]}
    episodes = defaultdict(list)
    for row in rows["admitted_episodes"]:
        episodes[row["spell_id"]].append(row)
    assert set(episodes) == set(spells)
    assert any(len(each) > 1 for each in episodes.values())
    for identity, each in episodes.items():
        spell = spells[identity]
        assert [row["episode_order"] for row in each] == [str(place + 1) for place in range(len(each))]
        assert (each[0]["started_on"], each[-1]["ended_on"]) == (spell["admitted_on"], spell["discharged_on"])
        assert all(before["ended_on"] == after["started_on"] for before, after in pairwise(each))
        assert all(row["admitted_on"] == spell["admitted_on"] for row in each)


def test_a_child_s_birth_names_the_mother_who_was_in_hospital_that_day(people, rows):
    numbers = {person.nhs_number: person for person in people}
    delivered = {
        (row["local_id"], row["admitted_on"]) for row in rows["admitted_care"] if row["admission_method"] == "31"
    }
    births = [row for row in rows["births"] if row["mother_nhs_number"]]
    assert len(births) > 20
    found = 0
    for row in births:
        mother = numbers[row["mother_nhs_number"]]
        assert mother.sex == "2"
        children = [person for person in people if person.mother is mother]
        born = {child.birth.isoformat() for child in children}
        found += any((row["mother_local_id"], day) in delivered for day in born)
        assert all(16 <= mother.age(child.birth) <= 45 for child in children)
    assert found >= 0.95 * len(births)  # a mother may have died, or the baby's day been written down wrongly


def test_social_care_goes_from_request_to_assessment_to_service(rows):
    kinds = Counter(row["event_type"] for row in rows["adult_social_care"])
    assert kinds["request"] > kinds["assessment"] > 0
    assert kinds["service"] >= kinds["assessment"]
    assert kinds["review"] > 0
    for row in rows["adult_social_care"]:
        assert bool(row["service_type"]) == (row["event_type"] == "service")
        assert bool(row["route_of_access"]) == (row["event_type"] == "request")
