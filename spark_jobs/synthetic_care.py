"""The care that synthetic persons receive, as rows of each provider's datasets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from spark_jobs import synthetic_names as words
from spark_jobs.synthetic_frailty import deficits
from spark_jobs.synthetic_people import AS_OF, Person, View, area_code, deprivation, view
from spark_jobs.synthetic_registers import registrations
from spark_jobs.synthetic_social import social_care
from spark_jobs.synthetic_time import ACUTE, GP, MENTAL, START, Row, begin, count, some_day


def care(person: Person, seed: int) -> Iterator[Row]:
    """Yield every row that providers hold of a person, and the truth of who each local number is."""
    random = Random(f"{seed}/care/{person.number}")
    last = person.died or AS_OF
    known = {GP: view(random, person, GP)} if random.random() < 0.97 else {}
    if GP in known:
        yield from _gp(random, person, known[GP], last)
        yield from deficits(person, known[GP], seed)
    yield from _acute(random, person, known, last)
    yield from _community(random, person, known, last)
    yield from social_care(random, person, known, last)
    yield from registrations(random, person, known)
    yield from _opt_outs(random, person)
    for provider, held in known.items():
        yield "truth", "links", [provider, held.local_id, str(person.number)]


def _opt_outs(random: Random, person: Person) -> Iterator[Row]:
    """Yield what a person has said of their data's use: some in each hundred, and one in ten of them takes it back."""
    for provider, kind, share in (("nhs-england", "national", 0.025), (GP, "type_1", 0.01)):
        if random.random() < share and person.nhs_number:
            recorded = some_day(random, begin(person), AS_OF)
            withdrawn = some_day(random, recorded, AS_OF).isoformat() if random.random() < 0.1 else ""
            yield provider, "opt_outs", [person.nhs_number, recorded.isoformat(), kind, withdrawn]


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
        for place in range(count(random, 3.0) if medicine else 0):
            identity = f"P{person.number:08d}-{name[:2]}{place}"
            day = some_day(random, max(since, begin(person)), last).isoformat()
            yield GP, "gp_prescriptions", [identity, held.local_id, day, medicine, str(random.choice((28, 56, 84)))]
    for code, (unit, mean, spread) in words.MEASURES.items():
        for _ in range(count(random, 0.6 + 0.02 * person.age(AS_OF))):
            value = f"{max(mean / 3, random.gauss(mean, spread)):.1f}"
            yield event(some_day(random, begin(person), last), code, value, unit)
    for _ in range(count(random, 1.0)):
        yield event(some_day(random, begin(person), last), "185317003", note=_note(random, person))


def emergency_rate(person: Person) -> float:
    """Return a person's expected emergency admissions in a year: age, illness, deprivation and something unseen."""
    age = person.age(AS_OF)
    grave = {"heart failure": 0.9, "copd": 0.8, "dementia": 0.6, "fall": 0.7, "chronic kidney disease": 0.4}
    score = -4.3 + 0.028 * max(0.0, age - 30) + 0.06 * (10 - deprivation(person.area))
    return math.exp(score + sum(grave.get(name, 0.15) for name in person.conditions))


def _acute(random: Random, person: Person, known: dict[str, View], last: date) -> Iterator[Row]:
    rate = min(6.0, emergency_rate(person) * math.exp(random.gauss(0, 0.5)))
    years = max(0.1, (last - START).days / 365)
    admissions, planned = count(random, rate * years), count(random, 0.08 * years)
    visits, clinics = count(random, (0.12 + 0.6 * rate) * years), count(random, 0.4 * years)
    if not admissions + planned + visits + clinics and not any(START <= born <= last for born in person.gave_birth):
        return
    held = known[ACUTE] = view(random, person, ACUTE)
    twice = view(random, person, ACUTE, duplicate=True) if random.random() < 0.02 else held
    if twice is not held:
        yield "truth", "links", [ACUTE, twice.local_id, str(person.number)]
    yield from _spells(random, person, (held, twice), (admissions, planned), last)
    yield from _visits(random, person, held, (visits, clinics), last)


def _spells(
    random: Random, person: Person, views: tuple[View, View], counts: tuple[int, int], last: date
) -> Iterator[Row]:
    """Yield the spells in hospital, emergencies first, then the planned ones and the births, each with its episodes."""
    admissions, planned = counts
    births = sorted({born for born in person.gave_birth if START <= born <= last})  # twins come in one spell
    illness = [words.CONDITIONS[name][1] for name in person.conditions] or ["R69X"]
    for place in range(admissions + planned):
        urgent, begins = place < admissions, some_day(random, begin(person), last)
        ends = min(last, begins + timedelta(days=count(random, 4 if urgent else 1)))
        chosen = random.choice(illness + list(words.ACUTE)) if urgent else random.choice(illness)
        method = random.choice(("21", "21", "22", "24", "28")) if urgent else random.choice(("11", "12", "13"))
        operation = "" if urgent else random.choice(("W371", "H229", "C751", "M459"))
        coded = [chosen, random.choice(illness), operation]
        yield from _spell(random, person, views[place % 2], (place, begins, ends), method, coded)
    for place, born in enumerate(births, start=admissions + planned):
        method, diagnosis, operation = words.DELIVERY
        ends = min(last, born + timedelta(days=1))
        yield from _spell(random, person, views[0], (place, born, ends), method, [diagnosis, "", operation])


def _spell(
    random: Random, person: Person, held: View, at: tuple[int, date, date], method: str, coded: list[str]
) -> Iterator[Row]:
    place, begins, ends = at
    identity, first, last = f"S{person.number:08d}-{place}", begins.isoformat(), ends.isoformat()
    died = "4" if person.died == ends else "1"
    kind = "2" if begins == ends and method < "20" else "1"
    yield ACUTE, "admitted_care", [
        identity, *held.row(), first, last, method, *coded, kind, died, _note(random, person),
    ]  # fmt: skip
    moved = ends > begins and random.random() < 0.2  # to another consultant's care
    middle = some_day(random, begins, ends).isoformat() if moved else last
    specialty = "501" if method == words.DELIVERY[0] else random.choice(words.SPECIALTIES)
    yield (
        ACUTE,
        "admitted_episodes",
        [f"{identity}-1", identity, held.local_id, first, "1", first, middle, specialty, *coded],
    )
    if moved:
        yield ACUTE, "admitted_episodes", [
            f"{identity}-2", identity, held.local_id, first, "2", middle, last, random.choice(words.SPECIALTIES),
            coded[0], coded[1], "",
        ]  # fmt: skip


def _visits(random: Random, person: Person, held: View, counts: tuple[int, int], last: date) -> Iterator[Row]:
    visits, clinics = counts
    for place in range(visits):
        arrived = datetime.combine(some_day(random, begin(person), last), datetime.min.time()) + timedelta(
            minutes=random.randrange(1440)
        )
        disposal = random.choices(("admitted", "discharged", "left", "transferred"), (30, 60, 7, 3))[0]
        yield ACUTE, "emergency_care", [
            f"A{person.number:08d}-{place}", *held.row(), arrived.isoformat(sep=" "), random.choice(words.COMPLAINTS),
            disposal, _note(random, person),
        ]  # fmt: skip
    for place in range(clinics):
        yield ACUTE, "outpatients", [
            f"O{person.number:08d}-{place}", *held.row(), some_day(random, begin(person), last).isoformat(),
            random.choice(words.SPECIALTIES), random.choices("5367", (80, 10, 6, 4))[0],
        ]  # fmt: skip


def _community(random: Random, person: Person, known: dict[str, View], last: date) -> Iterator[Row]:
    mental = [name for name in words.MENTAL_SERVICES if name in person.conditions]
    bodily = [name for name in words.COMMUNITY_SERVICES if name in person.conditions]
    if not mental + bodily or random.random() < 0.6:
        return
    held = known[MENTAL] = view(random, person, MENTAL)
    for place in range(1 + count(random, 2.0) if mental else 0):
        name, seen = random.choice(mental), some_day(random, begin(person), last)
        referred = max(person.birth, seen - timedelta(days=random.randrange(7, 90))).isoformat()
        service = random.choice(words.MENTAL_SERVICES[name])
        yield MENTAL, "mental_health", [
            f"C{person.number:08d}-{place}", *held.row(), referred, seen.isoformat(), service,
            random.choices("5367", (80, 10, 6, 4))[0], words.CONDITIONS[name][1], _note(random, person),
        ]  # fmt: skip
    for place in range(1 + count(random, 1.0) if bodily else 0):
        name = random.choice(bodily)
        yield MENTAL, "community", [
            f"V{person.number:08d}-{place}", *held.row(), some_day(random, begin(person), last).isoformat(),
            random.choice(words.COMMUNITY_SERVICES[name]), words.CONDITIONS[name][0],
            str(random.choice((10, 20, 30, 45, 60))), _note(random, person),
        ]  # fmt: skip
