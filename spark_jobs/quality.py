"""Measures what providers sent, as numbers and never as values: how much of it is there, valid, unique and on time.

The dimensions are those of the DAMA UK Working Group, "The Six Primary Dimensions for Data Quality Assessment" (2013),
without accuracy, which nothing at hand can show. Completeness and validity are counted for each data item and summed
over the dataset, as the NHS England Data Quality Maturity Index does. A measure is a numerator and a denominator, so
that the measures of submissions add up to those of a dataset.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import reduce
from pathlib import Path
from typing import Any

import yaml
from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from spark_jobs import tables
from spark_jobs.contracts import Contract
from spark_jobs.errors import JobRefused
from spark_jobs.validate import repeated, rules_of

_MOST_IN_PASSING = 4  # submissions: each adds a count of each field to every row that is written


@dataclass(frozen=True)
class Rules:
    """What ``policies/quality.yaml`` says.

    Parameters
    ----------
    period_days : mapping of str to int
        The days between two submissions, by the contract's cadence.
    grace_days, death_grace_days : int
        Days that a submission may be late, and that an event may lie after a death.
    reading_days : int
        Days within which a streamed reading comes soon after it was taken.
    after_death_except : frozenset of str
        Datasets in which an event may lie after a death.
    agree : mapping of str to tuple of str
        Roles in linkage of which a person has one value, and the codes that say nothing.
    """

    period_days: Mapping[str, int]
    grace_days: int
    death_grace_days: int
    reading_days: int
    after_death_except: frozenset[str]
    agree: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Measure:
    """How many of how many are as they should be.

    Parameters
    ----------
    submission, field : str
        Empty for the whole dataset, and for all its fields.
    dimension : str
        completeness, validity, uniqueness, timeliness or consistency.
    """

    dataset: str
    submission: str
    field: str
    dimension: str
    numerator: int
    denominator: int


def load_rules(path: Path) -> Rules:
    """Return the rules of a file.

    Raises
    ------
    JobRefused
        When the file is not whole.
    """
    try:
        told: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        death = told["consistency"]["after_death"]
        agree = told["consistency"]["agree_between_providers"]
        return Rules(
            period_days={name: int(days) for name, days in told["timeliness"]["period_days"].items()},
            grace_days=int(told["timeliness"]["grace_days"]),
            death_grace_days=int(death["grace_days"]),
            reading_days=int(told["timeliness"]["reading_days"]),
            after_death_except=frozenset(death["except"]),
            agree={role: tuple(str(code) for code in codes) for role, codes in agree.items()},
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError):
        raise JobRefused("The rules of quality are not whole", where=path.name, todo="Restore the file") from None


class Tally:
    """Counts a dataset's rows by submission in the pass that writes them; of many submissions, in one of its own.

    Parameters
    ----------
    submissions : sequence of str
        Those that the dataset was sent in.
    """

    def __init__(self, contract: Contract, submissions: Sequence[str]) -> None:
        self._contract, self._submissions, self._seen = contract, tuple(dict.fromkeys(submissions)), Observation()
        self._in_passing = len(self._submissions) <= _MOST_IN_PASSING

    def watched(self, judged: DataFrame) -> DataFrame:
        """Return the frame so that its being written counts it: see :meth:`counts`."""
        if not self._in_passing:
            return judged
        columns = [
            made.alias(f"{place}_{name}")
            for place, submission in enumerate(self._submissions)
            for name, made in _there(self._contract, F.col("submission") == submission)
        ]
        return judged.observe(self._seen, *columns)

    def counts(self, written: DataFrame) -> dict[str, dict[str, Any]]:
        """Return what is counted of each submission that has rows, by :func:`_there`'s names, and ``submission``.

        Parameters
        ----------
        written : DataFrame
            The rows that were written from what :meth:`watched` returned.
        """
        seen = self._seen.get if self._in_passing else {}
        if not seen:  # there are many, or Spark saw that there is nothing to write and dropped what it would count
            return counted(written, self._contract)
        names = [name for name, _ in _there(self._contract, F.lit(True))]
        told = {
            submission: {"submission": submission, **{name: seen[f"{place}_{name}"] for name in names}}
            for place, submission in enumerate(self._submissions)
        }
        return {submission: counts for submission, counts in told.items() if counts["rows"]}


def counted(judged: DataFrame, contract: Contract) -> dict[str, dict[str, Any]]:
    """Return what is counted of each submission's rows, by :func:`_there`'s names, and ``submission``."""
    asked = (made.alias(name) for name, made in _there(contract, F.lit(True)))
    return {row["submission"]: row.asDict() for row in judged.groupBy("submission").agg(*asked).collect()}


def measure(
    judged: DataFrame,
    told: Mapping[str, Mapping[str, Any]],
    contract: Contract,
    rules: Rules,
    *,
    as_of: date,
    created: Mapping[str, str],
    unmeasured: Collection[str],
) -> list[Measure]:
    """Return the measures of a dataset, and of those of its submissions that were never measured.

    The rules are asked again of the rows alone that break one, when there are any.

    Parameters
    ----------
    judged : DataFrame
        The rows as :func:`spark_jobs.validate.judge` returns them, ``reason`` included. What a later submission has
        replaced is not among them.
    told : mapping of str to mapping
        What :meth:`Tally.counts`, or :func:`counted`, says of them; or :func:`spark_jobs.quality_few.counts`, which
        counts what rules bad rows break as well, so that nothing more is asked of the rows.
    as_of : date
        The day that the rows were judged by.
    created : mapping of str to str
        The day that each submission's manifest names, as ISO text.
    unmeasured : collection of str
        The submissions to measure one by one.
    """
    faults = dict(_faults(contract, as_of))
    if any(each["bad"] and "repeated" not in each for each in told.values()):
        bad = judged.where("reason IS NOT NULL").groupBy("submission")
        counted = bad.agg(*(F.count_if(condition).alias(name) for name, condition in faults.items())).collect()
    else:
        counted = []
    broken = {row["submission"]: row.asDict() for row in counted}
    none = dict.fromkeys(faults, 0)
    found = [
        each
        for name, counts in told.items()
        for each in _of_submission({**none, **counts, **broken.get(name, {})}, contract, rules, created)
    ]
    kept = [each for each in found if each.submission in unmeasured]
    return [*kept, *summed(replace(each, submission="") for each in found)]


def summed(measures: Iterable[Measure]) -> list[Measure]:
    """Return one measure of each thing: the sum of those that there are of it."""
    totals: dict[tuple[str, str, str, str], list[int]] = {}
    for each in measures:
        total = totals.setdefault((each.dataset, each.submission, each.field, each.dimension), [0, 0])
        total[0] += each.numerator
        total[1] += each.denominator
    return [Measure(*key, *total) for key, total in sorted(totals.items())]


def _there(contract: Contract, which: Column) -> Iterator[tuple[str, Column]]:
    """Yield what is counted of the rows that are meant, by name.

    Themselves, those that are bad, each field's values, and the newest day.
    """

    def those(value: Column) -> Column:
        return F.when(which, value)

    yield "rows", F.count_if(which)
    yield "bad", F.count(those(F.col("reason")))
    if contract.date_column:
        there = F.when(F.col("reason").isNull(), F.col(f"`{contract.date_column}`").try_cast("date"))
        yield "newest", F.max(those(there))
    for place, field in enumerate(contract.fields):
        value = F.col(f"`{field.name}`")
        yield f"there_{place}", F.count(those(value))
        if field.not_before:
            both = value.isNotNull() & F.col(f"`{field.not_before}`").isNotNull()
            yield f"both_{place}", F.count_if(which & both)


def _faults(contract: Contract, as_of: date) -> Iterator[tuple[str, Column]]:
    """Yield what is counted of bad rows, by name: a row tells but the first rule that it breaks, so all are asked."""
    yield "repeated", F.col("reason") == repeated(contract)
    for place, field in enumerate(contract.fields):
        invalid: Column | None = None
        for condition, reason in rules_of(field, contract, as_of):
            if reason == f"{field.name}: before {field.not_before}":
                yield f"disordered_{place}", condition
            elif reason != f"{field.name}: missing":
                invalid = condition if invalid is None else invalid | condition
        if invalid is not None:
            yield f"invalid_{place}", invalid


def _of_submission(
    told: Mapping[str, Any], contract: Contract, rules: Rules, created: Mapping[str, str]
) -> Iterator[Measure]:
    name = told["submission"]

    def made(field: str, dimension: str, numerator: int, denominator: int) -> Measure:
        return Measure(contract.dataset, name, field, dimension, int(numerator), int(denominator))

    totals: dict[str, list[int]] = {}
    for place, field in enumerate(contract.fields):
        for dimension, numerator, denominator in _of_field(told, place):
            yield made(field.name, dimension, numerator, denominator)
            # What the contract does not require may well be empty: it is no lack of the dataset.
            if field.required or dimension != "completeness":
                total = totals.setdefault(dimension, [0, 0])
                total[0] += numerator
                total[1] += denominator
    for dimension, (numerator, denominator) in totals.items():
        yield made("", dimension, numerator, denominator)
    yield made("", "uniqueness", told["rows"] - told["repeated"], told["rows"])
    period, sent = rules.period_days.get(contract.cadence), _day(created.get(name, ""))
    if period is not None and sent is not None and told.get("newest") is not None:
        on_time = told["newest"] >= sent - timedelta(days=period + rules.grace_days)
        yield made("", "timeliness", on_time, 1)


def _of_field(told: Mapping[str, Any], place: int) -> Iterator[tuple[str, int, int]]:
    there = told[f"there_{place}"]
    yield "completeness", there, told["rows"]
    if f"invalid_{place}" in told:
        yield "validity", there - told[f"invalid_{place}"], there
    if f"both_{place}" in told:
        both = told[f"both_{place}"]
        yield "consistency", both - told[f"disordered_{place}"], both


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None  # a manifest that names no day has no timeliness


def faults(spark: SparkSession, quarantine: Path) -> list[dict[str, Any]]:
    """Return how many rows of each submission wait in quarantine, by file, field and fault.

    Parameters
    ----------
    quarantine : Path
        A folder of Parquet for each dataset, with ``submission``, ``file`` and ``reason``.
    """
    folders = sorted(path for path in quarantine.glob("*") if tables.rows_in(path))
    if not folders:
        return []
    key = ("dataset", "submission", "file", "reason")
    rows = [
        spark.read.schema("submission string, file string, reason string")
        .parquet(str(folder))
        .select(F.lit(folder.name).alias("dataset"), *key[1:])
        for folder in folders
    ]
    found = reduce(DataFrame.union, rows).groupBy(*key).agg(F.count("*").alias("rows")).collect()
    told = [fault(**each.asDict()) for each in found]
    return sorted(told, key=lambda each: [str(value) for value in each.values()])


def fault(dataset: str, submission: str, file: str, reason: str, rows: int) -> dict[str, Any]:
    """Return what is told of rows of a file that wait for one reason."""
    field, _, what = reason.rpartition(": ")
    return {"dataset": dataset, "submission": submission, "file": file, "field": field, "fault": what, "rows": rows}


def by_reason(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows in quarantine by dataset and reason."""
    totals: dict[tuple[str, str], int] = {}
    for each in found:
        key = (each["dataset"], f"{each['field']}: {each['fault']}")
        totals[key] = totals.get(key, 0) + each["rows"]
    return [{"dataset": dataset, "reason": reason, "rows": rows} for (dataset, reason), rows in sorted(totals.items())]
