"""Splits a dataset's rows, as sent, into good rows of the contract's types and bad ones with the reason of each."""

from __future__ import annotations

from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from spark_jobs.contracts import Contract, Field

SOURCE = ("provider", "submission", "landed", "file", "row")
_OLDEST = "1900-01-01"


def split(rows: DataFrame, contract: Contract, as_of: date) -> tuple[DataFrame, DataFrame]:
    """Return the good rows and the bad ones.

    Parameters
    ----------
    rows : DataFrame
        The contract's columns as text, with :data:`SOURCE`; ``landed`` is the submission's place in the order of
        landing (:mod:`spark_jobs.landed`), ``file`` and ``row`` say where in it a row was sent.
    as_of : date
        No date may lie after it.

    Returns
    -------
    (DataFrame, DataFrame)
        The good rows, cast, with :data:`SOURCE`; the bad ones as sent, with ``reason``: the field and the rule that
        it breaks, never the value.
    """
    emptied = rows.select(*SOURCE, *(_emptied(field.name) for field in contract.fields))
    first = Window.partitionBy("provider", *contract.primary_key).orderBy("landed", "file", "row")
    judged = emptied.withColumn("_repeat", F.row_number().over(first)).withColumn("reason", _reason(contract, as_of))
    bad = judged.where(F.col("reason").isNotNull()).drop("_repeat")
    good = judged.where(F.col("reason").isNull())
    cast = [F.col(f"`{field.name}`").try_cast(field.type).alias(field.name) for field in contract.fields]
    return good.select(*SOURCE, *cast), bad


def _emptied(name: str) -> Column:
    text = F.trim(F.col(f"`{name}`"))
    return F.when(text != "", text).alias(name)


def _reason(contract: Contract, as_of: date) -> Column:
    rules = [rule for field in contract.fields for rule in _rules(field, as_of)]
    key = ", ".join(contract.primary_key)
    rules.append((F.col("_repeat") > 1, f"{key}: repeated"))
    return reduce(lambda found, rule: F.coalesce(found, F.when(rule[0], F.lit(rule[1]))), rules, F.lit(None))


def _rules(field: Field, as_of: date) -> list[tuple[Column, str]]:
    value = F.col(f"`{field.name}`")
    there = value.isNotNull()
    rules: list[tuple[Column, str]] = []
    if field.required:
        rules.append((value.isNull(), f"{field.name}: missing"))
    if field.type != "string":
        rules.append((there & value.try_cast(field.type).isNull(), f"{field.name}: not a {field.type}"))
    if field.type in ("date", "timestamp"):
        day = value.try_cast(field.type).cast("date")
        outside = (day < F.lit(_OLDEST).cast("date")) | (day > F.lit(as_of.isoformat()).cast("date"))
        rules.append((there & outside, f"{field.name}: impossible date"))
    if field.values:
        rules.append((there & ~value.isin(*field.values), f"{field.name}: unknown code"))
    if field.pattern:
        rules.append((there & ~value.rlike(f"^(?:{field.pattern})$"), f"{field.name}: wrong form"))
    return rules
