"""The people table: what the datasets tell of each person, as their contracts say."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from pathlib import Path

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs import majority, opt_out
from spark_jobs.contracts import Contract, Field

PEOPLE = "people"


def people(
    good: Mapping[str, DataFrame], known: DataFrame, contracts: Mapping[str, Contract], scratch: Path
) -> DataFrame:
    """Return one row for each person: of each column what most of the local numbers say.

    Parameters
    ----------
    good : mapping of str to DataFrame
        The good rows of each dataset.
    known : DataFrame
        ``provider``, ``local_id``, ``pseudonym`` and :data:`spark_jobs.opt_out.TYPE_1`.
    scratch : Path
        A folder in the landing zone.

    Returns
    -------
    DataFrame
        The columns of the people contract.
    """
    wanted = [field for field in contracts[PEOPLE].fields if not field.primary_key]
    names = [field.name for field in wanted]
    kinds = ", ".join(f"`{field.name}` {field.type}" for field in wanted)
    nobody = known.sparkSession.createDataFrame([], f"dataset string, provider string, local_id string, {kinds}")
    views = [nobody]  # all may have been withdrawn
    views += [
        _view(frame, contracts[dataset], wanted)
        for dataset, frame in good.items()
        if tells_of_people(contracts[dataset])
    ]
    everyone = reduce(DataFrame.unionByName, views)
    rows, votes = (_of_persons(each, known, names) for each in (everyone, everyone.distinct()))
    return majority.settle(rows, votes, ["pseudonym"], names, scratch)


def tells_of_people(contract: Contract) -> bool:
    """Return whether a dataset's rows say something that the people table holds."""
    return contract.person_level and bool(contract.person_attributes)


def _view(frame: DataFrame, contract: Contract, wanted: list[Field]) -> DataFrame:
    """Return what one dataset tells of each local number; a number counts once for each thing that it says."""
    told = contract.person_attributes
    columns = [_as_told(told.get(field.name), field) for field in wanted]
    dataset = F.lit(contract.dataset).alias("dataset")
    return frame.select(dataset, "provider", F.col(contract.local_key).alias("local_id"), *columns)


def _of_persons(views: DataFrame, known: DataFrame, names: list[str]) -> DataFrame:
    kept = ~(F.col("dataset").startswith(opt_out.GP) & F.col(opt_out.TYPE_1))
    return views.join(known, ["provider", "local_id"]).where(kept).select("pseudonym", *names)


def _as_told(source: Field | None, wanted: Field) -> Column:
    if source is None:
        return F.lit(None).cast(wanted.type).alias(wanted.name)
    value = F.col(source.name)
    # Of a date, a whole number can only be the year.
    plain = F.year(value) if (source.type, wanted.type) == ("date", "int") else value
    return plain.cast(wanted.type).alias(wanted.name)
