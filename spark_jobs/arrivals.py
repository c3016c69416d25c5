"""Reads what landed into frames, for the build: the recorded submissions and nothing else that lies in the folder."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs import fhir, landed
from spark_jobs.contracts import Contract
from spark_jobs.errors import JobRefused
from spark_jobs.landed import LandedFile, Receipt


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


def read(spark: SparkSession, landing: Path, receipts: Sequence[Receipt], contract: Contract) -> DataFrame:
    """Return a dataset's rows as sent, as text, with :data:`spark_jobs.validate.SOURCE`.

    Raises
    ------
    JobRefused
        When a file does not give the rows that its receipt tells of, naming it.
    """
    parts = []
    for each in receipts:
        by_format: dict[str, list[LandedFile]] = defaultdict(list)
        for file in each.files:
            if file.dataset == contract.dataset:
                by_format[file.format].append(file)
        folder = landed.place(landing, each.submission)
        for form, files in sorted(by_format.items()):
            rows = _as_sent(spark, form, [str(folder / file.stored) for file in files], contract)
            _check_counts(rows, each.submission, files)
            told = {"provider": each.provider, "submission": each.submission, "landed": each.number}
            parts.append(rows.select(*(F.lit(value).alias(name) for name, value in told.items()), *rows.columns))
    return reduce(DataFrame.unionByName, parts)


def _as_sent(spark: SparkSession, form: str, paths: list[str], contract: Contract) -> DataFrame:
    if form == "ndjson":
        return fhir.read(spark, contract.dataset, paths)
    schema = ", ".join(f"`{field.name}` string" for field in contract.fields)
    return spark.read.csv(
        paths, schema=schema, header=True, enforceSchema=True, quote='"', escape='"', multiLine=True
    )  # fmt: skip


def _check_counts(rows: DataFrame, submission: str, files: Sequence[LandedFile]) -> None:
    """Compare what Spark reads with what landing counted: the two read CSV by code of their own."""
    counted = rows.groupBy(F.input_file_name().alias("file")).count().collect()
    found = Counter({Path(unquote(each["file"])).name: each["count"] for each in counted})
    for file in files:
        if found[file.stored] != file.rows:
            what = f"The build reads {found[file.stored]} rows of a file that landed with {file.rows}"
            raise JobRefused(what, where=f"{submission}, {file.name}", todo="Withdraw the submission and land it anew")
