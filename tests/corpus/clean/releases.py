"""Harmless tables that look like those from which single people follow: a row for each practice, region or run."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pandas as pd

from tests.corpus.model import TableWriting, by_third
from tests.corpus.world import World

_REGIONS = ("East", "London", "Midlands", "North East", "North West", "South East", "South West", "Yorkshire")
_SERVICES = ("GP", "A&E", "ward", "hospice", "home")


def _coefficients(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (f"practice[T.{place}]", round(random.gauss(0, 0.2), 4), round(random.uniform(0.02, 0.06), 4),
         random.randrange(2_000, 14_000))
        for place in range(1, 41)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["term", "estimate", "std_error", "patients"])


def _yearly(world: World, random: Random) -> pd.DataFrame:
    at_risk, survival, rows = random.randrange(30_000, 40_000), 1.0, []
    for year in range(1, 9):
        died = random.randrange(600, 900)
        survival *= 1 - died / at_risk
        rows.append((year, at_risk, died, round(survival, 3)))
        at_risk -= died + random.randrange(400, 900)
    return pd.DataFrame(rows, columns=["year", "at_risk", "deaths", "survival"])


def _shap(world: World, random: Random) -> pd.DataFrame:
    names = ("age", "sex", "bmi", "imd", "copd", "smoker")
    rows = [(name, round(random.uniform(0.01, 0.3), 4), 41_233) for name in names]
    return pd.DataFrame(rows, columns=["variable", "mean_abs_shap", "n"])


def _embeddings(world: World, random: Random) -> pd.DataFrame:
    held = {f"e{place}": [round(random.gauss(0, 0.2), 4) for _ in range(6)] for place in range(4)}
    topics = ("pain", "breath", "falls", "mood", "diet", "skin")
    return pd.DataFrame({"topic": topics, "notes": [random.randrange(900, 4_000) for _ in topics], **held})


def _ties(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (source, target, random.randrange(120, 4_000))
        for source in _SERVICES
        for target in _SERVICES
        if source < target
    ]
    return pd.DataFrame(rows, columns=["source", "target", "people"])


def _flows(world: World, random: Random) -> pd.DataFrame:
    rows = [("GP", "A&E", 4_120), ("A&E", "ward", 2_310), ("ward", "home", 1_890), ("ward", "hospice", 144)]
    return pd.DataFrame(
        [(source, target, value + random.randrange(90)) for source, target, value in rows],
        columns=["source", "target", "value"],
    )


def _spans(world: World, random: Random) -> pd.DataFrame:
    many = random.randrange(3_000, 5_000)
    rows = [("2019 to 2024", many), ("2019 to 2023", many - 812), ("2020 to 2024", many - 904)]
    return pd.DataFrame(rows, columns=["years", "liver_transplants"])


def _shares(world: World, random: Random) -> pd.DataFrame:
    shares = (0.031, 0.042, 0.118, 0.809)
    groups = ("Mixed", "Black", "Asian", "White")
    return pd.DataFrame({"ethnic_group": groups, "share": shares, "base": 1_000 * random.randrange(20, 60)})


def _costs(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (name, random.randrange(2_000, 9_000), random.randrange(1_000, 6_000), random.randrange(900, 2_000))
        for name in ("cardiology", "burns", "stroke", "transplant")
    ]
    return pd.DataFrame(rows, columns=["service", "patients", "mean_cost", "sd_cost"])


def _prevalence(world: World, random: Random) -> pd.DataFrame:
    rows = [(name, random.randrange(20_000, 90_000), round(random.uniform(2, 9), 1)) for name in _REGIONS]
    return pd.DataFrame(rows, columns=["region", "people", "percent_with_diabetes"])


def _covered(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (
            name,
            f"2019-{random.randrange(1, 13):02d}",
            f"2026-{random.randrange(1, 7):02d}",
            random.randrange(10**5, 10**6),
        )
        for name in ("primary care", "hospital", "community", "mental health")
    ]
    return pd.DataFrame(rows, columns=["source", "first_month", "last_month", "records"])


def _daily(world: World, random: Random) -> pd.DataFrame:
    start = date(2025, 9, 1)
    return pd.DataFrame(
        {
            "day": [(start + timedelta(days=place)).isoformat() for place in range(90)],
            "emergency_admissions": [random.randrange(210, 420) for _ in range(90)],
        }
    )


def _ages(world: World, random: Random) -> pd.DataFrame:
    rows = [(str(age), random.randrange(300, 900)) for age in range(75, 90)]
    return pd.DataFrame([*rows, ("90 and over", random.randrange(900, 2_000))], columns=["age", "women"])


def _plural(world: World, random: Random) -> pd.DataFrame:
    rows = [
        ("singleton", 39_120, 3_382),
        ("twins", 1_180, 2_460),
        ("triplets or more", random.randrange(42, 90), 1_790),
    ]
    return pd.DataFrame(rows, columns=["plurality", "babies", "mean_birth_weight_g"])


def _studies(world: World, random: Random) -> pd.DataFrame:
    rows = []
    for letter in "ABCDEFGHI":
        ratio = random.uniform(0.7, 1.6)
        rows.append(
            (f"Study {letter}", random.randrange(2004, 2025), random.randrange(400, 9_000), round(ratio, 2),
             round(ratio * 0.8, 2), round(ratio * 1.25, 2))
        )  # fmt: skip
    return pd.DataFrame(rows, columns=["study", "year", "n", "odds_ratio", "lower", "upper"])


def _sites(world: World, random: Random) -> pd.DataFrame:
    rows = []
    for place in range(1, 13):
        people = random.randrange(90, 400)
        rows.append((f"site-{place:02d}", people, people - random.randrange(20, 40), round(random.uniform(50, 70), 1)))
    return pd.DataFrame(rows, columns=["site", "randomised", "followed_up", "mean_age"])


def _items(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (f"phq9_{item}", 4_120, round(random.uniform(0.4, 1.9), 2), round(random.uniform(0.7, 1.1), 2))
        for item in range(1, 10)
    ]
    return pd.DataFrame(rows, columns=["item", "n", "mean", "sd"])


def _keys(world: World, random: Random) -> pd.DataFrame:
    rows = [(letters, random.randrange(30_000, 40_000), round(random.uniform(0.2, 4), 2)) for letters in (2, 3, 4, 5)]
    return pd.DataFrame(rows, columns=["letters_of_surname", "keys", "percent_shared"])


def _calls(world: World, random: Random) -> pd.DataFrame:
    rows = [(f"{hour:02d}:00", random.randrange(400, 4_000), round(random.uniform(1, 9), 1)) for hour in range(24)]
    return pd.DataFrame(rows, columns=["hour", "calls", "median_wait_minutes"])


def _pages(world: World, random: Random) -> pd.DataFrame:
    pages = ("self-harm", "alcohol", "pregnancy", "flu", "diabetes")
    return pd.DataFrame({"page": pages, "visits": [random.randrange(2_000, 90_000) for _ in pages]})


def _parked(world: World, random: Random) -> pd.DataFrame:
    clinics = ("oncology", "eye", "fracture", "maternity")
    return pd.DataFrame({"clinic": clinics, "vehicles": [random.randrange(300, 900) for _ in clinics]})


def _attendances(world: World, random: Random) -> pd.DataFrame:
    bands = ("1", "2 to 4", "5 to 9", "10 or more")
    people = (41_233, 12_310, 2_944, random.randrange(300, 400))
    return pd.DataFrame({"attendances": bands, "people": people})


def _cut_offs(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (place / 10, round(1 - 0.09 * place, 3), round(0.2 + 0.08 * place, 3), random.randrange(900, 4_000))
        for place in range(1, 10)
    ]
    return pd.DataFrame(rows, columns=["threshold", "sensitivity", "specificity", "positives"])


def _left_out(world: World, random: Random) -> pd.DataFrame:
    rows = [(name, round(random.gauss(0.41, 0.01), 3), random.randrange(30_000, 40_000)) for name in _REGIONS]
    return pd.DataFrame(rows, columns=["left_out_region", "estimate", "n"])


def _agreement(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (f"device {letter}", random.randrange(400, 900), round(random.gauss(0, 1), 2), -11.8, 12.1)
        for letter in "ABCDE"
    ]
    return pd.DataFrame(rows, columns=["device", "n", "bias", "lower_limit", "upper_limit"])


def _standardised(world: World, random: Random) -> pd.DataFrame:
    rows = []
    for name in _REGIONS:
        expected, observed = random.randrange(900, 2_000), random.randrange(900, 2_000)
        rows.append((name, observed, expected, round(observed / expected, 2)))
    return pd.DataFrame(rows, columns=["region", "observed_deaths", "expected_deaths", "smr"])


def _dictionary(world: World, random: Random) -> pd.DataFrame:
    rows = [
        ("record_id", "baseline", "text", "Record ID", ""),
        ("initials", "baseline", "text", "Initials of the participant", ""),
        ("dob", "baseline", "text", "Date of birth", ""),
        ("smoker", "baseline", "checkbox", "Smoker", "1, Yes | 2, No"),
        ("hba1c", f"month_{random.randrange(2, 9)}", "text", "HbA1c (mmol/mol)", ""),
    ]
    return pd.DataFrame(rows, columns=["field_name", "form_name", "field_type", "field_label", "choices"])


def _sessions(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (day, half, random.randrange(200, 900), round(random.uniform(4, 12), 1))
        for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
        for half in ("morning", "afternoon")
    ]
    return pd.DataFrame(rows, columns=["day", "session", "booked", "percent_not_attended"])


def _grid(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (rate, depth, trees, round(random.uniform(0.71, 0.79), 4), round(random.uniform(0.002, 0.01), 4))
        for rate in (0.01, 0.03, 0.1, 0.3)
        for depth in (2, 3, 4, 6)
        for trees in (100, 300, 900)
    ]
    return pd.DataFrame(rows, columns=["learning_rate", "max_depth", "n_estimators", "mean_auc", "sd_auc"])


def _posterior(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (f"u[{name}]", round(random.gauss(0, 0.2), 3), round(random.uniform(0.02, 0.06), 3), 1.0,
         random.randrange(2_000, 4_000))
        for name in _REGIONS
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["parameter", "mean", "sd", "r_hat", "ess_bulk"])


def _replicates(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (seed, round(random.gauss(0.4, 0.03), 5), round(random.gauss(0.03, 0.001), 5), random.random() < 0.95)
        for seed in range(1, 201)
    ]
    return pd.DataFrame(rows, columns=["simulation_seed", "estimate", "std_error", "covers_truth"])


def _power(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (size, effect, round(min(0.999, size * effect / random.randrange(150, 170)), 3))
        for size in (100, 200, 400)
        for effect in (0.2, 0.3, 0.5)
    ]
    return pd.DataFrame(rows, columns=["n_per_arm", "effect", "power"])


RELEASES = by_third(
    TableWriting("a coefficient for each practice", _coefficients),
    TableWriting("survival of thousands by year", _yearly),
    TableWriting("mean SHAP values by variable", _shap),
    TableWriting("mean embeddings by topic", _embeddings),
    TableWriting("ties between services", _ties),
    TableWriting("flows of hundreds", _flows),
    TableWriting("spans of years that differ by hundreds", _spans),
    TableWriting("shares with a large base", _shares),
    TableWriting("mean costs of thousands", _costs),
    TableWriting("prevalence by region", _prevalence),
    TableWriting("months that a source covers", _covered),
    TableWriting("admissions by day, hundreds", _daily),
    TableWriting("single years of age with the oldest together", _ages),
    TableWriting("births by plurality", _plural),
    TableWriting("a series of nine studies", _studies),
    TableWriting("a trial's sites", _sites),
    TableWriting("a scale's items", _items),
    TableWriting("how unique a key is", _keys),
    TableWriting("calls by hour", _calls),
    TableWriting("visits by page", _pages),
    TableWriting("vehicles by clinic", _parked),
    TableWriting("people by attendances", _attendances),
    TableWriting("sensitivity at nine cut-offs", _cut_offs),
    TableWriting("estimates without each region", _left_out),
    TableWriting("limits of agreement by device", _agreement),
    TableWriting("observed and expected deaths of hundreds", _standardised),
    TableWriting("REDCap, a data dictionary", _dictionary),
    TableWriting("a clinic's sessions", _sessions),
    TableWriting("a search over settings", _grid),
    TableWriting("posterior means by region", _posterior),
    # Nobody can tell from the file that the rows were simulated.
    TableWriting("replicates of a simulation", _replicates, fair="review"),
    TableWriting("power by size and effect", _power),
)
