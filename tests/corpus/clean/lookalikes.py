"""Harmless texts that look like an identifier, a name or something hidden."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from random import Random

from tests.corpus.hosts import paragraph
from tests.corpus.model import Writing
from tests.corpus.world import World

_CLINICS = (  # hospitals and health centres of the area, with the postcodes that they publish
    ("Royal Stoke University Hospital", "ST4 6QG"),
    ("County Hospital, Stafford", "ST16 3SA"),
    ("Haywood Hospital", "ST6 7AG"),
    ("Bradwell Hospital", "ST5 7NJ"),
    ("Leek Moorlands Hospital", "ST13 5BQ"),
    ("Cannock Chase Hospital", "WS11 5XY"),
)
_SNOMED = ("44054006", "195967001", "13645005", "84114007", "709044004", "999004071000000108", "1129941000000106")
_METHODS = (
    "Cox proportional hazards regression, with Schoenfeld residuals checked.",
    "The Kaplan-Meier estimate was compared by the Mantel-Haenszel method.",
    "Agreement was shown by a Bland-Altman plot; trends by the Cochran-Armitage test.",
    "P values were corrected as Benjamini and Hochberg (1995) propose.",
    "Comorbidity is the Charlson index; frailty the Rockwood scale.",
    "Fisher's exact test was used where Pearson's chi-squared test was not valid.",
    "We drew Lorenz curves and give Gini coefficients.",
)
_DISEASES = (
    "Parkinson's disease",
    "Crohn's disease",
    "Hodgkin lymphoma",
    "Graves' disease",
    "Alzheimer's disease",
    "Down syndrome",
)
_PLACES = (
    "Newcastle-under-Lyme",
    "Stoke-on-Trent",
    "Burton upon Trent",
    "Tamworth",
    "Lichfield",
    "St Helens",
    "King's Lynn",
)
_PACKAGES = ("pandas 2.3.3", "scikit-learn 1.9.1", "numpy 2.4.6", "lifelines 0.30.3", "R 4.5.1", "statsmodels 0.15.0")
_ORGANISATIONS = (
    "NHS Staffordshire and Stoke-on-Trent Integrated Care Board",
    "Midlands Partnership University NHS Foundation Trust",
    "Queen Elizabeth Hospital Birmingham",
    "James Paget University Hospitals",
    "Joseph Rowntree Foundation",
    "Staffordshire County Council",
)


def _fixed(pattern: str, *choices: tuple[str, ...]) -> Callable[[World, Random], str]:
    return lambda world, random: pattern.format(*(random.choice(each) for each in choices))


def _digits(random: Random, count: int) -> str:
    return str(random.randrange(10 ** (count - 1), 10**count))


def _isbn(world: World, random: Random) -> str:
    body = f"978{_digits(random, 9)}"
    check = -sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(body)) % 10
    return f"ISBN {body[:3]}-{body[3]}-{body[4:8]}-{body[8:]}-{check}"


def _old_isbn(world: World, random: Random) -> str:
    body = _digits(random, 9)
    check = -sum(int(digit) * weight for digit, weight in zip(body, range(10, 1, -1), strict=True)) % 11
    return f"ISBN {body[0]}-{body[1:5]}-{body[5:]}-{'X' if check == 10 else check}"


def _grid(world: World, random: Random) -> str:
    east, north = _digits(random, 6), _digits(random, 6)
    return f"Grid reference SJ {east[:3]} {north[:3]}; easting {east}, northing {north}"


def _postcode(world: World, random: Random) -> str:
    site, code = random.choice([each for each in _CLINICS if each[1].replace(" ", "") not in world.postcodes])
    return f"{site} ({code})"


def _hash(name: str) -> Callable[[World, Random], str]:
    return lambda world, random: f"{name} {hashlib.new(name, random.randbytes(8)).hexdigest()}"


def _uuid(world: World, random: Random) -> str:
    return f"run {uuid.UUID(int=random.getrandbits(128), version=4)}"


def _git(world: World, random: Random) -> str:
    return f"commit {random.randbytes(20).hex()} (tag: v1.{random.randrange(9)}.{random.randrange(20)})"


def _interval(world: World, random: Random) -> str:
    ratio = random.uniform(0.7, 2.2)
    low, high, people = ratio * 0.88, ratio * 1.14, random.randrange(4_000, 90_000)
    return f"Rate ratio {ratio:.2f} (95% CI {low:.2f} to {high:.2f}), p < 0.001, n = {people:,}"


def _of_total(world: World, random: Random) -> str:
    events, people, missing = random.randrange(20, 400), random.randrange(2_000, 9_000), random.randrange(11, 80)
    return f"{events} of {people} people (missing: {missing})"


LOOKALIKES = (
    Writing("ISBN-13", _isbn),
    Writing("ISBN-10", _old_isbn),
    Writing("DOI", lambda world, random: f"https://doi.org/10.1136/bmj.{_digits(random, 6)}"),
    Writing("PubMed number", lambda world, random: f"PMID: {_digits(random, 8)}"),
    Writing(
        "ORCID",
        lambda world, random: (
            f"https://orcid.org/0000-000{random.randrange(1, 4)}-{_digits(random, 4)}-{_digits(random, 4)}"
        ),
    ),
    Writing(
        "trial number", lambda world, random: f"Registered as ISRCTN{_digits(random, 8)} and NCT0{_digits(random, 7)}"
    ),
    Writing(
        "cost of ten digits", lambda world, random: f"Total cost {int(_digits(random, 10)):,} pence over both years"
    ),
    Writing("seconds since 1970", lambda world, random: f"started_at={1_770_000_000 + random.randrange(9_000_000)}"),
    Writing("version numbers", _fixed("Run with {} and {}.", _PACKAGES, _PACKAGES)),
    Writing("a period", _fixed("From 1 April 2023 to 31 March {}", ("2024", "2025"))),
    Writing(
        "ISO dates of a study",
        lambda world, random: f"Extract of 2026-0{random.randrange(1, 7)}-15, data to 2026-03-31",
    ),
    Writing(
        "time stamp",
        lambda world, random: f"Generated 2026-06-{random.randrange(10, 29)}T09:{random.randrange(10, 59)}:07Z",
    ),
    Writing("UUID", _uuid),
    Writing("git commit", _git),
    Writing("SHA-256", _hash("sha256")),
    Writing("MD5", _hash("md5")),
    Writing("SNOMED CT codes", lambda world, random: "SNOMED CT " + ", ".join(random.sample(_SNOMED, 3))),
    Writing("ICD-10 codes", lambda world, random: "ICD-10 I50.9, J44.1, E11.9 and N18.3 were counted"),
    Writing("OPCS and dm+d codes", lambda world, random: "OPCS-4 W37.1, C75.1; dm+d 318904003, 325278007"),
    Writing(
        "small areas' codes",
        lambda world, random: f"LSOA E0101{_digits(random, 4)}, MSOA E0200{_digits(random, 4)}, ICB QNC",
    ),
    Writing("providers' codes", lambda world, random: f"Providers RJE, RLY and R1A; practice M83{_digits(random, 3)}"),
    Writing("grid reference", _grid),
    Writing("outward postcodes", lambda world, random: "Districts ST1 to ST8, DE13, WS11 and B77"),
    Writing("a clinic's postcode", _postcode, fair="review"),
    Writing("switchboard", lambda world, random: f"Research office: 01782 67{_digits(random, 4)}", fair="review"),
    Writing("a team's mailbox", lambda world, random: "Contact: analytics.team@example.nhs.uk", fair="review"),
    Writing("methods named after people", _fixed("{}", _METHODS)),
    Writing("diseases named after people", _fixed("{} and {} were coded from the GP record.", _DISEASES, _DISEASES)),
    Writing("places", _fixed("Practices in {} and {} are grouped.", _PLACES, _PLACES)),
    Writing("organisations", _fixed("{} holds the data.", _ORGANISATIONS)),
    Writing(
        "words that are names too",
        _fixed(
            "{}",
            (
                "Patients may hall or wood be told in June.",
                "Grace period of 30 days; Rose plot in figure 3.",
                "Will the bill mark a green summer?",
            ),
        ),
    ),
    Writing(
        "a copyright line",
        lambda world, random: "Copyright (c) 2008-2011, AQR Capital Management, LLC, Lambda Foundry, Inc.",
    ),
    Writing("an author in a header", lambda world, random: "Author: Tuppence Beresford", fair="review"),
    Writing("a citation", lambda world, random: "Welpton R (2019). SDC Handbook. Figshare.", fair="review"),
    Writing("an interval and a p value", _interval),
    Writing(
        "a large count",
        lambda world, random: (
            f"{random.randrange(100_000, 9_999_999):,} attendances by {random.randrange(50_000, 99_000):,} people"
        ),
    ),
    Writing(
        "age bands and quintiles", lambda world, random: "Age bands 0-17, 18-39, 40-64, 65-79, 80+; quintiles 1 to 5"
    ),
    Writing(
        "a hyperparameter line",
        lambda world, random: f"learning_rate=0.00{random.randrange(1, 9)}, max_depth=4, seed={_digits(random, 10)}",
    ),
    Writing("a file path", lambda world, random: "outputs/2026-06/table_03_rates_by_practice_v2.csv"),
    Writing(
        "a web address",
        lambda world, random: (
            f"https://digital.nhs.uk/data-and-information/publications?page={random.randrange(99)}&size=25"
        ),
    ),
    Writing("a report's sentence", lambda world, random: paragraph(random)),
    Writing("coordinates of a town", lambda world, random: "Stoke-on-Trent lies at 53.00 N, 2.18 W"),
    Writing("colours", lambda world, random: "#005eb8, #330072 and #00a499 follow the identity guidelines"),
    Writing("a formula", lambda world, random: "logit(p) = b0 + b1 age + b2 sex + b3 imd + b4 age:sex"),
    Writing(
        "accents and symbols",
        lambda world, random: "Mean ± s.d., χ² test, naïve Bayes, café-au-lait spots, ≥ 65 years, £ per head",
    ),
    Writing("other scripts", lambda world, random: "Leaflets exist in Polski, اردو, ਪੰਜਾਬੀ, 中文 and Українська"),
    Writing(
        "reference numbers",
        lambda world, random: (
            f"REC 26/WM/0{_digits(random, 3)}, IRAS {_digits(random, 6)}, CAG 26/CAG/0{_digits(random, 3)}"
        ),
    ),
    Writing(
        "an event count with its total",
        _of_total,
    ),
)
