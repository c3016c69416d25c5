"""A small synthetic extract, with the columns that the contracts name, for what runs inside a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from spark_jobs.synthetic_frailty import DEFICITS
from tre.contracts import FOLDER, load_contracts

PEOPLE = 3000
CODES = {
    "heart failure": "84114007",
    "COPD": "13645005",
    "dementia": "52448006",
    "fall": "217082002",
    "other": "38341003",
}
_DAYS = pd.date_range("2022-01-01", "2026-06-30")


def write_extract(folder: Path) -> list[dict[str, Any]]:
    """Write the extract's tables and return what its manifest tells of them."""
    made = _tables(np.random.default_rng(7))
    contracts = load_contracts(FOLDER)
    told = []
    for name, frame in made.items():
        (folder / name).mkdir(parents=True)
        fields = {each.name: each for each in contracts[name].fields}
        assert set(frame.columns) <= {"pseudonym", *fields}, f"the contract of {name} has other columns"
        frame.to_parquet(folder / name / "part-0.parquet", index=False, coerce_timestamps="us")
        columns = [
            {
                "name": column,
                "type": fields[column].type if column in fields else "string",
                "description": fields[column].description if column in fields else "The person's pseudonym",
                "classification": fields[column].classification if column in fields else "safe",
            }
            for column in frame.columns
        ]
        told.append({"name": name, "rows": len(frame), "columns": columns})
    return told


def _tables(random: np.random.Generator) -> dict[str, pd.DataFrame]:
    pseudonyms = np.array([f"P{number:05d}" for number in range(PEOPLE)])
    areas = np.array([f"E0101{number:04d}" for number in range(40)])
    born = random.integers(1930, 1962, PEOPLE)
    decile = random.integers(1, 11, len(areas))
    lsoa = random.integers(0, len(areas), PEOPLE)
    frail = (1961 - born) / 30 + (11 - decile[lsoa]) / 20 + random.normal(0, 0.3, PEOPLE)
    dies = random.random(PEOPLE) < 0.03 + 0.09 * np.clip(frail, 0, 1.5)
    died = np.where(dies, random.integers(600, len(_DAYS), PEOPLE), -1)
    people = pd.DataFrame({
        "pseudonym": pseudonyms, "birth_year": born.astype("int32"), "sex": random.choice(["1", "2"], PEOPLE),
        "lsoa": [None if lost else area for lost, area in zip(random.random(PEOPLE) < 0.02, areas[lsoa], strict=True)],
        "died_on": [_DAYS[day].date() if day >= 0 else None for day in died],
    })  # fmt: skip

    def events(mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        who = np.repeat(np.arange(PEOPLE), random.poisson(np.clip(mean, 0.05, None)))
        day = random.integers(0, len(_DAYS), len(who))
        alive = (died[who] < 0) | (day <= died[who])
        return who[alive], day[alive]

    stays, admitted = events(0.3 + frail)
    visits, arrived = events(0.4 + frail)
    seen, on = events(2 + 2 * frail)
    social, began = events(frail / 2)
    gp_events = pd.DataFrame({
        "pseudonym": pseudonyms[seen], "event_date": _DAYS[on].date,
        "snomed_code": random.choice(list(CODES.values()), len(seen), p=[0.15, 0.15, 0.1, 0.1, 0.5]),
        "value": np.where(random.random(len(seen)) < 0.3, random.normal(140, 15, len(seen)).round(), np.nan),
        "unit": "mm[Hg]",
    })  # fmt: skip
    return {
        "people": people,
        "admitted_care": pd.DataFrame({
            "pseudonym": pseudonyms[stays], "admitted_on": _DAYS[admitted].date,
            "discharged_on": (_DAYS[admitted] + pd.to_timedelta(random.integers(0, 20, len(stays)), "D")).date,
            "admission_method": random.choice(["11", "21", "22", "2A"], len(stays), p=[0.4, 0.4, 0.1, 0.1]),
            "icd10_primary": random.choice(["I500", "J440", "S720", "N390"], len(stays)),
        }),
        "emergency_care": pd.DataFrame({
            "pseudonym": pseudonyms[visits],
            "arrived_at": _DAYS[arrived] + pd.to_timedelta(random.integers(0, 86_400, len(visits)), "s"),
            "disposal": random.choice(["admitted", "discharged", "left"], len(visits), p=[0.35, 0.6, 0.05]),
        }),
        "gp_events": pd.concat([gp_events, _deficits(pseudonyms, frail)], ignore_index=True),
        "adult_social_care": pd.DataFrame({
            "pseudonym": pseudonyms[social], "event_type": "service", "started_on": _DAYS[began].date,
            "ended_on": [None] * len(social), "service_type": "Home care",
        }).astype({"ended_on": "date32[day][pyarrow]"}),
        "small_area": pd.DataFrame({
            "lsoa": areas, "imd_decile": decile.astype("int32"),
            "fuel_poverty_percent": random.uniform(5, 25, 40).round(1),
        }),
    }  # fmt: skip


def _deficits(pseudonyms: np.ndarray, frail: np.ndarray) -> pd.DataFrame:
    """Return what the practices of the synthetic region record of frailty, more of it of the frailer."""
    random, codes = np.random.default_rng(8), [code for code, *_ in DEFICITS.values()]
    who, which = np.nonzero(random.random((len(pseudonyms), len(codes))) < 0.05 + 0.2 * np.clip(frail, 0, 1.5)[:, None])
    day = random.integers(0, len(_DAYS), len(who))
    return pd.DataFrame({
        "pseudonym": pseudonyms[who], "event_date": _DAYS[day].date, "snomed_code": np.array(codes)[which],
        "value": np.nan, "unit": None,
    })  # fmt: skip
