"""Reads what landed into frames, for the build: the recorded submissions and nothing else that lies in the folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs import fhir, landed
from spark_jobs.contracts import Contract
from spark_jobs.errors import JobRefused
from spark_jobs.landed import LandedFile, Receipt
from spark_jobs.landing.canonical import FILE, LINE, ROW
from spark_jobs.manifest import RESOURCES


def held(landing: Path, submissions: Sequence[dict[str, Any]]) -> list[Receipt]:
    """Return the receipts of the recorded submissions, each with the files of the datasets that are still held.

    Parameters
    ----------
    submissions : sequence of dict
        Each with ``submission`` (its name) and ``datasets`` (those that were not withdrawn).

    Raises
    ------
    JobRefused
        When landing does not hold a recorded submission.
    """
    receipts = []
    for told in submissions:
        full = landed.receipt(landed.place(landing, told["submission"]))
        files = tuple(file for file in full.files if file.dataset in told["datasets"])
        receipts.append(Receipt(**{**vars(full), "files": files}))
    return receipts


def datasets(receipts: Sequence[Receipt]) -> list[str]:
    """Return the datasets that the receipts hold files of, in order."""
    return sorted({file.dataset for each in receipts for file in each.files})


def senders(receipts: Sequence[Receipt], dataset: str) -> list[str]:
    """Return the submissions that hold files of a dataset."""
    return [each.submission for each in receipts if any(file.dataset == dataset for file in each.files)]


def rows(receipts: Sequence[Receipt], dataset: str) -> int:
    """Return how many rows of a dataset landed."""
    return sum(file.rows for each in receipts for file in each.files if file.dataset == dataset)


def parts(
    landing: Path, receipts: Sequence[Receipt], contract: Contract
) -> Iterator[tuple[dict[str, str | int], list[str]]]:
    """Yield of each submission that holds files of a dataset what is told of its rows, and the files' paths.

    Raises
    ------
    JobRefused
        When a file does not give the rows that its receipt tells of, naming it.
    """
    for each in receipts:
        files = [file for file in each.files if file.dataset == contract.dataset]
        if not files:
            continue
        folder = landed.place(landing, each.submission)
        _check_counts(folder, each.submission, files)
        told: dict[str, str | int] = {
            "provider": each.provider, "submission": each.submission, "landed": each.number,
        }  # fmt: skip
        yield told, [str(folder / file.stored) for file in files]


def read(spark: SparkSession, landing: Path, receipts: Sequence[Receipt], contract: Contract) -> DataFrame:
    """Return a dataset's rows as sent, as text, with :data:`spark_jobs.validate.SOURCE`.

    Raises
    ------
    JobRefused
        When a file does not give the rows that its receipt tells of, naming it.
    """
    frames = []
    for told, paths in parts(landing, receipts, contract):
        sent = _as_landed(spark, paths, contract)
        frames.append(sent.select(*(F.lit(value).alias(name) for name, value in told.items()), *sent.columns))
    return reduce(DataFrame.unionByName, frames)


def _as_landed(spark: SparkSession, paths: list[str], contract: Contract) -> DataFrame:
    resource = contract.dataset in RESOURCES
    names = [LINE] if resource else [field.name for field in contract.fields]
    schema = ", ".join([f"`{FILE}` string", f"`{ROW}` bigint", *(f"`{name}` string" for name in names)])
    rows = spark.read.schema(schema).parquet(*paths)
    return fhir.read(rows, contract.dataset) if resource else rows


def _check_counts(folder: Path, submission: str, files: Sequence[LandedFile]) -> None:
    """Compare the rows that are there, as the files' footers tell, with those that landed."""
    for file in files:
        try:
            found = parquet.read_metadata(folder / file.stored).num_rows
        except (OSError, pa.ArrowInvalid):
            found = 0
        if found != file.rows:
            what = f"The build reads {found} rows of a file that landed with {file.rows}"
            raise JobRefused(what, where=f"{submission}, {file.name}", todo="Withdraw the submission and land it anew")
