"""Harmless tables of the kinds from which single people can follow: here the groups are large."""

from __future__ import annotations

from random import Random

import pandas as pd

from tests.corpus.model import TableWriting, by_second
from tests.corpus.world import World

_WARDS = ("Ward 12", "Ward 21", "Ward 204", "Ward 225", "Ward 233", "Ward 76")


def _deciles(world: World, random: Random) -> pd.DataFrame:
    values = sorted(round(random.uniform(30, 70), 1) for _ in range(9))
    return pd.DataFrame({"percentile": range(10, 100, 10), "hba1c": values, "n": 41_233})


def _linkage(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (
            name,
            round(random.uniform(0.9, 0.99), 3),
            round(random.uniform(0.001, 0.1), 4),
            random.randrange(9_000, 50_000),
        )
        for name in ("surname", "forename", "date of birth", "postcode", "sex")
    ]
    return pd.DataFrame(rows, columns=["field", "m", "u", "pairs_agreeing"])


def _contrasts(world: World, random: Random) -> pd.DataFrame:
    held = {f"group_{place}": [int(row == place) - int(row == 4) for row in range(5)] for place in range(4)}
    return pd.DataFrame({"level": ["A", "B", "C", "D", "E"], **held})


def _degrees(world: World, random: Random) -> pd.DataFrame:
    return pd.DataFrame(
        {"contacts": ["0-4", "5-9", "10-19", "20 and over"], "people": [random.randrange(300, 2_000) for _ in range(4)]}
    )


def _running(world: World, random: Random) -> pd.DataFrame:
    total, rows = 0, []
    for month in range(1, 13):
        total += random.randrange(120, 400)
        rows.append((f"2024-{month:02d}", total))
    return pd.DataFrame(rows, columns=["month", "cumulative_cases"])


def _rates(world: World, random: Random) -> pd.DataFrame:
    rows = []
    for place in range(6):
        people = random.randrange(90_000, 160_000)
        rows.append((f"District {place + 1}", people, round(100_000 * random.randrange(200, 900) / people, 1)))
    return pd.DataFrame(rows, columns=["district", "population", "rate_per_100000"])


def _errors(world: World, random: Random) -> pd.DataFrame:
    rows = []
    for name in ("A", "B", "C", "D"):
        deviation, size = random.uniform(6, 14), random.randrange(2_000, 9_000)
        rows.append(
            (name, size, round(random.uniform(40, 60), 2), round(deviation, 3), round(deviation / size**0.5, 4))
        )
    return pd.DataFrame(rows, columns=["group", "n", "mean", "std_dev", "std_error"])


def _flow(world: World, random: Random) -> pd.DataFrame:
    people, rows = random.randrange(50_000, 60_000), []
    for step in ("registered", "aged 18 and over", "with a year of records", "without prior stroke"):
        rows.append((step, people))
        people -= random.randrange(2_000, 6_000)
    return pd.DataFrame(rows, columns=["step", "people"])


def _hours(world: World, random: Random) -> pd.DataFrame:
    rows = [(f"{hour:02d}:00", round(random.uniform(70, 90), 1), random.randrange(900, 4_000)) for hour in range(24)]
    return pd.DataFrame(rows, columns=["hour", "mean_heart_rate", "n"])


def _cells(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (round(52.5 + 0.1 * north, 1), round(-2.4 + 0.2 * east, 1), random.randrange(2_000, 40_000))
        for north in range(6)
        for east in range(4)
    ]
    return pd.DataFrame(rows, columns=["lat", "lon", "people"])


def _alleles(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (f"rs{random.randrange(10**5, 10**7)}", random.choice("ACGT"), round(random.uniform(0.05, 0.5), 3), 41_233)
        for _ in range(12)
    ]
    return pd.DataFrame(rows, columns=["variant", "effect_allele", "frequency", "n"])


def _answers(world: World, random: Random) -> pd.DataFrame:
    answers = ("Very good", "Good", "Neither good nor poor", "Poor", "Very poor")
    return pd.DataFrame({"answer": answers, "responses": [random.randrange(60, 900) for _ in answers]})


def _themes(world: World, random: Random) -> pd.DataFrame:
    themes = ("kindness of staff", "waiting", "parking", "food", "being told what happens next")
    return pd.DataFrame({"theme": themes, "comments": [random.randrange(40, 400) for _ in themes]})


def _stays(world: World, random: Random) -> pd.DataFrame:
    rows = [(ward, random.randrange(300, 900), round(random.uniform(3, 9), 1)) for ward in _WARDS]
    return pd.DataFrame(rows, columns=["ward", "stays", "median_days"])


RESULTS = by_second(
    TableWriting("deciles of a large group", _deciles),
    TableWriting("linkage weights by field", _linkage),
    TableWriting("contrasts as noughts and ones", _contrasts),
    TableWriting("contacts in bands", _degrees),
    TableWriting("a running total of large counts", _running),
    TableWriting("rates per 100,000 of many cases", _rates),
    TableWriting("standard errors of large groups", _errors),
    TableWriting("how a cohort was chosen", _flow),
    TableWriting("means by hour", _hours),
    TableWriting("people by square of a grid", _cells),
    TableWriting("allele frequencies", _alleles),
    TableWriting("a survey's answers", _answers),
    TableWriting("themes of comments", _themes),
    TableWriting("stays by ward", _stays),
)
