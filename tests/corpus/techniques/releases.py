"""Tables that a study hands in and from which single people follow, by steps, shares, flows, complements or rows."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pandas as pd

from spark_jobs.synthetic_names import CONDITIONS
from tests.corpus.families import IDENTIFIERS, NAMES, PERSON, PSEUDONYMS, RECORDS, STATISTICS
from tests.corpus.model import TableWriting, by_third
from tests.corpus.techniques.letters import mobile, years
from tests.corpus.world import World

_WARDS = ("Ward 12", "Ward 21", "Ward 204", "Ward 225", "Ward 233", "Ward 76")
_JOBS = ("farmer", "vicar", "piano tuner", "teacher", "vet", "publican")
_VILLAGES = ("Leek", "Cheddleton", "Ipstones", "Alton", "Endon", "Waterhouses")


def _coefficients(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (f"patient_id[T.P{place:04d}]", round(random.gauss(0, 1), 4), round(random.uniform(0.2, 0.6), 4))
        for place in range(1, 81)
    ]
    return pd.DataFrame(rows, columns=["term", "estimate", "std_error"])


def _steps(world: World, random: Random) -> pd.DataFrame:
    """Return the points of a survival curve of 23 people; nothing but the heights of its steps says how many."""
    day, rows = 0, [(0, 1.0)]
    for left in range(22, 3, -1):
        day += random.randrange(5, 90)
        rows.append((day, round(left / 23, 6)))
    return pd.DataFrame(rows, columns=["days", "survival"])


def _shap(world: World, random: Random) -> pd.DataFrame:
    names = ("age", "sex", "bmi", "imd", "copd", "smoker")
    return pd.DataFrame({name: [round(random.gauss(0, 0.2), 5) for _ in range(150)] for name in names})


def _embeddings(world: World, random: Random) -> pd.DataFrame:
    held = {f"e{place}": [round(random.gauss(0, 1), 5) for _ in range(90)] for place in range(8)}
    return pd.DataFrame({"note_id": [f"N{place:05d}" for place in random.sample(range(40_000), 90)], **held})


def _edges(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (f"P{random.randrange(60):03d}", f"P{random.randrange(60):03d}", random.choice(("household", "school", "ward")))
        for _ in range(110)
    ]
    return pd.DataFrame(rows, columns=["source", "target", "tie"])


def _flows(world: World, random: Random) -> pd.DataFrame:
    steps = (("GP", "A&E"), ("A&E", "ITU"), ("ITU", "Ward 21"), ("Ward 21", "hospice"), ("ITU", "died"))
    rows = [(source, target, random.choice((1, 2, 3, 240, 1))) for source, target in steps]
    return pd.DataFrame([*rows, ("Ward 12", "prison", 1)], columns=["source", "target", "value"])


def _overlapping(world: World, random: Random) -> pd.DataFrame:
    many = random.randrange(300, 500)
    rows = [("2019 to 2024", many), ("2019 to 2023", many - 2), ("2020 to 2024", many - 121)]
    return pd.DataFrame(rows, columns=["years", "liver_transplants"])


def _shares(world: World, random: Random) -> pd.DataFrame:
    """Return shares that are all multiples of one over 23: four groups of a class of 23."""
    parts = (1, 2, 6, 14)
    groups = ("Gypsy or Traveller", "Arab", "Asian", "White")
    return pd.DataFrame({"ethnic_group": groups, "share_of_class": [round(part / 23, 6) for part in parts]})


def _dominant(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (name, random.randrange(11, 60), random.randrange(8_000, 60_000), round(random.uniform(0.81, 0.97), 2))
        for name in ("haemophilia", "burns", "gene therapy", "transplant")
    ]
    return pd.DataFrame(rows, columns=["service", "patients", "mean_cost", "share_of_dearest_patient"])


def _everybody(world: World, random: Random) -> pd.DataFrame:
    rows = [(name, random.randrange(200, 900), round(random.uniform(0.1, 4), 1)) for name in _VILLAGES[:4]]
    lone = (f"Hostel, {_VILLAGES[4]}", random.randrange(21, 40), 100.0)
    return pd.DataFrame([*rows, lone], columns=["residence", "people", "percent_with_hepatitis_c"])


def _first_and_last(world: World, random: Random) -> pd.DataFrame:
    rows = []
    for place in _VILLAGES:
        first = date(2024, 1, 1) + timedelta(days=random.randrange(300))
        rows.append((place, first.isoformat(), (first + timedelta(days=random.randrange(40, 400))).isoformat()))
    return pd.DataFrame(rows, columns=["village", "first_suicide", "last_suicide"])


def _daily(world: World, random: Random) -> pd.DataFrame:
    start = date(2025, 9, 1)
    return pd.DataFrame(
        {
            "day": [(start + timedelta(days=place)).isoformat() for place in range(90)],
            "meningitis_cases": random.choices((0, 1, 2), (88, 10, 2), k=90),
        }
    )


def _oldest(world: World, random: Random) -> pd.DataFrame:
    people, rows = random.randrange(180, 220), []
    for age in range(90, 106):
        rows.append((age, people))
        people = max(1, int(people * random.uniform(0.55, 0.75)))
    return pd.DataFrame(rows, columns=["age", "women"])


def _plural(world: World, random: Random) -> pd.DataFrame:
    weights = "; ".join(str(random.randrange(1_200, 1_900)) for _ in range(3))
    rows = [("singleton", 3_912, "mean 3382"), ("twins", 118, "mean 2460"), ("triplets", 3, weights)]
    return pd.DataFrame(rows, columns=["plurality", "babies", "birth_weight_g"])


def _series(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (letter, random.randrange(24, 80), random.choice(("woman", "man")), random.choice(_JOBS),
         random.choice(_VILLAGES), random.choice(("recovered", "died", "lost to follow-up")))
        for letter in "ABCDEFGHI"
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["case", "age", "sex", "occupation", "village", "outcome"])


def _participants(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (
            f"sub-{place:02d}",
            random.randrange(19, 74),
            random.choice("FM"),
            random.choice("LRR"),
            random.randrange(12, 30),
        )
        for place in range(1, 46)
    ]
    return pd.DataFrame(rows, columns=["participant_id", "age", "sex", "handedness", "moca"])


def _items(world: World, random: Random) -> pd.DataFrame:
    return pd.DataFrame({f"phq9_{item}": [random.randrange(4) for _ in range(120)] for item in range(1, 10)})


def _keys(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (f"{who.surname[:3].upper()}{who.birth:%Y%m%d}{'F' if who.sex == '2' else 'M'}", random.randrange(2))
        for who in world.persons(random, 40)
    ]
    return pd.DataFrame(rows, columns=["key", "readmitted"])


def _phones(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (place, mobile(who), random.choice(("reached", "no answer")))
        for place, who in enumerate(world.persons(random, 30), 1)
    ]
    return pd.DataFrame(rows, columns=["contact", "msisdn", "outcome"])


def _visitors(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (f"81.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(256)}",
         f"2026-06-{random.randrange(1, 29):02d}T{random.randrange(24):02d}:{random.randrange(60):02d}",
         random.choice(("self-harm", "alcohol", "pregnancy")))
        for _ in range(70)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["ip", "visited", "page"])


def _vehicles(world: World, random: Random) -> pd.DataFrame:
    letters = "ABCDEFGHJKLMNOPRSTUVWXY"
    rows = [
        (f"{''.join(random.choices(letters, k=2))}{random.randrange(10, 25)} {''.join(random.choices(letters, k=3))}",
         f"{random.randrange(7, 20):02d}:{random.randrange(60):02d}", random.choice(("oncology", "sexual health")))
        for _ in range(45)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["registration", "arrived", "clinic"])


def _frequent(world: World, random: Random) -> pd.DataFrame:
    visits = sorted((random.randrange(60, 320) for _ in range(10)), reverse=True)
    rows = [
        (place, count, random.randrange(19, 80), random.choice(list(CONDITIONS)))
        for place, count in enumerate(visits, 1)
    ]
    return pd.DataFrame(rows, columns=["rank", "attendances", "age", "main_condition"])


def _thresholds(world: World, random: Random) -> pd.DataFrame:
    """Return a ROC curve with a step for each of 90 people, as scikit-learn returns it."""
    scores, hits, alarms, rows = sorted((random.random() for _ in range(90)), reverse=True), 0, 0, []
    for place, score in enumerate(scores):
        hit = place % 3 == 0 or random.random() < 0.1
        hits, alarms = hits + hit, alarms + (not hit)
        rows.append((alarms, hits, round(score, 6)))
    return pd.DataFrame(
        [(round(left / alarms, 5), round(right / hits, 5), score) for left, right, score in rows],
        columns=["fpr", "tpr", "threshold"],
    )


def _left_out(world: World, random: Random) -> pd.DataFrame:
    rows = [(f"P{place:03d}", round(random.gauss(0.41, 0.01), 5)) for place in range(1, 46)]
    return pd.DataFrame(rows, columns=["left_out", "estimate"])


def _agreement(world: World, random: Random) -> pd.DataFrame:
    rows = [(round(random.uniform(90, 170), 1), round(random.gauss(0, 6), 1)) for _ in range(75)]
    return pd.DataFrame(rows, columns=["mean_of_two", "difference"])


def _complement(world: World, random: Random) -> pd.DataFrame:
    rows = []
    for place in _VILLAGES:
        people = random.randrange(900, 4_000)
        rows.append((place, people, people - random.randrange(1, 5)))
    return pd.DataFrame(rows, columns=["village", "residents", "residents_without_hiv"])


def _standardised(world: World, random: Random) -> pd.DataFrame:
    """Return ratios of observed to expected deaths, and the expected: their product is a few deaths."""
    rows = []
    for ward in _WARDS:
        expected = round(random.uniform(0.6, 2.4), 3)
        rows.append((ward, expected, round(random.randrange(1, 5) / expected, 4)))
    return pd.DataFrame(rows, columns=["ward", "expected_deaths", "smr"])


def _redcap(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (f"0{random.randrange(1, 5)}-{place:03d}", "baseline_arm_1", f"{who.forename[0]}{who.surname[0]}",
         str(who.birth), years(who), random.randrange(1, 3))
        for place, who in enumerate(world.persons(random, 30), 1)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["record_id", "redcap_event_name", "initials", "dob", "age", "smoker___1"])


def _diary(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (f"{random.randrange(9, 17):02d}:{random.choice((0, 15, 30, 45)):02d}",
         f"{who.surname}, {who.forename[0]}", random.choice(("new", "follow-up")))
        for who in world.persons(random, 14)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["slot", "who", "kind"])


RELEASES = by_third(
    TableWriting("a coefficient for each patient", _coefficients, RECORDS),
    TableWriting("a survival curve's steps of one", _steps, STATISTICS | RECORDS),
    TableWriting("SHAP values, a row each", _shap, RECORDS),
    TableWriting("embeddings of notes", _embeddings, RECORDS | PSEUDONYMS),
    TableWriting("ties between people", _edges, RECORDS),
    TableWriting("flows of one or two", _flows, STATISTICS),
    TableWriting("spans of years that differ by two people", _overlapping, STATISTICS),
    TableWriting("shares whose base is a class", _shares, STATISTICS),
    TableWriting("costs that one patient makes up", _dominant, STATISTICS),
    TableWriting("a place where everybody has it", _everybody, STATISTICS),
    TableWriting("dates of the first and the last", _first_and_last, STATISTICS | RECORDS | IDENTIFIERS),
    TableWriting("cases by day, mostly none", _daily, STATISTICS | RECORDS),
    TableWriting("single years of age to the oldest", _oldest, STATISTICS),
    TableWriting("weights of triplets", _plural, STATISTICS | RECORDS),
    TableWriting("a series of nine cases", _series, RECORDS | STATISTICS),
    TableWriting("BIDS, participants", _participants, RECORDS | PSEUDONYMS),
    TableWriting("answers item by item", _items, RECORDS),
    TableWriting("three letters, birth and sex as a key", _keys, IDENTIFIERS | PSEUDONYMS | RECORDS),
    TableWriting("contacts' telephone numbers", _phones, IDENTIFIERS | RECORDS),
    TableWriting("visitors by network address", _visitors, IDENTIFIERS | RECORDS),
    TableWriting("patients' number plates", _vehicles, IDENTIFIERS | RECORDS),
    TableWriting("the ten most frequent attenders", _frequent, RECORDS | STATISTICS),
    TableWriting("a ROC curve with everybody's score", _thresholds, RECORDS | STATISTICS),
    TableWriting("estimates without each in turn", _left_out, RECORDS),
    TableWriting("Bland and Altman's points", _agreement, RECORDS),
    TableWriting("a few by those who are not", _complement, STATISTICS),
    TableWriting("a few deaths by ratio and expectation", _standardised, STATISTICS),
    TableWriting("REDCap, an export", _redcap, PERSON | RECORDS),
    TableWriting("a clinic's diary", _diary, NAMES | RECORDS),
)
