"""Persons of the synthetic health system and how each provider knows them. Deterministic: block and seed decide all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from random import Random

import numpy as np
import numpy.typing as npt

from spark_jobs import synthetic_names as words
from spark_jobs.nhs_number import test_numbers

BLOCK = 100  # persons in a block; households never cross blocks
AS_OF = date(2026, 7, 1)
PER_AREA = 1_600  # persons in a small area (ONS: LSOAs hold 1,000 to 3,000)


@dataclass
class Person:
    """One synthetic person: the truth that no provider holds whole."""

    number: int
    nhs_number: str
    forename: str
    surname: str
    former_surname: str
    sex: str
    birth: date
    postcode: str
    former_postcode: str
    area: int
    ethnicity: str
    housemate: str
    conditions: dict[str, date] = field(default_factory=dict)
    died: date | None = None
    mother: Person | None = None
    gave_birth: list[date] = field(default_factory=list)

    def age(self, at: date) -> float:
        """Return the age in years."""
        return (at - self.birth).days / 365.25


@lru_cache(maxsize=1)
def _numbers() -> npt.NDArray[np.int64]:
    """Return the test range's numbers in an order that says nothing of a person's place."""
    return np.random.default_rng(999).permutation(test_numbers())


def areas(people: int) -> int:
    """Return how many small areas a population of this size has."""
    return max(20, people // PER_AREA)


def area_code(area: int) -> str:
    """Return a small area's code: above those that the ONS has issued."""
    return f"E01{900_000 + area:06d}"


def deprivation(area: int) -> int:
    """Return a small area's decile of deprivation, 1 the most deprived."""
    return 1 + (area * 7) % 10


def block_of_people(block: int, people: int, seed: int) -> list[Person]:
    """Return the persons of one block, household by household."""
    random = Random(f"{seed}/people/{block}")
    first, last = block * BLOCK, min((block + 1) * BLOCK, people)
    found: list[Person] = []
    while first + len(found) < last:
        found += _household(random, first + len(found), last - first - len(found), people)
    return found


def _household(random: Random, first: int, most: int, people: int) -> list[Person]:
    size = min(most, random.choices((1, 2, 3, 4, 5), (30, 34, 16, 14, 6))[0])
    area, surname = random.randrange(areas(people)), zipf(random, words.SURNAMES)
    postcode, ages = _postcode(random, area), _ages(random, size)
    household: list[Person] = []
    for place, age in enumerate(ages):
        twin = place >= 3 and random.random() < 0.12  # a second child born with the first
        born = household[-1].birth if twin else AS_OF - timedelta(days=int(age * 365.25) + random.randrange(365))
        person = _person(random, first + place, born, surname, postcode, area)
        if place == 1 and random.random() < 0.25:
            person.surname = person.former_surname = zipf(random, words.SURNAMES)  # a couple of two names
        household.append(person)
    _mothers(household)
    for person in household:
        others = [each for each in household if each is not person]
        person.housemate = f"{others[0].forename} {others[0].surname}" if others else zipf(random, words.FEMALE)
        _illness(random, person)
    return household


def _mothers(household: list[Person]) -> None:
    """Let each child of the house have the mother who can be hers: of the couple, a woman of 16 to 45 at the birth."""
    for child in household[2:]:
        for person in household[:2]:
            if person.sex == "2" and 16 <= person.age(child.birth) <= 45:
                child.mother = person
                person.gave_birth.append(child.birth)
                break


def _ages(random: Random, size: int) -> list[float]:
    if size == 1:
        return [min(101.0, max(18.0, random.gauss(62, 19)))]
    first = min(98.0, max(19.0, random.gauss(52, 17)))
    couple = [first, max(18.0, first + random.gauss(0, 4))]
    return couple + [max(0.0, first - 19 - random.random() * 20) for _ in range(size - 2)]


def _person(random: Random, number: int, born: date, surname: str, postcode: str, area: int) -> Person:
    sex = random.choice("12")
    numbers = _numbers()
    married = sex == "2" and AS_OF.year - born.year > 22 and random.random() < 0.45
    moved = random.random() < 0.10
    return Person(
        number=number,
        nhs_number=str(numbers[number]) if number < len(numbers) else "",
        forename=zipf(random, words.FEMALE if sex == "2" else words.MALE),
        surname=surname,
        former_surname=zipf(random, words.SURNAMES) if married else surname,
        sex=sex,
        birth=born,
        postcode=postcode,
        former_postcode=_postcode(random, random.randrange(area + 1)) if moved else postcode,
        area=area,
        ethnicity=random.choices("ABCHJNZ", (80, 2, 4, 4, 4, 3, 3))[0],
        housemate="",
    )


def _illness(random: Random, person: Person) -> None:
    age, deprived = person.age(AS_OF), 10 - deprivation(person.area)
    for name, (_, _, _, base, per_decade, per_decile) in words.CONDITIONS.items():
        logit = base + per_decade * (age - 50) / 10 + per_decile * deprived
        if age > 5 and random.random() < 1 / (1 + math.exp(-logit)):
            person.conditions[name] = max(person.birth, AS_OF - timedelta(days=random.randrange(60, 3000)))
    yearly = 0.00002 * math.exp(0.092 * age) * (1 + 0.25 * len(person.conditions))
    if random.random() < min(0.6, 3 * yearly):
        person.died = max(person.birth, AS_OF - timedelta(days=random.randrange(1, 3 * 365)))


def zipf(random: Random, choices: Sequence[str]) -> str:
    """Return one of the choices, the earlier ones more often."""
    if random.random() < 0.4:
        return random.choice(choices)
    return choices[int(len(choices) ** random.random()) - 1]


def _postcode(random: Random, area: int) -> str:
    district = words.DISTRICTS[area % len(words.DISTRICTS)]
    letters = "".join(random.choice(words.POSTCODE_LETTERS) for _ in range(2))
    return f"{district} {random.randrange(1, 10)}{letters}"


@dataclass(frozen=True)
class View:
    """How one provider knows one person."""

    local_id: str
    nhs_number: str
    forename: str
    surname: str
    sex: str
    birth_date: str
    postcode: str

    def row(self) -> list[str]:
        """Return the identifiers in the order of the contracts."""
        return [
            self.local_id, self.nhs_number, self.forename, self.surname, self.sex, self.birth_date, self.postcode,
        ]  # fmt: skip


def view(random: Random, person: Person, provider: str, duplicate: bool = False) -> View:
    """Return a person as a provider knows them: late news, typing errors, missing and wrong NHS numbers."""
    former = random.random() < 0.35
    surname = person.former_surname if former else person.surname
    forename = person.forename
    if random.random() < 0.02:
        forename = words.NICKNAMES.get(forename, forename)
    born = person.birth.isoformat()
    return View(
        local_id=local_number(person, provider, duplicate),
        nhs_number=_nhs_number_as_held(random, person),
        forename=_mistyped(random, forename, 0.015),
        surname=_mistyped(random, surname, 0.02),
        sex=person.sex if random.random() > 0.005 else "9",
        birth_date=_wrong_date(random, person.birth) if random.random() < 0.015 else born,
        postcode=_postcode_as_held(random, person, former),
    )


def local_number(person: Person, provider: str, duplicate: bool = False) -> str:
    """Return a provider's own number for a person."""
    return f"{_PREFIX[provider]}{person.number * 10 + duplicate:08d}"


_PREFIX = {
    "gp-system": "G",
    "acute-trust": "RJE",
    "mental-health-community-trust": "RLY",
    "stoke-council": "S",
    "staffordshire-council": "C",
    "ons": "D",
}


def _nhs_number_as_held(random: Random, person: Person) -> str:
    chance = random.random()
    if chance < 0.032 or not person.nhs_number:
        return ""
    if chance < 0.042:
        return _mistyped(random, person.nhs_number, 1.0)  # the check digit finds most of these
    if chance < 0.044:
        return str(_numbers()[person.number - 1])  # somebody else's, often of the same house: valid and wrong
    return person.nhs_number


def _postcode_as_held(random: Random, person: Person, former: bool) -> str:
    if random.random() < 0.01:
        return ""
    return _mistyped(random, person.former_postcode if former else person.postcode, 0.015)


def _mistyped(random: Random, text: str, chance: float) -> str:
    if random.random() >= chance or len(text) < 3:
        return text
    place, kind = random.randrange(1, len(text) - 1), random.randrange(4)
    if kind == 0:  # two keys in the wrong order
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    if kind == 1:
        return text[:place] + text[place + 1 :]
    if kind == 2:
        return text[:place] + text[place] + text[place:]
    other = random.choice("0123456789") if text[place].isdigit() else random.choice("aeiounrst")
    return text[:place] + other + text[place + 1 :]


def _wrong_date(random: Random, born: date) -> str:
    if born.day <= 12 and random.random() < 0.5:
        return date(born.year, born.day, born.month).isoformat()
    return (born + timedelta(days=random.choice((-10, -1, 1, 10, 365)))).isoformat()
