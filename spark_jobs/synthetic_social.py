"""Adult social care of synthetic persons as client-level data: a request, an assessment, services and a review."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from spark_jobs import synthetic_names as words
from spark_jobs.synthetic_people import AS_OF, Person, View, view
from spark_jobs.synthetic_time import COUNTY, STOKE, Row, begin, count, some_day


def social_care(random: Random, person: Person, known: dict[str, View], last: date) -> Iterator[Row]:
    """Yield the events of a person who asks a council for support."""
    age = person.age(AS_OF)
    if random.random() > (0.002 if age < 65 else 0.04 * math.exp(0.07 * (age - 65))):
        return
    council, code = (STOKE, "E06000021") if person.area % 4 == 0 else (COUNTY, "E10000028")
    held = known[council] = view(random, person, council)
    reason = "Support with memory and cognition" if "dementia" in person.conditions else _REASON
    number = 0

    def event(kind: str, first: date, end: date | None, told: list[str], outcome: str) -> Row:
        nonlocal number
        number += 1
        ended = end.isoformat() if end and end <= last else ""
        row = [f"L{person.number:08d}-{number}", *held.row(), kind, first.isoformat(), ended, *told, reason]
        return council, "adult_social_care", [*row, outcome if ended else "", code]

    asked = some_day(random, begin(person), last)
    route = random.choice(words.CARE_ROUTES)
    helped = random.random() < 0.7
    outcome = "Progress to assessment" if helped else "Information and advice"
    yield event("request", asked, asked, [route, "", "", ""], outcome)
    if not helped:
        return
    seen = min(last, asked + timedelta(days=random.randrange(1, 60)))
    yield event("assessment", seen, seen, ["", "Long term assessment", "", ""], "Progress to support")
    for _ in range(1 + count(random, 0.6)):
        begins = some_day(random, seen, last)
        ends = begins + timedelta(days=random.randrange(20, 900))
        told = ["", "", random.choice(words.CARE_SERVICES), random.choice(words.CARE_DELIVERY)]
        yield event("service", begins, ends, told, random.choice(words.CARE_ENDED))
    if (last - seen).days > 365:
        reviewed = seen + timedelta(days=365)
        yield event("review", reviewed, reviewed, ["", "", "", ""], "No change in package")


_REASON = "Physical support: personal care support"
