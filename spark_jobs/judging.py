"""Judges what landed, dataset by dataset: in this process where its rows are few and plain, else on Spark."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from spark_jobs import arrivals, parallel, quality, quality_few, quarantine, validate, validate_few, versions
from spark_jobs.contracts import Contract
from spark_jobs.landed import Receipt
from spark_jobs.provisioning.engines import InProcess


@dataclass(frozen=True)
class Landed:
    """What a build reads: the receipts of its submissions, in the landing zone, under their contracts."""

    spark: SparkSession
    folder: Path
    receipts: Sequence[Receipt]
    contracts: Mapping[str, Contract]


@dataclass(frozen=True)
class Judged:
    """The rows of a dataset as judged, what is counted of each submission's, and how many are bad."""

    rows: DataFrame
    counts: dict[str, dict[str, Any]]
    bad: int


def judged(landed: Landed, work: Path, waiting: Path, as_of: date, say: Callable[[str], None]) -> dict[str, Judged]:
    """Write the rows of each dataset to the work folder as judged, once, and the bad ones to quarantine.

    Parameters
    ----------
    waiting : Path
        The quarantine: made anew.
    """
    shutil.rmtree(waiting, ignore_errors=True)
    datasets = arrivals.datasets(landed.receipts)
    with closing(InProcess()) as engine:

        def one(dataset: str) -> Judged:
            say(f"validating {dataset}")
            contract, folder = versions.current(landed.contracts, dataset, "landing"), work / "judged" / dataset
            counts = _by_few(engine, landed, contract, folder, as_of)
            if counts is None:
                counts = _by_spark(landed, contract, folder, as_of)
            rows = validate.read(landed.spark, folder, contract)
            bad = sum(each["bad"] for each in counts.values())
            if bad:  # most datasets have none
                quarantine.add(validate.bad(rows), waiting, dataset)
            return Judged(rows, counts, bad)

        return dict(zip(datasets, parallel.each(one, datasets), strict=True))


def _by_few(
    engine: InProcess, landed: Landed, contract: Contract, folder: Path, as_of: date
) -> dict[str, dict[str, Any]] | None:
    if not validate_few.suits(contract, arrivals.rows(landed.receipts, contract.dataset)):
        return None
    sent = list(arrivals.parts(landed.folder, landed.receipts, contract))
    found = validate_few.judge(engine, sent, contract, as_of)
    if found is None:
        return None
    validate_few.write(found, folder)
    return quality_few.counts(engine, found, contract, as_of)


def _by_spark(landed: Landed, contract: Contract, folder: Path, as_of: date) -> dict[str, dict[str, Any]]:
    many = arrivals.rows(landed.receipts, contract.dataset) >= validate.MANY
    sent = arrivals.read(landed.spark, landed.folder, landed.receipts, contract)
    tally = quality.Tally(contract, arrivals.senders(landed.receipts, contract.dataset))
    tally.watched(validate.judge(sent, contract, as_of, many=many)).write.parquet(str(folder))
    return tally.counts(validate.read(landed.spark, folder, contract))


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
