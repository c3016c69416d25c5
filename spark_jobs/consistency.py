"""Measures what only linked persons can show: events after a death, and what providers say differently of one person.

Rules and sources: ``policies/quality.yaml`` and :mod:`spark_jobs.quality`. Counts leave this module, never a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from spark_jobs import tables
from spark_jobs.contracts import Contract
from spark_jobs.people import PEOPLE
from spark_jobs.quality import Measure, Rules

FEWEST_ROWS = 10  # of a year that may be told as covered: fewer could be one person's (ACRO's threshold)
PSEUDONYM, DEATH = "pseudonym", "died_on"


@dataclass(frozen=True)
class Dated:
    """What the days of a table say: the first and last year with enough rows, and how many events follow a death."""

    first_year: int | None
    last_year: int | None
    measures: tuple[Measure, ...]


def across_providers(records: DataFrame, known: DataFrame, rules: Rules) -> list[Measure]:
    """Return of how many persons, known to more than one provider, the providers agree, for each thing asked.

    Parameters
    ----------
    records : DataFrame
        One row for each provider's local number, with the roles in linkage.
    known : DataFrame
        ``provider``, ``local_id`` and ``person``.
    """
    if not rules.agree:
        return []
    kinds = dict(records.dtypes)
    said = [
        F.when(~F.col(role).cast("string").isin(*silent), F.col(role)).alias(role) if silent else F.col(role)
        for role, silent in rules.agree.items()
        if role in kinds
    ]
    roles = [role for role in rules.agree if role in kinds]
    persons = (
        records.join(known, ["provider", "local_id"])
        .select("person", "provider", *said)
        .groupBy("person")
        .agg(*(part for role in roles for part in _said_of(role)))
    )
    counts = [F.count_if(f"{role}_by").alias(f"{role}_asked") for role in roles]
    counts += [F.count_if(F.col(f"{role}_by") & F.col(role)).alias(role) for role in roles]
    return agreement(persons.agg(*counts).collect()[0].asDict(), roles)


def agreement(told: Mapping[str, int], roles: Sequence[str]) -> list[Measure]:
    """Return the measures of what providers say of one person.

    Parameters
    ----------
    told : mapping of str to int
        For each role, of how many persons several providers say something (``<role>_asked``), and of how many all the
        same (``<role>``).
    """
    return [each for role in roles for each in _consistency(PEOPLE, role, told[role], told[f"{role}_asked"])]


def _consistency(dataset: str, field: str, numerator: int, denominator: int) -> tuple[Measure, Measure]:
    """Return the measure of a field, and its part in the dataset's."""
    return (
        Measure(dataset, "", field, "consistency", numerator, denominator),
        Measure(dataset, "", "", "consistency", numerator, denominator),
    )


def _said_of(role: str) -> tuple[Any, Any]:
    """Return whether several providers say something, and whether it is one thing: smallest and largest tell both."""
    by, said = F.when(F.col(role).isNotNull(), F.col("provider")), F.col(role)
    return (F.min(by) < F.max(by)).alias(f"{role}_by"), (F.min(said) == F.max(said)).alias(role)


def of_days(
    spark: SparkSession, warehouse: Path, published: Mapping[str, int], contracts: Mapping[str, Contract], rules: Rules
) -> dict[str, Dated]:
    """Return what the days of each published table say, all in one pass that reads two columns of each.

    Parameters
    ----------
    published : mapping of str to int
        The version of each table.
    """
    people = tables.read(spark, warehouse / PEOPLE, published[PEOPLE])
    deaths = None
    if DEATH in people.columns:
        deaths = people.where(F.col(DEATH).isNotNull()).select(PSEUDONYM, DEATH)
    asked = with_days(published, contracts)
    if not asked:
        return {}
    read = {name: tables.read(spark, warehouse / name, published[name]) for name in asked}
    mortal = {
        name
        for name, table in read.items()
        if deaths is not None and PSEUDONYM in table.columns and name not in rules.after_death_except
    }
    each = (_days(table, contracts[name], deaths if name in mortal else None) for name, table in read.items())
    every = reduce(DataFrame.unionByName, each)
    alive = F.col("day") <= F.date_add(DEATH, rules.death_grace_days)
    counts = every.groupBy("dataset", F.year("day").alias("year")).agg(
        F.count(F.lit(1)).alias("rows"), F.count(DEATH).alias("asked"), F.count_if(alive).alias("alive")
    )
    told: dict[str, list[Row]] = {name: [] for name in asked}
    for row in counts.collect():  # one for each year of each table
        told[row["dataset"]].append(row)
    return {name: dated(years, contracts[name], name in mortal) for name, years in told.items()}


def with_days(published: Mapping[str, int], contracts: Mapping[str, Contract]) -> list[str]:
    """Return the tables whose rows have a day."""
    days = {name: contracts[name].date_column for name in published}
    return [name for name, day in days.items() if day and contracts[name].by_name[day].published]


def _days(table: DataFrame, contract: Contract, deaths: DataFrame | None) -> DataFrame:
    """Return ``dataset``, ``day`` and ``died_on`` (null where no death is to be asked for) of each row with a day."""
    named = (F.lit(contract.dataset).alias("dataset"), F.col(f"`{contract.date_column}`").cast("date").alias("day"))
    if deaths is None:
        return table.select(*named, F.lit(None).cast("date").alias(DEATH)).where("day IS NOT NULL")
    days = table.select(*named, PSEUDONYM).where("day IS NOT NULL")
    return days.join(deaths, PSEUDONYM, "left").drop(PSEUDONYM)


def dated(years: Sequence[Row | Mapping[str, int]], contract: Contract, mortal: bool) -> Dated:
    """Return what the days of a table say.

    Parameters
    ----------
    years : sequence
        Of each ``year`` its ``rows``, those after whose day is ``asked`` for a death, and those ``alive`` then.
    mortal : bool
        Whether a death is asked for at all.
    """
    covered = sorted(row["year"] for row in years if row["rows"] >= FEWEST_ROWS)
    measures: tuple[Measure, ...] = ()
    if mortal:
        asked, alive_then = (sum(row[name] for row in years) for name in ("asked", "alive"))
        measures = _consistency(contract.dataset, contract.date_column, alive_then, asked)
    return Dated(covered[0] if covered else None, covered[-1] if covered else None, measures)
