"""The care that synthetic persons receive, as rows of each provider's datasets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from spark_jobs import synthetic_names as words
from spark_jobs.synthetic_people import AS_OF, Person, View, area_code, deprivation, view

START = date(2023, 7, 1)
YEARS = 3
Row = tuple[str, str, list[str]]  # provider, dataset, values in the order of the contract

GP, ACUTE, MENTAL, STOKE, COUNTY, ONS = (
    "gp-system", "acute-trust", "mental-health-community-trust", "stoke-council", "staffordshire-council", "ons",
)  # fmt: skip


def care(person: Person, seed: int) -> Iterator[Row]:
    """Yield every row that providers hold of a person, and the truth of who each local number is."""
    random = Random(f"{seed}/care/{person.number}")
    last = person.died or AS_OF
    known = {GP: view(random, person, GP)} if random.random() < 0.97 else {}
    if GP in known:
        yield from _gp(random, person, known[GP], last)
    yield from _acute(random, person, known, last)
    yield from _community(random, person, known, last)
    yield from _social_care(random, person, known, last)
    if person.died:
        known[ONS] = view(random, person, ONS)
        cause = next((words.CONDITIONS[name][1] for name in person.conditions), "R99X")
        yield ONS, "deaths", [f"M{person.number:08d}", *known[ONS].row(), person.died.isoformat(), cause]
    yield from _opt_outs(random, person)
    for provider, held in known.items():
        yield "truth", "links", [provider, held.local_id, str(person.number)]


def _opt_outs(random: Random, person: Person) -> Iterator[Row]:
    """Yield what a person has said of their data's use: some in each hundred, and one in ten of them takes it back."""
    for provider, kind, share in (("nhs-england", "national", 0.025), (GP, "type_1", 0.01)):
        if random.random() < share and person.nhs_number:
            recorded = _day(random, _begin(person), AS_OF)
            withdrawn = _day(random, recorded, AS_OF).isoformat() if random.random() < 0.1 else ""
            yield provider, "opt_outs", [person.nhs_number, recorded.isoformat(), kind, withdrawn]


def _day(random: Random, first: date, last: date) -> date:
    return first + timedelta(days=random.randrange(max(1, (last - first).days)))


def _begin(person: Person) -> date:
    return max(START, person.birth)


def _count(random: Random, mean: float) -> int:
    """Return a count with a Poisson distribution (Knuth's method: the means here are small)."""
    limit, count, product = math.exp(-mean), 0, random.random()
    while product > limit:
        count += 1
        product *= random.random()
    return count


def _note(random: Random, person: Person) -> str:
    if random.random() < 0.6:
        return ""
    title = "Mrs" if person.sex == "2" else "Mr"
    return random.choice(words.NOTES).format(
        title=title, forename=person.forename, surname=person.surname, other=person.housemate
    )


def _gp(random: Random, person: Person, held: View, last: date) -> Iterator[Row]:
    practice = f"M8{person.area % 60:04d}"
    registered = max(person.birth, AS_OF - timedelta(days=random.randrange(9000)))
    yield GP, "gp_patients", [*held.row(), area_code(person.area), person.ethnicity, practice, registered.isoformat()]
    number = 0

    def event(day: date, code: str, value: str = "", unit: str = "", note: str = "") -> Row:
        nonlocal number
        number += 1
        identity, written = f"E{person.number:08d}-{number}", day.isoformat()
        if random.random() < 0.001:  # systems do send such rows: a day that never was, a code that is none
            written, code = (f"{day.year}-02-30", code) if random.random() < 0.5 else (written, "?")
        return GP, "gp_events", [identity, held.local_id, written, code, value, unit, note]

    for name, since in person.conditions.items():
        snomed, _, medicine, *_ = words.CONDITIONS[name]
        yield event(since, snomed, note=_note(random, person))
        for place in range(_count(random, 3.0) if medicine else 0):
            identity = f"P{person.number:08d}-{name[:2]}{place}"
            day = _day(random, max(since, _begin(person)), last).isoformat()
            yield GP, "gp_prescriptions", [identity, held.local_id, day, medicine, str(random.choice((28, 56, 84)))]
    for code, (unit, mean, spread) in words.MEASURES.items():
        for _ in range(_count(random, 0.6 + 0.02 * person.age(AS_OF))):
            value = f"{max(mean / 3, random.gauss(mean, spread)):.1f}"
            yield event(_day(random, _begin(person), last), code, value, unit)
    for _ in range(_count(random, 1.0)):
        yield event(_day(random, _begin(person), last), "185317003", note=_note(random, person))


def emergency_rate(person: Person) -> float:
    """Return a person's expected emergency admissions in a year: age, illness, deprivation and something unseen."""
    age = person.age(AS_OF)
    grave = {"heart failure": 0.9, "copd": 0.8, "dementia": 0.6, "fall": 0.7, "chronic kidney disease": 0.4}
    score = -4.3 + 0.028 * max(0.0, age - 30) + 0.06 * (10 - deprivation(person.area))
    return math.exp(score + sum(grave.get(name, 0.15) for name in person.conditions))


def _acute(random: Random, person: Person, known: dict[str, View], last: date) -> Iterator[Row]:
    rate = min(6.0, emergency_rate(person) * math.exp(random.gauss(0, 0.5)))
    years = max(0.1, (last - START).days / 365)
    admissions, planned = _count(random, rate * years), _count(random, 0.08 * years)
    visits, clinics = _count(random, (0.12 + 0.6 * rate) * years), _count(random, 0.4 * years)
    if not admissions + planned + visits + clinics:
        return
    held = known[ACUTE] = view(random, person, ACUTE)
    twice = view(random, person, ACUTE, duplicate=True) if random.random() < 0.02 else held
    if twice is not held:
        yield "truth", "links", [ACUTE, twice.local_id, str(person.number)]
    illness = [words.CONDITIONS[name][1] for name in person.conditions] or ["R69X"]
    for place in range(admissions + planned):
        urgent, begins = place < admissions, _day(random, _begin(person), last)
        ends = min(last, begins + timedelta(days=_count(random, 4 if urgent else 1)))
        chosen = random.choice(illness + list(words.ACUTE)) if urgent else random.choice(illness)
        method = random.choice(("21", "21", "22", "24", "28")) if urgent else random.choice(("11", "12", "13"))
        operation = "" if urgent else random.choice(("W371", "H229", "C751", "M459"))
        yield ACUTE, "admitted_care", [
            f"S{person.number:08d}-{place}", *(twice if place % 2 else held).row(),
            begins.isoformat(), ends.isoformat(), method,
            chosen, random.choice(illness), operation, _note(random, person),
        ]  # fmt: skip
    for place in range(visits):
        arrived = datetime.combine(_day(random, _begin(person), last), datetime.min.time()) + timedelta(
            minutes=random.randrange(1440)
        )
        disposal = random.choices(("admitted", "discharged", "left", "transferred"), (30, 60, 7, 3))[0]
        yield ACUTE, "emergency_care", [
            f"A{person.number:08d}-{place}", *held.row(), arrived.isoformat(sep=" "), random.choice(words.COMPLAINTS),
            disposal, _note(random, person),
        ]  # fmt: skip
    for place in range(clinics):
        yield ACUTE, "outpatients", [
            f"O{person.number:08d}-{place}", *held.row(), _day(random, _begin(person), last).isoformat(),
            random.choice(words.SPECIALTIES), random.choices("5367", (80, 10, 6, 4))[0],
        ]  # fmt: skip


def _community(random: Random, person: Person, known: dict[str, View], last: date) -> Iterator[Row]:
    unwell = {"depression": "talking therapies", "dementia": "memory clinic", "fall": "district nursing"}
    services = [service for name, service in unwell.items() if name in person.conditions]
    if not services or random.random() < 0.4:
        return
    held = known[MENTAL] = view(random, person, MENTAL)
    for place in range(1 + _count(random, 2.0)):
        service = random.choice([*services, "community mental health", "district nursing"])
        name = next(name for name in unwell if name in person.conditions)
        yield MENTAL, "mh_community", [
            f"C{person.number:08d}-{place}", *held.row(), _day(random, _begin(person), last).isoformat(), service,
            words.CONDITIONS[name][1], _note(random, person),
        ]  # fmt: skip


def _social_care(random: Random, person: Person, known: dict[str, View], last: date) -> Iterator[Row]:
    age = person.age(AS_OF)
    if random.random() > (0.002 if age < 65 else 0.04 * math.exp(0.07 * (age - 65))):
        return
    council, code = (STOKE, "E06000021") if person.area % 4 == 0 else (COUNTY, "E10000028")
    held = known[council] = view(random, person, council)
    for place in range(1 + _count(random, 0.6)):
        begins = _day(random, _begin(person), last)
        ends = begins + timedelta(days=random.randrange(20, 900))
        service = random.choice(("home care", "residential", "nursing", "direct payment", "equipment", "reablement"))
        ended = ends.isoformat() if ends < last else ""
        yield council, "adult_social_care", [
            f"L{person.number:08d}-{place}", *held.row(), begins.isoformat(), ended, service, code,
        ]  # fmt: skip
