"""What every benchmark shares: sizes, a printed table, and the JSON lines that are kept.

A benchmark is a module ``tests/bench/bench_NAME.py`` with ``run(size: str, seed: int) -> list[Row]``. Each row is a
ratio against a named peer or floor measured in the same run on the same data, or a score; never a bare time.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

BUILD = Path(__file__).resolve().parents[2] / "build"
SIZES = ("small", "medium", "large")


@dataclass(frozen=True)
class Row:
    """One figure: `holds` says whether `value` meets `target` (written as, say, ``<= 1.5``)."""

    bench: str
    metric: str
    value: float
    target: str
    holds: bool
    size: str
    seed: int


def row(bench: str, metric: str, value: float, target: str, size: str, seed: int) -> Row:
    """Return a row, judging the value by a target of the form ``>= 4`` or ``<= 1.5``; an empty target always holds."""
    holds = True
    if target:
        sign, bound = target.split()
        holds = value >= float(bound) if sign == ">=" else value <= float(bound)
    return Row(bench, metric, round(value, 4), target, holds, size, seed)


def timed(action: Callable[[], object]) -> float:
    """Return the seconds that the action took."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def names() -> list[str]:
    """Return the benchmarks there are."""
    return sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))


def main() -> None:
    """Run one benchmark or all, print a table of each and append its rows to ``build/bench.jsonl``."""
    parser = argparse.ArgumentParser(description="Run the benchmarks")
    parser.add_argument("--only", default="", choices=["", *names()])
    parser.add_argument("--size", default="small", choices=SIZES)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    BUILD.mkdir(exist_ok=True)
    for name in [options.only] if options.only else names():
        started = time.perf_counter()
        rows: list[Row] = importlib.import_module(f"tests.bench.bench_{name}").run(options.size, options.seed)
        with (BUILD / "bench.jsonl").open("a") as out:
            out.writelines(json.dumps(asdict(each)) + "\n" for each in rows)
        print(f"\n{name} ({options.size}, seed {options.seed}, {time.perf_counter() - started:.0f} s)")
        width = max([len(each.metric) for each in rows], default=6)
        for each in rows:
            mark = "" if each.holds else "  MISSED"
            print(f"  {each.metric:<{width}}  {each.value:>12,.3f}  {each.target:<8}{mark}")


if __name__ == "__main__":
    main()
