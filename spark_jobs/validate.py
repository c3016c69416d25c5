"""Judges a dataset's rows, as sent: good rows of the contract's types, and bad ones with the reason of each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from spark_jobs.check_digits import CHECKS, normalised_nhs_number
from spark_jobs.contracts import NHS_NUMBER_ROLES, Contract, Field

SOURCE = ("provider", "submission", "landed", "file", "row")
# Rows of a dataset from which it pays to look at the keys first: most stand there once, and need not be put in order,
# for which whole rows are sorted and sent between executors.
MANY = 200_000
OLDEST = "1900-01-01"
_KEY = "_key"


def judge(rows: DataFrame, contract: Contract, as_of: date, *, many: bool = False) -> DataFrame:
    """Return the rows that stand, and with a reason those that do not.

    A later submission of a provider may send a key again: its good row then stands in place of the earlier one, which
    is left out. Only a key that one submission holds twice is repeated.

    Parameters
    ----------
    rows : DataFrame
        The contract's columns as text, with :data:`SOURCE`; ``landed`` is the submission's place in the order of
        landing (:mod:`spark_jobs.landed`), ``file`` and ``row`` say where in it a row was sent.
    as_of : date
        No date may lie after it.
    many : bool
        Whether to look first, in a job of its own, which keys stand there more than once: see :data:`MANY`.

    Returns
    -------
    DataFrame
        :data:`SOURCE`, the columns as text, and ``reason``: null, or the field and the rule that it breaks, never the
        value.
    """
    cleaned = rows.select(*SOURCE, *(_cleaned(field) for field in contract.fields))
    judged = cleaned.withColumn("reason", _reason(contract, as_of))
    if not many:
        return _each_key_once(judged, contract)
    # Two keys that share a hash by accident are put in order too, and both stay.
    keyed = judged.withColumn(_KEY, F.xxhash64("provider", *_quoted(contract.primary_key)))
    again = keyed.groupBy(_KEY).count().where("count > 1").select(_KEY).persist()
    if not again.count():
        return judged
    alone = keyed.join(again, _KEY, "left_anti").drop(_KEY)
    return alone.unionByName(_each_key_once(keyed.join(again, _KEY, "left_semi").drop(_KEY), contract))


def _each_key_once(judged: DataFrame, contract: Contract) -> DataFrame:
    """Leave out the rows that a later submission's replaces, and give those that are repeated their reason."""
    # Good rows first: a correction that is itself wrong waits in quarantine and what it would correct stands. The
    # place comes last, so that of a repeated key the same row is kept whenever the warehouse is built.
    newest = Window.partitionBy("provider", *_quoted(contract.primary_key)).orderBy(
        F.col("reason").isNotNull(), F.col("landed").desc(), "file", "row"
    )
    ranked = judged.withColumns({"_rank": F.row_number().over(newest), "_above": F.lag("landed").over(newest)})
    again = F.when(F.col("_above") == F.col("landed"), F.lit(repeated(contract)))
    told = ranked.withColumn("reason", F.coalesce("reason", again))
    return told.where("reason IS NOT NULL OR _rank = 1").drop("_rank", "_above")


def repeated(contract: Contract) -> str:
    """Return how it is told that one submission holds a key twice."""
    return f"{', '.join(contract.primary_key)}: repeated"


def read(spark: SparkSession, folder: Path, contract: Contract) -> DataFrame:
    """Return rows as :func:`judge` returned them, from where they were written."""
    kinds = {"landed": "int", "row": "bigint"}
    names = [*SOURCE, *(field.name for field in contract.fields), "reason"]
    schema = ", ".join(f"`{name}` {kinds.get(name, 'string') if name in SOURCE else 'string'}" for name in names)
    return spark.read.schema(schema).parquet(str(folder))


def good(judged: DataFrame, contract: Contract) -> DataFrame:
    """Return the rows that stand, cast to the contract's types, with :data:`SOURCE`."""
    cast = [F.col(f"`{field.name}`").try_cast(field.type).alias(field.name) for field in contract.fields]
    return judged.where("reason IS NULL").select(*SOURCE, *cast)


def bad(judged: DataFrame) -> DataFrame:
    """Return the rows that do not stand, as sent, all text, with ``reason``."""
    return judged.where("reason IS NOT NULL").withColumn("landed", F.col("landed").cast("string"))


def _quoted(names: Iterable[str]) -> list[str]:
    return [f"`{name}`" for name in names]


def _cleaned(field: Field) -> Column:
    """Return the text that is judged and kept alike: no blanks around it, nothing where nothing is left."""
    text = F.trim(F.col(f"`{field.name}`"))
    if field.identifier in NHS_NUMBER_ROLES:
        text = normalised_nhs_number(text)
    return F.when(text != "", text).alias(field.name)


def _reason(contract: Contract, as_of: date) -> Column:
    rules = [rule for field in contract.fields for rule in rules_of(field, contract, as_of)]
    return F.coalesce(*(F.when(broken, F.lit(reason)) for broken, reason in rules), F.lit(None).cast("string"))


def rules_of(field: Field, contract: Contract, as_of: date) -> list[tuple[Column, str]]:
    """Return each way in which a row can break the field's rules, and how that is told."""
    value = F.col(f"`{field.name}`")
    there, typed = value.isNotNull(), value.try_cast(field.type)
    rules: list[tuple[Column, str]] = []
    if field.required:
        rules.append((value.isNull(), f"{field.name}: missing"))
    if field.type != "string":
        rules.append((there & typed.isNull(), f"{field.name}: not a {field.type}"))
    if field.type in ("date", "timestamp"):
        day = typed.cast("date")
        outside = (day < F.lit(OLDEST).cast("date")) | (day > F.lit(as_of.isoformat()).cast("date"))
        rules.append((there & outside, f"{field.name}: impossible date"))
    if field.values:
        rules.append((there & ~value.isin(*field.values), f"{field.name}: unknown code"))
    if field.pattern:
        # Java's $ matches before a final line's end too; \z does not.
        rules.append((there & ~value.rlike(rf"\A(?:{field.pattern})\z"), f"{field.name}: wrong form"))
    if field.check:
        rules.append((there & ~CHECKS[field.check](value), f"{field.name}: wrong form"))
    if field.minimum is not None:
        rules.append((typed < F.lit(field.minimum), f"{field.name}: out of range"))
    if field.maximum is not None:
        rules.append((typed > F.lit(field.maximum), f"{field.name}: out of range"))
    if field.not_before:
        other = F.col(f"`{field.not_before}`").try_cast(contract.by_name[field.not_before].type)
        rules.append((typed.cast("date") < other.cast("date"), f"{field.name}: before {field.not_before}"))
    return rules
