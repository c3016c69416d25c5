"""Births and deaths of synthetic persons, as the registrar knows them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random

from spark_jobs import synthetic_names as words
from spark_jobs.synthetic_people import AS_OF, Person, View, local_number, view
from spark_jobs.synthetic_time import ACUTE, ONS, START, Row


def registrations(random: Random, person: Person, known: dict[str, View]) -> Iterator[Row]:
    """Yield a person's birth and death where they fall into the time that is told; one registrar knows both."""
    if person.birth < START and not person.died:
        return
    known[ONS] = view(random, person, ONS)
    if person.birth >= START:
        yield _birth(random, person, known[ONS])
    if person.died:
        cause = next((words.CONDITIONS[name][1] for name in person.conditions), "R99X")
        registered = min(AS_OF, person.died + timedelta(days=random.randrange(1, 15))).isoformat()
        row = [f"M{person.number:08d}", *known[ONS].row(), person.died.isoformat(), cause, registered]
        yield ONS, "deaths", row


def _birth(random: Random, person: Person, held: View) -> Row:
    mother = person.mother
    weeks = max(24, min(42, round(random.gauss(39.2, 1.8))))
    weight = max(500, round(random.gauss(3_400 - 170 * (40 - weeks), 420)))
    # Not before the birth, even where the registrar wrote that down some days late.
    registered = max(held.birth_date, min(AS_OF, person.birth + timedelta(days=random.randrange(1, 43))).isoformat())
    return ONS, "births", [
        f"B{person.number:08d}", *held.row(),
        local_number(mother, ACUTE) if mother else "", mother.nhs_number if mother else "",
        registered, str(weight), str(weeks), "1", str(mother.gave_birth.count(person.birth) if mother else 1),
    ]  # fmt: skip
