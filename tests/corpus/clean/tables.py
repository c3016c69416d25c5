"""Harmless tables of every kind that is released."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from random import Random

import pandas as pd

from spark_jobs.synthetic_names import CONDITIONS
from tests.corpus.hosts import counts, wide
from tests.corpus.model import TableWriting
from tests.corpus.world import World

_SITES = ("Royal Stoke", "County Hospital", "Haywood", "Bradwell", "Leek Moorlands", "Cannock Chase")


def _counts(world: World, random: Random) -> pd.DataFrame:
    return counts(random)


def _wide(world: World, random: Random) -> pd.DataFrame:
    return wide(random)


def _suppressed(world: World, random: Random) -> pd.DataFrame:
    """Return counts with two cells suppressed and no totals."""
    table = counts(random).drop(columns="rate_per_1000").astype({"events": object})
    for place in random.sample(range(len(table)), 2):
        table.loc[place, "events"] = "[c]"
    return table


def _rounded(world: World, random: Random) -> pd.DataFrame:
    table = counts(random)
    return table.assign(people=5 * (table["people"] // 5), events=5 * (table["events"] // 5))


def _totals(world: World, random: Random) -> pd.DataFrame:
    table = wide(random)
    sums = table.drop(columns="quintile").sum().to_dict()
    return pd.concat([table, pd.DataFrame([{"quintile": "Total", **sums}])], ignore_index=True)


def _regression(world: World, random: Random) -> pd.DataFrame:
    rows = []
    for term in ("(Intercept)", "age 40-64", "age 65-79", "age 80+", "male", "imd 2", "imd 3", "imd 4", "imd 5"):
        estimate, error = random.gauss(0, 0.6), random.uniform(0.02, 0.2)
        rows.append(
            (
                term,
                round(estimate, 3),
                round(error, 3),
                round(estimate - 1.96 * error, 3),
                round(estimate + 1.96 * error, 3),
            )
        )
    return pd.DataFrame(rows, columns=["term", "estimate", "std_error", "conf_low", "conf_high"])


def _monthly(world: World, random: Random) -> pd.DataFrame:
    months = pd.period_range("2023-04", periods=24, freq="M").astype(str)
    return pd.DataFrame({"month": months, "admissions": [random.randrange(400, 900) for _ in months]})


def _weekly(world: World, random: Random) -> pd.DataFrame:
    weeks = [(date(2023, 4, 3) + timedelta(weeks=week)).isoformat() for week in range(104)]
    return pd.DataFrame({"week_beginning": weeks, "attendances": [random.randrange(800, 1500) for _ in weeks]})


def _by_practice(world: World, random: Random) -> pd.DataFrame:
    rows = []
    for number in range(60):
        people = random.randrange(3_000, 15_000)
        events = random.randrange(40, 300)
        rows.append((f"M83{number:03d}", people, events, round(1000 * events / people, 2)))
    return pd.DataFrame(rows, columns=["practice_code", "registered_patients", "admissions", "rate_per_1000"])


def _by_area(world: World, random: Random) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "lsoa": [f"E0101{number:04d}" for number in range(200)],
            "population": [random.randrange(1_100, 2_900) for _ in range(200)],
            "cases": [random.randrange(15, 160) for _ in range(200)],
        }
    )


def _by_code(world: World, random: Random) -> pd.DataFrame:
    rows = [(name, snomed, icd, random.randrange(300, 20_000)) for name, (snomed, icd, *_) in CONDITIONS.items()]
    return pd.DataFrame(rows, columns=["condition", "snomed_ct", "icd10", "patients"])


def _code_list(world: World, random: Random) -> pd.DataFrame:
    rows = [(str(random.randrange(10**7, 10**9)), f"Finding of type {number}") for number in range(60)]
    return pd.DataFrame(rows, columns=["code", "term"])


def _sites(world: World, random: Random) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "site": _SITES,
            "beds": [random.randrange(40, 900) for _ in _SITES],
            "occupied_percent": [round(random.uniform(82, 97), 1) for _ in _SITES],
        }
    )


def _summary(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (
            name,
            random.randrange(4_000, 40_000),
            round(random.uniform(20, 70), 1),
            round(random.uniform(3, 15), 1),
            round(random.uniform(20, 70), 1),
        )
        for name in ("age", "bmi", "systolic", "hba1c", "egfr")
    ]
    return pd.DataFrame(rows, columns=["variable", "n", "mean", "sd", "median"])


def _metrics(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (model, round(random.uniform(0.7, 0.9), 4), round(random.uniform(0.1, 0.2), 4), 41_233)
        for model in ("logistic", "boosted", "network")
    ]
    return pd.DataFrame(rows, columns=["model", "auroc", "brier", "n_test"])


def _folds(world: World, random: Random) -> pd.DataFrame:
    return pd.DataFrame({"fold": range(1, 11), "auroc": [round(random.uniform(0.7, 0.9), 4) for _ in range(10)]})


def _roc(world: World, random: Random) -> pd.DataFrame:
    steps = [place / 24 for place in range(25)]
    return pd.DataFrame({"fpr": [round(step, 3) for step in steps], "tpr": [round(step**0.4, 3) for step in steps]})


def _confusion(world: World, random: Random) -> pd.DataFrame:
    draw = random.randrange
    return pd.DataFrame(
        {
            "observed": ["no", "yes"],
            "predicted_no": [draw(9_000, 20_000), draw(200, 900)],
            "predicted_yes": [draw(500, 2_000), draw(900, 3_000)],
        }
    )


def _survival(world: World, random: Random) -> pd.DataFrame:
    at_risk, alive, rows = 20_000, 1.0, []
    for month in range(0, 25, 2):
        events = random.randrange(40, 300)
        rows.append((month, at_risk, events, round(alive, 3)))
        alive, at_risk = alive * (1 - events / at_risk), at_risk - events - random.randrange(50, 200)
    return pd.DataFrame(rows, columns=["month", "at_risk", "events", "survival"])


def _correlation(world: World, random: Random) -> pd.DataFrame:
    names = ["age", "bmi", "systolic", "hba1c", "egfr"]
    held = [[1.0 if row == column else round(random.uniform(-0.4, 0.6), 2) for column in range(5)] for row in range(5)]
    return pd.DataFrame(held, columns=names).assign(variable=names)[["variable", *names]]


def _importance(world: World, random: Random) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "feature": [f"feature_{place}" for place in range(20)],
            "gain": sorted((round(random.random(), 4) for _ in range(20)), reverse=True),
        }
    )


def _histogram(world: World, random: Random) -> pd.DataFrame:
    return pd.DataFrame(
        {"from": range(0, 100, 5), "to": range(5, 105, 5), "people": [random.randrange(200, 4_000) for _ in range(20)]}
    )


def _data_dictionary(world: World, random: Random) -> pd.DataFrame:
    rows = [
        ("nhs_number", "text", "dropped", "NHS number, modulus 11"),
        ("date_of_birth", "date", "dropped", "Full date of birth"),
        ("forename", "text", "dropped", "Given name"),
        ("postcode", "text", "coarsened", "First half only"),
        ("age_band", "text", "kept", "Five bands"),
        ("person", "text", "keyed", "The project's pseudonym"),
    ]
    return pd.DataFrame(rows, columns=["field", "type", "treatment", "description"])


def _parameters(world: World, random: Random) -> pd.DataFrame:
    rows = [
        ("learning_rate", "0.05"),
        ("max_depth", "4"),
        ("seed", str(random.randrange(10**9, 10**10))),
        ("n_train", "32986"),
        ("commit", random.randbytes(20).hex()),
    ]
    return pd.DataFrame(rows, columns=["parameter", "value"])


def _manifest(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (f"table_{place}.csv", random.randrange(900, 90_000), hashlib.sha256(random.randbytes(4)).hexdigest())
        for place in range(12)
    ]
    return pd.DataFrame(rows, columns=["file", "bytes", "sha256"])


def _bibliography(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (
            f"10.1136/bmj.{random.randrange(10**5, 10**6)}",
            random.randrange(1995, 2026),
            f"A cohort study of outcome {place}",
        )
        for place in range(15)
    ]
    return pd.DataFrame(rows, columns=["doi", "year", "title"])


def _costs(world: World, random: Random) -> pd.DataFrame:
    rows = [(site, random.randrange(900, 9_000), random.randrange(10**9, 10**10)) for site in _SITES]
    return pd.DataFrame(rows, columns=["site", "spells", "total_cost_pence"])


def _timing(world: World, random: Random) -> pd.DataFrame:
    rows = [(f"step {place}", f"2026-06-01T09:{place:02d}:00", round(random.uniform(0.2, 9), 2)) for place in range(12)]
    return pd.DataFrame(rows, columns=["step", "started", "seconds"])


def _percent(world: World, random: Random) -> pd.DataFrame:
    rows = [(site, random.randrange(900, 9_000), round(random.uniform(5, 60), 1)) for site in _SITES]
    return pd.DataFrame(rows, columns=["site", "n", "percent_within_4_hours"])


def _two_way(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (ethnicity, *(random.randrange(30, 900) for _ in range(4)))
        for ethnicity in ("Asian", "Black", "Mixed", "Other", "White")
    ]
    return pd.DataFrame(rows, columns=["ethnic_group", "Q1", "Q2", "Q3", "Q4"])


def _calibration(world: World, random: Random) -> pd.DataFrame:
    rows = [
        (decile, 4_123, round(decile / 12, 3), round(decile / 12 + random.gauss(0, 0.01), 3)) for decile in range(1, 11)
    ]
    return pd.DataFrame(rows, columns=["decile", "n", "predicted", "observed"])


def _loss(world: World, random: Random) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "epoch": range(1, 26),
            "train_loss": [round(0.7 * 0.95**place, 4) for place in range(25)],
            "valid_loss": [round(0.72 * 0.955**place, 4) for place in range(25)],
        }
    )


def _life(world: World, random: Random) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "age": range(0, 100),
            "deaths": [random.randrange(20, 900) for _ in range(100)],
            "population": [random.randrange(9_000, 15_000) for _ in range(100)],
        }
    )


TABLES = (
    TableWriting("counts and rates", _counts),
    TableWriting("a cross-table of counts", _wide),
    TableWriting("counts with suppressed cells", _suppressed),
    TableWriting("rounded counts", _rounded),
    TableWriting("a cross-table with totals", _totals),
    TableWriting("a regression", _regression),
    TableWriting("counts by month", _monthly),
    TableWriting("counts by week over two years", _weekly),
    TableWriting("counts by practice", _by_practice),
    TableWriting("counts by small area", _by_area),
    TableWriting("counts by code", _by_code),
    TableWriting("a code list", _code_list, fair="review"),
    TableWriting("figures of hospitals", _sites),
    TableWriting("a summary of variables", _summary),
    TableWriting("a model's metrics", _metrics),
    TableWriting("metrics by fold", _folds),
    TableWriting("a coarse ROC curve", _roc),
    TableWriting("a confusion matrix", _confusion),
    TableWriting("a survival table", _survival),
    TableWriting("correlations", _correlation),
    TableWriting("feature importances", _importance),
    TableWriting("a histogram's bins", _histogram),
    TableWriting("a data dictionary", _data_dictionary),
    TableWriting("parameters of a run", _parameters),
    TableWriting("a list of files with hashes", _manifest),
    TableWriting("a bibliography", _bibliography),
    TableWriting("ten-digit costs", _costs),
    TableWriting("times of a run", _timing),
    TableWriting("percentages of large bases", _percent),
    TableWriting("ethnic groups by quarter", _two_way),
    TableWriting("calibration by decile", _calibration),
    TableWriting("losses by epoch", _loss),
    TableWriting("deaths by single year of age", _life),
)
