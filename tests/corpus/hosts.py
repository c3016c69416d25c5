"""The ordinary output that things are put into: tables of counts, paragraphs of a report, a model's coefficients."""

from __future__ import annotations

from random import Random

import pandas as pd

_OUTCOMES = ("emergency admission", "outpatient attendance", "delayed discharge", "readmission within 30 days")
_PARAGRAPHS = (
    "Rates were standardised by age and sex to the 2013 European Standard Population. Counts are rounded to 5.",
    "Risk of {outcome} rose with deprivation; the gradient was steeper in people aged 65 and over.",
    "We fitted a Poisson regression with robust standard errors and report rate ratios with 95% confidence intervals.",
    "The extract covers 2023/24 and 2024/25. Small cells were suppressed before this report was written.",
    "Sensitivity analyses left out practices with fewer than 12 months of data; results did not change materially.",
)


def paragraph(random: Random) -> str:
    """Return a sentence or two of a report's text."""
    return random.choice(_PARAGRAPHS).format(outcome=random.choice(_OUTCOMES))


def counts(random: Random, least: int = 35) -> pd.DataFrame:
    """Return a table of counts by age band and sex, every one well over any threshold, and not a round number each."""
    bands = ("0-17", "18-39", "40-64", "65-79", "80 and over")
    rows = []
    for band in bands:
        for sex in ("Female", "Male"):
            people = random.randrange(900, 5_000)
            events = random.randrange(least, 400)
            rows.append((band, sex, people, events, round(1000 * events / people, 1)))
    return pd.DataFrame(rows, columns=["age_band", "sex", "people", "events", "rate_per_1000"])


def wide(random: Random) -> pd.DataFrame:
    """Return a cross-table of counts: deprivation quintiles by year."""
    years = ("2021/22", "2022/23", "2023/24")
    quintiles = ("1 most deprived", "2", "3", "4", "5 least deprived")
    return pd.DataFrame(
        {"quintile": quintiles, **{year: [random.randrange(120, 900) for _ in quintiles] for year in years}}
    )
