"""The records for linkage: what identifies the person of each provider's local number."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from pathlib import Path

from pyarrow import parquet
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs import identified_few, known, majority
from spark_jobs.check_digits import is_nhs_number
from spark_jobs.contracts import ROLES, Contract
from spark_jobs.judging import Judged, Landed

_KINDS = ", ".join(f"{role} {'date' if role == 'birth_date' else 'string'}" for role in ROLES)
_SCHEMA = f"provider string, local_id string, {_KINDS}"


def records(landed: Landed, judged: Mapping[str, Judged], good: Mapping[str, DataFrame], work: Path) -> DataFrame:
    """Write one record for each provider's local number: the identifiers that most of its rows carry.

    Parameters
    ----------
    good : mapping of str to DataFrame
        The good rows of each dataset.
    work : Path
        A folder in the landing zone, that receives ``records``.
    """
    carrying = [name for name in good if landed.contracts[name].identifiers and landed.contracts[name].person_level]
    folder = work / "records"
    if carrying and all(judged[name].here for name in carrying):
        folders = {name: judged[name].folder for name in carrying}
        folder.mkdir()
        made = identified_few.records(landed.engine, folders, landed.contracts)
        parquet.write_table(made, folder / "part-0.parquet", compression="zstd")
    else:
        _on_spark(landed, {name: good[name] for name in carrying}, work).write.parquet(str(folder))
    return landed.spark.read.schema(f"{_SCHEMA}, number string").parquet(str(folder))


def _on_spark(landed: Landed, good: Mapping[str, DataFrame], work: Path) -> DataFrame:
    views = [landed.spark.createDataFrame([], _SCHEMA)]  # all may have been withdrawn
    views += [_view(frame, landed.contracts[dataset]) for dataset, frame in good.items()]
    everyone = reduce(DataFrame.unionByName, views)
    settled = majority.settle(everyone, everyone, known.KEY, ROLES, work / "settled")
    # A number that fails its check joins nobody, but one that is nearly another's still says something.
    sent = settled.withColumn("number", F.col("nhs_number"))
    return sent.withColumn("nhs_number", F.when(is_nhs_number(F.col("nhs_number")), F.col("nhs_number")))


def _view(frame: DataFrame, contract: Contract) -> DataFrame:
    roles = contract.identifiers
    columns = [F.col(roles[role]).alias(role) if role in roles else F.lit(None).alias(role) for role in ROLES]
    return frame.select("provider", F.col(contract.local_key).alias("local_id"), *columns)
