"""What a whole build of a region costs on this machine: time, memory and disk, linkage included.

    python -m tests.bench.build --people 1000000

makes the synthetic health system, lands it and builds the warehouse as the product does, each step in a session of its
own with the heap that ``TRE_SPARK_MEMORY`` says (default: 8g), and prints the costs. `measure` adds that to the
benchmark ``warehouse``, with a million people where SIZE=large.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.bench.cost import Peak, cost, on_disk
from tests.bench.harness import Row, row
from tests.bench.landing import health_system, publish
from tre.config.options import load
from tre.runs.class_archive import java_options
from tre.runs.java import java_home

PEOPLE = {"small": 1_000, "medium": 100_000, "large": 1_000_000}
_GIB = 1024**3
_MACHINE = 24  # GiB of memory, with two cores


def measure(folder: Path, size: str, seed: int) -> list[Row]:
    """Build once, in a process of its own with a Java of its own, and return the costs.

    Parameters
    ----------
    folder : Path
        Scratch, on the disk that is measured.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        told = alone.submit(_built, folder, PEOPLE[size], seed).result()
    return [row("warehouse", metric, value, target, size, seed) for metric, value, target in told]


def _built(folder: Path, people: int, seed: int) -> list[tuple[str, float, str]]:
    """Return each figure's name, value and target."""
    _set_up()
    outboxes, rows = health_system(folder, people, seed)
    made = [folder / name for name in ("landing", "warehouse", "filters", "feedback")]
    with Peak(*made) as peak:
        took = cost(lambda: publish(folder, outboxes))
    sent, kept = on_disk(folder / "outboxes"), sum(on_disk(each) for each in made)
    label = f"{people:,} people, {rows:,} rows, whole build"
    return [
        (f"{label}: minutes by the clock", took.seconds / 60, ""),
        (f"{label}: minutes of processor time", took.processor / 60, ""),
        (f"{label}: GiB of memory at most", peak.bytes / _GIB, f"<= {_MACHINE}"),
        (f"{label}: GiB sent", sent / _GIB, ""),
        (f"{label}: disk at most, times what was sent", peak.on_disk / sent, ""),
        (f"{label}: disk kept, times what was sent", kept / sent, ""),
    ]


def _set_up() -> None:
    java = java_home(load().path("run", "java"))
    os.environ |= {"JAVA_HOME": str(java), "TRE_SPARK_JAVA_OPTIONS": java_options(java)}
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("TRE_SPARK_MEMORY", "8g")


def main() -> None:
    """Build for a number of people and print the costs."""
    parser = argparse.ArgumentParser(description="Measure a whole build")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for metric, value, _ in _built(Path(scratch), options.people, options.seed):
            print(f"{metric:<80}  {value:>12,.3f}")


if __name__ == "__main__":
    main()
