"""The warehouse: from landing to published tables, and provisioning, each against what plain Spark needs for the same.

Land to published is measured on the synthetic health system at three sizes a factor ten apart, linkage counted apart.
The peer reads the very files that the providers sent, and writes them as Parquet: no check, no key, no version. What a
session costs to start is in neither side.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pyspark.sql import SparkSession

from spark_jobs import build, land, linkage, manifest, synthesise
from spark_jobs.session import session
from tests.bench import provisioning
from tests.bench.harness import Row, row, timed
from tests.spark import lent
from tre.config.options import REPOSITORY, load
from tre.runs.java import java_home

PEOPLE = {"small": (100, 1_000, 10_000), "medium": (1_000, 10_000, 100_000), "large": (10_000, 100_000, 1_000_000)}
_POLICIES = REPOSITORY / "policies"
_KEYS = {name: bytes(range(32)) for name in ("warehouse-pseudonym", "exact-match", "dicom-uid")}


@dataclass(frozen=True)
class _Took:
    """Seconds: from landing to published without linkage, linkage, and the peer; and the rows that were landed."""

    ours: float
    linking: float
    plain: float
    rows: int


def run(size: str, seed: int) -> list[Row]:
    """Measure both, in one session."""
    os.environ["JAVA_HOME"] = str(java_home(load().path("run", "java")))
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with tempfile.TemporaryDirectory() as scratch, session("bench") as spark:
        folder = Path(scratch)
        with patch.object(synthesise, "session", lent(spark)), patch.object(build, "session", lent(spark)):
            _measure(spark, folder / "warm", min(PEOPLE["small"]), seed)  # Java compiles what both sides run
            took = {people: _measure(spark, folder / str(people), people, seed) for people in PEOPLE[size]}
        return [*_told(took, size, seed), *provisioning.measure(spark, folder / "provisioning", size, seed)]


def _told(took: dict[int, _Took], size: str, seed: int) -> list[Row]:
    found = []
    for people, each in took.items():
        label, share = f"{people:,} people, {each.rows:,} rows", each.linking / (each.ours + each.linking)
        times = each.ours / each.plain
        found.append(row("warehouse", f"{label}: landed to published, times plain Spark", times, "<= 3", size, seed))
        found.append(row("warehouse", f"{label}: linkage, share of the whole", share, "", size, seed))
    fewest, most = took[min(took)], took[max(took)]
    growth = (most.ours / most.rows) / (fewest.ours / fewest.rows)
    metric = f"{most.rows:,} rows: time of a row, times that among {fewest.rows:,}"
    return [*found, row("warehouse", metric, growth, "<= 1.15", size, seed)]


def _measure(spark: SparkSession, folder: Path, people: int, seed: int) -> _Took:
    told = {"out": str(folder / "outboxes"), "truth": str(folder / "truth"), "people": people, "seed": seed}
    made = synthesise.run({**told, "fhir": None}, {}, _silent)
    outboxes = [Path(each) for each in made["submissions"]]
    linking: list[float] = []
    link = linkage.link

    def counted(*given: Any, **named: Any) -> linkage.Linked:
        began = time.perf_counter()
        try:
            return link(*given, **named)
        finally:
            linking.append(time.perf_counter() - began)

    linkage.link = counted
    try:
        whole = timed(lambda: _publish(folder, outboxes))
    finally:
        linkage.link = link
    plain = timed(lambda: _plain(spark, outboxes, folder / "plain"))
    spark.catalog.clearCache()
    shutil.rmtree(folder)
    return _Took(whole - sum(linking), sum(linking), plain, sum(made["rows"].values()))


def _publish(folder: Path, outboxes: list[Path]) -> None:
    """Land what the providers sent and build the warehouse from it."""
    landing, contracts = str(folder / "landing"), str(_POLICIES / "contracts")
    shared = {"by": "bench", "landing": landing, "contracts": contracts, "register": str(_POLICIES / "providers.yaml")}
    landed = [
        land.run({**shared, "source": str(source), "provider": source.parent.name}, _KEYS, _silent)
        for source in outboxes
    ]
    names = [receipt["submission"] for receipt in landed]
    held = [
        {"submission": receipt["submission"], "datasets": sorted({file["dataset"] for file in receipt["files"]})}
        for receipt in landed
    ]
    spec = {
        "landing": landing, "contracts": contracts, "quality": str(_POLICIES / "quality.yaml"),
        **{name: str(folder / name) for name in ("warehouse", "filters", "feedback")},
        "submissions": held, "unmeasured": names, "truth": None, "as_of": None,
    }  # fmt: skip
    build.run(spec, _KEYS, _silent)


def _plain(spark: SparkSession, outboxes: list[Path], out: Path) -> None:
    """Read every file that was sent, and write its dataset as Parquet, as one would by hand."""
    for outbox in outboxes:
        files: dict[str, list[str]] = {}
        for file in manifest.read(outbox).files:
            files.setdefault(file.dataset, []).append(str(outbox / file.name))
        for dataset, paths in files.items():
            spark.read.csv(paths, header=True).write.parquet(str(out / outbox.parent.name / dataset))


def _silent(text: str) -> None:
    """Say nothing: it would be timed too."""
