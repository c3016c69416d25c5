"""The quality of streamed readings: counted batch by batch, each batch once, and kept as sums for the next build.

A batch is counted before its readings are appended. Killed between the two it is run again; the number of the last
batch that was counted stands beside the sums, so that it is not counted again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs import quality
from spark_jobs.contracts import Contract
from spark_jobs.quality import Measure, Rules


def folder(landing: Path, dataset: str) -> Path:
    """Return where the sums of a dataset's streams are kept."""
    return landing / "streams" / dataset / "quality"


def measure(judged: DataFrame, contract: Contract, rules: Rules, now: datetime) -> list[Measure]:
    """Return the measures of one batch: those of any dataset, and how many readings came soon after they were taken.

    Parameters
    ----------
    judged : DataFrame
        The batch's rows as :func:`spark_jobs.validate.judge` returns them, those that were sent twice included.
    now : datetime
        When they came, with its time zone.
    """
    counts = quality.counted(judged, contract)
    found = quality.measure(judged, counts, contract, rules, as_of=now.date(), created={}, unmeasured=())
    taken = F.col(f"`{contract.date_column}`").try_cast("timestamp")
    soon = taken >= F.lit(now - timedelta(days=rules.reading_days))
    told = judged.where("reason IS NULL").agg(F.count_if(soon), F.count(F.lit(1))).collect()[0]
    return [*found, Measure(contract.dataset, "", "", "timeliness", int(told[0]), int(told[1]))]


def add(place: Path, stream: str, batch: int, measures: Iterable[Measure]) -> None:
    """Add a batch's measures to those of its stream, in one step, unless they are among them.

    Parameters
    ----------
    place : Path
        What :func:`folder` returns; it holds one file for each stream.
    stream, batch : str, int
        The stream's identity, and the batch's number in it.
    """
    path = place / f"{stream}.json"
    told: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"last": -1, "measures": []}
    if told["last"] >= batch:
        return
    before = (Measure(**each) for each in told["measures"])
    made = {"last": batch, "measures": [asdict(each) for each in quality.summed([*before, *measures])]}
    place.mkdir(parents=True, exist_ok=True)
    staged = path.with_suffix(".part")
    staged.write_text(json.dumps(made))
    os.replace(staged, path)


def kept(place: Path) -> list[Measure]:
    """Return the measures of every stream of a dataset, summed."""
    told = (json.loads(path.read_text()) for path in sorted(place.glob("*.json")))
    return quality.summed(Measure(**each) for stream in told for each in stream["measures"])
