"""Harmless texts that look respelt: other alphabets, numerals, abbreviations, and dates and places of a whole study."""

from __future__ import annotations

from random import Random

from tests.corpus.model import Writing, by_second
from tests.corpus.world import World


def _sum(world: World, random: Random) -> str:
    women, men = random.randrange(200_000, 900_000), random.randrange(200_000, 900_000)
    return f"total = {women} + {men} = {women + men} attendances"


def _box(world: World, random: Random) -> str:
    north = 52.4 + random.randrange(10) / 100
    return f"Bounding box of the county: {north:.2f} to 53.23 N, 2.47 to 1.59 W; EPSG:4326"


WORDINGS = by_second(
    Writing(
        "a build's number in base 36",
        lambda world, random: f"build k{random.randrange(36**2)}x9zq{random.randrange(9)}",
    ),
    Writing(
        "chapters in Roman numerals",
        lambda world, random: "Chapters IX, X and XIV of ICD-10; part III, annex xvii, MMXXVI",
    ),
    Writing(
        "sizes and their factors",
        lambda world, random: f"A grid of {8 * random.randrange(3, 9)} x 13 x 21 cells; 2 x 3 x 7 = 42 models",
    ),
    Writing(
        "steps in emoji",
        lambda world, random: "1\ufe0f\u20e3 extract 2\ufe0f\u20e3 link 3\ufe0f\u20e3 model \u2705 done",
    ),
    Writing("a sum of large counts", _sum),
    Writing(
        "the pattern of a postcode",
        lambda world, random: "Postcodes match [A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}; NHS no. ?????????X",
    ),
    Writing(
        "Greek letters of a model",
        lambda world, random: "β₁ = 0.31, σ² = 1.2, λ chosen by cross-validation, Ελληνικά leaflet",
    ),
    Writing(
        "Welsh and Polish phrases",
        lambda world, random: "Iechyd da i bawb; zdrowie publiczne; mae'r daflen ar gael yn Gymraeg",
    ),
    Writing(
        "abbreviations of measurements",
        lambda world, random: "Hb, MCV, plt, CRP, U&E, eGFR, HbA1c, FEV1, BNP: abbrev. as in the trust's handbook",
    ),
    Writing("words with digits", lambda world, random: "Models v3a, t5-small, c0mb1ned_f1 and k8s jobs; p90, q1 to q4"),
    Writing(
        "filler text",
        lambda world, random: "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor",
    ),
    Writing(
        "circled figures",
        lambda world, random: "Panels \u2460, \u2461 and \u2462 share an axis; \u24d0 marks adjusted rates",
    ),
    Writing(
        "mathematical letters",
        lambda world, random: "𝐗 is the design matrix, 𝑛 its rows, ℒ the likelihood, ℝ⁵ the space",
    ),
    Writing(
        "how a linkage key is made",
        lambda world, random: "SLK-581 joins letters 2, 3 and 5 of the surname to 2 and 3 of the forename",
        fair="review",
    ),
    Writing(
        "how sounds are coded", lambda world, random: "Soundex turns Ashcraft and Ashcroft into A261", fair="review"
    ),
    Writing(
        "a schedule in days",
        lambda world, random: f"Doses at 56, 84 and 112 days; follow-up of {random.randrange(300, 400)} days",
    ),
    Writing(
        "weeks of a season", lambda world, random: f"Influenza season 2025-W40 to 2026-W{random.randrange(15, 21)}"
    ),
    Writing(
        "relative dates of a study",
        lambda world, random: "Within 30 days of discharge; baseline is the 12 months before the index date",
    ),
    Writing("a year in words", lambda world, random: "The financial year ended on the thirty-first of March, 2026"),
    Writing(
        "Excel's serial days of a year", lambda world, random: "Excel serial dates 45017 to 45382 are the year 2023/24"
    ),
    Writing(
        "a token's lifetime in seconds",
        lambda world, random: f'"notBefore": {1_780_000_000 + random.randrange(10**6)}, "ttl": 86400',
    ),
    Writing("a county's bounding box", _box),
    Writing(
        "a county's geohash",
        lambda world, random: "Cells gcq, gcw and gcr (geohash of three characters) cover the region",
    ),
    Writing(
        "three words with dots",
        lambda world, random: "sklearn.linear_model.LogisticRegression and rates.by.practice were run",
    ),
)
