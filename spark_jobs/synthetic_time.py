"""When things happen in the synthetic health system, how often, and to which provider they are known."""

from __future__ import annotations

import math
from datetime import date, timedelta
from random import Random

from spark_jobs.synthetic_people import Person

START = date(2023, 7, 1)
Row = tuple[str, str, list[str]]  # provider, dataset, values in the order of the contract

GP, ACUTE, MENTAL, STOKE, COUNTY, ONS = (
    "gp-system", "acute-trust", "mental-health-community-trust", "stoke-council", "staffordshire-council", "ons",
)  # fmt: skip


def some_day(random: Random, first: date, last: date) -> date:
    """Return a day from the first to before the last; the first when they are the same."""
    return first + timedelta(days=random.randrange(max(1, (last - first).days)))


def begin(person: Person) -> date:
    """Return the first day on which anything of a person may be told."""
    return max(START, person.birth)


def count(random: Random, mean: float) -> int:
    """Return a count with a Poisson distribution (Knuth's method: the means here are small)."""
    limit, count, product = math.exp(-mean), 0, random.random()
    while product > limit:
        count += 1
        product *= random.random()
    return count
