"""Judges what landed, dataset by dataset: in this process where its rows are few and plain, else on Spark."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession

from spark_jobs import arrivals, parallel, quality, quality_few, quarantine, validate, validate_few, versions
from spark_jobs.contracts import Contract
from spark_jobs.landed import Receipt
from spark_jobs.provisioning.engines import InProcess


@dataclass(frozen=True)
class Landed:
    """What a build reads: the receipts of its submissions, in the landing zone, under their contracts; and by what."""

    spark: SparkSession
    engine: InProcess
    folder: Path
    receipts: Sequence[Receipt]
    contracts: Mapping[str, Contract]


@dataclass(frozen=True)
class Judged:
    """The rows of a dataset as judged, where they lie, what is counted of each submission's, and how many are bad.

    ``here`` says whether they were judged in this process: then each value is in the one form of its type.
    """

    rows: DataFrame
    folder: Path
    counts: dict[str, dict[str, Any]]
    bad: int
    here: bool


def rows_for_spark(receipts: Sequence[Receipt], contracts: Mapping[str, Contract]) -> int:
    """Return how many rows Spark reads of what landed, where nothing in the others is its to judge."""
    found = 0
    for dataset in arrivals.datasets(receipts):
        contract, rows = versions.current(contracts, dataset, "landing"), arrivals.rows(receipts, dataset)
        if not validate_few.suits(contract, rows) or any(field.deidentified for field in contract.fields):
            found += rows
    return found


def judged(landed: Landed, work: Path, waiting: Path, as_of: date, say: Callable[[str], None]) -> dict[str, Judged]:
    """Write the rows of each dataset to the work folder as judged, once, and the bad ones to quarantine.

    Parameters
    ----------
    waiting : Path
        The quarantine: made anew.
    """
    shutil.rmtree(waiting, ignore_errors=True)
    datasets = arrivals.datasets(landed.receipts)

    def one(dataset: str) -> Judged:
        say(f"validating {dataset}")
        contract, folder = versions.current(landed.contracts, dataset, "landing"), work / "judged" / dataset
        counts = _here(landed, contract, folder, waiting, as_of)
        here = counts is not None
        if counts is None:
            counts = _on_spark(landed, contract, folder, waiting, as_of)
        rows = validate.read(landed.spark, folder, contract)
        return Judged(rows, folder, counts, _bad(counts), here)

    return dict(zip(datasets, parallel.each(one, datasets), strict=True))


def _here(
    landed: Landed, contract: Contract, folder: Path, waiting: Path, as_of: date
) -> dict[str, dict[str, Any]] | None:
    """Judge in this process and return what is counted, or None where that is Spark's to do."""
    if not validate_few.suits(contract, arrivals.rows(landed.receipts, contract.dataset)):
        return None
    sent = list(arrivals.parts(landed.folder, landed.receipts, contract))
    found = validate_few.judge(landed.engine, sent, contract, as_of)
    if found is None:
        return None
    validate_few.write(found, folder)
    counts = quality_few.counts(landed.engine, found, contract, as_of)
    if _bad(counts):
        quarantine.add_here(found.rows.filter(pc.is_valid(found.rows["reason"])), waiting, contract.dataset)
    return counts


def _on_spark(
    landed: Landed, contract: Contract, folder: Path, waiting: Path, as_of: date
) -> dict[str, dict[str, Any]]:
    many = arrivals.rows(landed.receipts, contract.dataset) >= validate.MANY
    sent = arrivals.read(landed.spark, landed.folder, landed.receipts, contract)
    tally = quality.Tally(contract, arrivals.senders(landed.receipts, contract.dataset))
    tally.watched(validate.judge(sent, contract, as_of, many=many)).write.parquet(str(folder))
    rows = validate.read(landed.spark, folder, contract)
    counts = tally.counts(rows)
    if _bad(counts):  # most datasets have none
        quarantine.add(validate.bad(rows), waiting, contract.dataset)
    return counts


def _bad(counts: Mapping[str, Mapping[str, Any]]) -> int:
    return sum(each["bad"] for each in counts.values())


def measured(
    judged: Mapping[str, Judged], landed: Landed, rules: quality.Rules, as_of: date, unmeasured: Collection[str]
) -> list[quality.Measure]:
    """Return the measures of each dataset from its rows as judged.

    Parameters
    ----------
    unmeasured : collection of str
        The submissions to measure one by one.
    """
    created = {receipt.submission: receipt.created for receipt in landed.receipts}

    def of_one(dataset: str) -> list[quality.Measure]:
        each, contract = judged[dataset], landed.contracts[dataset]
        return quality.measure(
            each.rows, each.counts, contract, rules, as_of=as_of, created=created, unmeasured=unmeasured
        )

    return [one for found in parallel.each(of_one, sorted(judged)) for one in found]
