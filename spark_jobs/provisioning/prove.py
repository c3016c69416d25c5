"""Looks at what was written, not at what was meant: no column that never leaves landing, no warehouse pseudonym."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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
        Naming the table.
    """
    proved: list[DataFrame] = []
    for table in written:
        where = table.contract.dataset
        held = {name for path in table.folder.iterdir() for name in parquet.read_schema(path).names}
        never = {field.name for field in table.contract.fields if not field.published} - {PSEUDONYM}
        if held & never:
            raise JobRefused("The extract would hold a column that never leaves landing", where=where)
        if (table.own is not None) != (PSEUDONYM in held):
            raise JobRefused("The extract would hold a pseudonym that was not asked for, or none", where=where)
        if table.own is None:
            continue
        if not any(each is table.own for each in proved):
            _prove_pseudonyms(table.own, where)
            proved.append(table.own)
        rows = spark.read.parquet(str(table.folder)).select(F.col(PSEUDONYM).alias(OWN))
        if rows.join(table.own, OWN, "left_anti").limit(1).count():
            raise JobRefused("The extract would hold a pseudonym that is not this project's", where=where)


def _prove_pseudonyms(own: DataFrame, where: str) -> None:
    if own.where(F.col(OWN).isNull() | ~F.col(OWN).rlike(rf"\A{PATTERN}\z")).limit(1).count():
        raise JobRefused("The extract would hold something that is no pseudonym", where=where)
    if own.select(OWN).join(own.select(F.col(PSEUDONYM).alias(OWN)), OWN, "left_semi").limit(1).count():
        raise JobRefused("The extract would hold a pseudonym of the warehouse", where=where)
