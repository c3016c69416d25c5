"""From landing to published tables, against plain Spark that reads the same CSV and writes the same rows as Parquet.

`measure` is that part of the benchmark ``warehouse``: the synthetic health system at three sizes a factor ten apart,
linkage counted apart. The peer reads the very files that the providers sent, in the same session and so with the same
settings, and writes them by the same compression to the same disk: no check, no key, no version. Neither side's files
are encrypted by Parquet (docs/decisions/0013), and what both shuffle and spill is. Both are told by processor time, of
Python, Java and all that they start, and by the clock.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pyspark.sql import SparkSession

from spark_jobs import build, land, linkage, manifest, synthesise
from tests.bench.cost import NOTHING, Cost, cost
from tests.bench.harness import Row, row
from tests.spark import lent
from tre.config.options import REPOSITORY

PEOPLE = {"small": (100, 1_000, 10_000), "medium": (1_000, 10_000, 100_000), "large": (10_000, 100_000, 1_000_000)}
_POLICIES = REPOSITORY / "policies"
_KEYS = {name: bytes(range(32)) for name in ("warehouse-pseudonym", "exact-match", "dicom-uid")}


@dataclass(frozen=True)
class _Took:
    """What it cost from landing to published without linkage, linkage, and the peer; and the rows that were landed."""

    ours: Cost
    linking: Cost
    plain: Cost
    rows: int


def measure(spark: SparkSession, folder: Path, size: str, seed: int) -> list[Row]:
    """Measure at three sizes.

    Parameters
    ----------
    folder : Path
        Scratch; what each size makes is removed.
    """
    with patch.object(synthesise, "session", lent(spark)), patch.object(build, "session", lent(spark)):
        _measured(spark, folder / "warm", min(PEOPLE["small"]), seed)  # Java compiles what both sides run
        took = {people: _measured(spark, folder / str(people), people, seed) for people in PEOPLE[size]}
    found = []
    for people, each in took.items():
        label = f"{people:,} people, {each.rows:,} rows"
        times, clock = each.ours.processor / each.plain.processor, each.ours.seconds / each.plain.seconds
        share = each.linking.processor / (each.ours.processor + each.linking.processor)
        found.append(row("warehouse", f"{label}: landed to published, times plain Spark", times, "<= 3", size, seed))
        found.append(row("warehouse", f"{label}: the same by the clock", clock, "<= 3", size, seed))
        found.append(row("warehouse", f"{label}: linkage, share of the whole", share, "", size, seed))
    fewest, most = took[min(took)], took[max(took)]
    growth = (most.ours.processor / most.rows) / (fewest.ours.processor / fewest.rows)
    metric = f"{most.rows:,} rows: time of a row, times that among {fewest.rows:,}"
    return [*found, row("warehouse", metric, growth, "<= 1.15", size, seed)]


def _measured(spark: SparkSession, folder: Path, people: int, seed: int) -> _Took:
    outboxes, rows = health_system(folder, people, seed)
    linking, link = [NOTHING], linkage.link

    def counted(*given: Any, **named: Any) -> linkage.Linked:
        told: list[linkage.Linked] = []
        linking.append(cost(lambda: told.append(link(*given, **named))))
        return told[0]

    with patch.object(linkage, "link", counted):
        whole = cost(lambda: publish(folder, outboxes))
    plain = cost(lambda: _plain(spark, outboxes, folder / "plain"))
    spark.catalog.clearCache()
    shutil.rmtree(folder)
    return _Took(whole - linking[-1], linking[-1], plain, rows)


def health_system(folder: Path, people: int, seed: int) -> tuple[list[Path], int]:
    """Make what providers send, and return its outboxes and the rows in them."""
    told = {"out": str(folder / "outboxes"), "truth": str(folder / "truth"), "people": people, "seed": seed}
    made = synthesise.run({**told, "fhir": None}, {}, _silent)
    return [Path(each) for each in made["submissions"]], sum(made["rows"].values())


def publish(folder: Path, outboxes: list[Path]) -> None:
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
