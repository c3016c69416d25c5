"""The synthetic health system: the same seed makes the same people, and they are as untidy as real ones."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from spark_jobs.nhs_number import is_valid
from spark_jobs.synthetic_people import BLOCK, block_of_people, view

PEOPLE = 3000


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
