"""Tables of results from which single people follow: quantiles, differences, rates, traces, pedigrees, comments."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pandas as pd

from spark_jobs.synthetic_names import CONDITIONS
from spark_jobs.synthetic_people import AS_OF
from tests.corpus.families import IDENTIFIERS, NAMES, PERSON, PSEUDONYMS, RECORDS, STATISTICS
from tests.corpus.model import TableWriting, by_second
from tests.corpus.techniques.respelt import linkage_key
from tests.corpus.world import World

_WARDS = ("Ward 12", "Ward 21", "Ward 204", "Ward 225", "Ward 233", "Ward 76")
_WORDS = ("one", "two", "three", "four", "five", "six")


def _quantiles(world: World, random: Random) -> pd.DataFrame:
    """Return every twelfth quantile of twelve people: all of their values."""
    values = sorted(round(random.gauss(48, 14), 1) for _ in range(12))
    return pd.DataFrame({"quantile": [round(place / 11, 3) for place in range(12)], "hba1c": values, "n": 12})


def _predicted(world: World, random: Random) -> pd.DataFrame:
    people = world.persons(random, 60)
    return pd.DataFrame(
        {"slk": [linkage_key(who) for who in people], "predicted": [round(random.random(), 4) for _ in people]}
    )


def _pairs(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (pair, random.randrange(40, 95), random.randrange(40, 95), random.randrange(365), random.randrange(365))
        for pair in range(1, 81)
    ]
    return pd.DataFrame(rows, columns=["pair", "case_age", "control_age", "case_days", "control_days"])


def _flags(world: World, random: Random) -> pd.DataFrame:
    """Return a row of noughts and ones for each person: who has which condition."""
    people = world.persons(random, 140)
    return pd.DataFrame(
        {name.replace(" ", "_"): [int(name in who.conditions) for who in people] for name in CONDITIONS}
    )


def _contacts(world: World, random: Random) -> pd.DataFrame:
    people = world.persons(random, 16)
    rows = [
        (f"{who.forename} {who.surname[0]}", f"{near.forename} {near.surname[0]}", random.choice(_WARDS))
        for who, near in pairwise(people)
    ]
    return pd.DataFrame(rows, columns=["from", "to", "met_in"])


def _days_old(world: World, random: Random) -> pd.DataFrame:
    people = world.persons(random, 70)
    return pd.DataFrame(
        {
            "age_days": [(AS_OF - who.birth).days for who in people],
            "postcode_sector": [who.postcode[:-2] for who in people],
            "outcome": [random.randrange(2) for _ in people],
        }
    )


def _cumulative(world: World, random: Random) -> pd.DataFrame:
    """Return counts that add up month by month; some months add one or two people."""
    total, rows = random.randrange(80, 140), []
    for month in range(1, 13):
        total += random.choice((1, 2, 1, 14))
        rows.append((f"2024-{month:02d}", total))
    return pd.DataFrame(rows, columns=["month", "cumulative_cases"])


def _rates(world: World, random: Random) -> pd.DataFrame:
    """Return rates of which population and rate give a count of a few."""
    rows = []
    for place in range(6):
        people = random.randrange(20_000, 60_000)
        rows.append((f"District {place + 1}", people, round(100_000 * random.randrange(1, 6) / people, 3)))
    return pd.DataFrame(rows, columns=["district", "population", "rate_per_100000"])


def _mean_of_one(world: World, random: Random) -> pd.DataFrame:
    rows = [(name, random.randrange(200, 900), round(random.uniform(4, 9), 2), 2.1) for name in ("White", "Asian")]
    lone = ("Gypsy or Traveller", 1, random.randrange(20, 60), None)
    return pd.DataFrame([*rows, lone], columns=["ethnic_group", "n", "mean_stay", "sd_stay"])


def _errors(world: World, random: Random) -> pd.DataFrame:
    """Return means whose standard deviation and error give the size of the group: three or four people."""
    rows = []
    for name in ("A", "B", "C", "D"):
        deviation, size = random.uniform(6, 14), random.randrange(3, 5)
        rows.append((name, round(random.uniform(40, 60), 2), round(deviation, 3), round(deviation / size**0.5, 3)))
    return pd.DataFrame(rows, columns=["group", "mean", "std_dev", "std_error"])


def _worded(world: World, random: Random) -> pd.DataFrame:
    rows = [(ward, random.choice(_WORDS), f"{random.randrange(200, 900)}") for ward in _WARDS]
    return pd.DataFrame(rows, columns=["ward", "deaths", "admissions"])


def _but_one(world: World, random: Random) -> pd.DataFrame:
    people, events = random.randrange(4_000, 9_000), random.randrange(300, 400)
    rows = [("all residents", people, events), ("all residents but those in prison", people - 1, events - 1)]
    return pd.DataFrame(rows, columns=["cohort", "people", "with_hiv"])


def _movements(world: World, random: Random) -> pd.DataFrame:
    """Return the time of each transfer between wards, in the order in which they happened."""
    at, rows = datetime(2026, 3, 2, 6), []
    for _ in range(120):
        at += timedelta(minutes=random.randrange(3, 190))
        rows.append((at.isoformat(" "), *random.sample(_WARDS, 2)))
    return pd.DataFrame(rows, columns=["moved_at", "from_ward", "to_ward"])


def _trace(world: World, random: Random) -> pd.DataFrame:
    """Return where one wearer of a watch was, every ten minutes of a day."""
    north, east, rows = 53.01, -2.18, []
    for place in range(144):
        north, east = north + random.gauss(0, 0.0004), east + random.gauss(0, 0.0006)
        rows.append((f"{place // 6:02d}:{place % 6}0", round(north, 6), round(east, 6), random.randrange(55, 120)))
    return pd.DataFrame(rows, columns=["time", "lat", "lon", "heart_rate"])


def _pedigree(world: World, random: Random) -> pd.DataFrame:
    rows = [("F1", 1, 0, 0, 1, 1), ("F1", 2, 0, 0, 2, 2)]
    rows += [("F1", place, 1, 2, random.randrange(1, 3), random.randrange(1, 3)) for place in range(3, 12)]
    return pd.DataFrame(rows, columns=["family", "individual", "father", "mother", "sex", "affected"])


def _genotypes(world: World, random: Random) -> pd.DataFrame:
    held = {f"rs{random.randrange(10**5, 10**7)}": random.choices(("AA", "AG", "GG"), k=90) for _ in range(8)}
    return pd.DataFrame({"sample": [f"S{place:03d}" for place in range(90)], **held})


def _comments(world: World, random: Random) -> pd.DataFrame:
    said = ("{} was kind to my mother", "please tell {} thank you", "I waited for hours until {} came")
    rows = [
        (random.randrange(1, 6), random.choice(said).format(f"{who.forename} {who.surname}"))
        for who in world.persons(random, 25)
    ]
    return pd.DataFrame(rows, columns=["rating", "comment"])


def _objects(world: World, random: Random) -> pd.DataFrame:
    """Return a JSON object with a person in each cell of a column."""
    held = [
        json.dumps({"n": f"{who.forename} {who.surname}", "d": str(who.birth)}) for who in world.persons(random, 12)
    ]
    return pd.DataFrame({"step": range(1, 13), "payload": held})


RESULTS = by_second(
    TableWriting("quantiles of twelve people", _quantiles, STATISTICS | RECORDS),
    TableWriting("predictions by linkage key", _predicted, RECORDS | PSEUDONYMS | IDENTIFIERS),
    TableWriting("cases beside their controls", _pairs, RECORDS),
    TableWriting("conditions as noughts and ones", _flags, RECORDS),
    TableWriting("who met whom", _contacts, NAMES | RECORDS),
    TableWriting("ages in days", _days_old, RECORDS | IDENTIFIERS),
    TableWriting("a running total that grows by one", _cumulative, STATISTICS),
    TableWriting("rates per 100,000 of a few cases", _rates, STATISTICS),
    TableWriting("a mean of one", _mean_of_one, STATISTICS),
    TableWriting("standard errors of tiny groups", _errors, STATISTICS),
    TableWriting("small counts in words", _worded, STATISTICS),
    TableWriting("two cohorts that differ by one", _but_one, STATISTICS),
    TableWriting("each transfer's time", _movements, RECORDS),
    TableWriting("a wearer's positions", _trace, RECORDS | IDENTIFIERS),
    TableWriting("a pedigree", _pedigree, RECORDS),
    TableWriting("genotypes", _genotypes, RECORDS),
    TableWriting("comments that name staff and patients", _comments, NAMES | RECORDS),
    TableWriting("a person as JSON in each cell", _objects, PERSON | RECORDS),
)
