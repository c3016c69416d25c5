"""Looks at what was written, not at what was meant: no column that never leaves landing, no warehouse pseudonym."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import pyarrow.parquet as parquet
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.contracts import Contract
from spark_jobs.errors import JobRefused
from spark_jobs.provisioning.cohort import PSEUDONYM
from spark_jobs.provisioning.persons import OWN
from spark_jobs.pseudonymise import PATTERN


@dataclass(frozen=True)
class Written:
    """One table as written: its folder, its contract, and its persons' two pseudonyms (None where it has none)."""

    folder: Path
    contract: Contract
    own: DataFrame | None


def prove(spark: SparkSession, written: Iterable[Written]) -> None:
    """Refuse an extract that holds what it must not.

    Every pseudonym in it must be one that the project's key made; those are looked at once, person by person, and the
    tables' rows are held against them.

    Raises
    ------
    JobRefused
        Naming the table or tables.
    """
    linked: dict[int, tuple[DataFrame, list[Written]]] = {}
    for table in written:
        _check_columns(table)
        if table.own is not None:
            linked.setdefault(id(table.own), (table.own, []))[1].append(table)
    for own, tables in linked.values():
        _prove_pseudonyms(spark, own, tables)


def _check_columns(table: Written) -> None:
    where = table.contract.dataset
    held = {name for path in table.folder.iterdir() for name in parquet.read_schema(path).names}
    never = {field.name for field in table.contract.fields if not field.published} - {PSEUDONYM}
    if held & never:
        raise JobRefused("The extract would hold a column that never leaves landing", where=where)
    if (table.own is not None) != (PSEUDONYM in held):
        raise JobRefused("The extract would hold a pseudonym that was not asked for, or none", where=where)


def _prove_pseudonyms(spark: SparkSession, own: DataFrame, tables: list[Written]) -> None:
    """Prove the tables that share their persons' pseudonyms: the persons first, then every row against them."""
    where = ", ".join(table.contract.dataset for table in tables)
    shaped = F.coalesce(F.col(OWN).rlike(rf"\A{PATTERN}\z"), F.lit(False))
    if own.where(~shaped).count():
        raise JobRefused("The extract would hold something that is no pseudonym", where=where)
    if own.select(OWN).join(own.select(F.col(PSEUDONYM).alias(OWN)), OWN, "left_semi").count():
        raise JobRefused("The extract would hold a pseudonym of the warehouse", where=where)
    rows = [spark.read.parquet(str(table.folder)).select(F.col(PSEUDONYM).alias(OWN)) for table in tables]
    if reduce(DataFrame.unionAll, rows).join(own, OWN, "left_anti").count():
        raise JobRefused("The extract would hold a pseudonym that is not this project's", where=where)
