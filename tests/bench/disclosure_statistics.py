"""The disclosure rules on Spark against ACRO on pandas: the same rows, the same verdicts, time and memory as ratios.

Rows are made of their number alone, by the same whole-number arithmetic in Spark and in NumPy, so that nothing is
written down. ACRO runs in a process of its own up to the largest size that it survives within :data:`MEMORY`.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pandas as pd

from tests.bench.cost import Peak
from tests.bench.harness import Row, row
from tests.processes import most_memory

ROWS = {"small": 1_000_000, "medium": 10_000_000, "large": 100_000_000}
ACRO_TRIES = (100_000_000, 30_000_000, 10_000_000, 3_000_000, 1_000_000)
MEMORY = 8 * 1024**3  # bytes that a process may have, a workspace's share of a machine like this one
SECONDS = 900  # that one try may take
# Groups alike at any size: 80 to 85 of ten people, 90 to 96 of eight or nine, 98 of twenty of whom one dominates.
_SPARK = """
    SELECT
      CASE WHEN id < 60 THEN 90 + id % 7 WHEN id < 80 THEN 98 WHEN id < 140 THEN 80 + id % 6
           ELSE ((id * 1103515245 + {seed}) % 2147483648) div 65536 % 12 END AS a,
      CASE WHEN id < 140 THEN 0 ELSE ((id * 69069 + {seed}) % 4294967296) div 65536 % 6 END AS b,
      CAST(CASE WHEN id = 60 THEN 1000000
                ELSE 1 + ((id * 1103515245 + {seed}) % 2147483648) div 1024 % 997 END AS DOUBLE) AS v
    FROM range({rows})"""


def _pandas(rows: int, seed: int) -> pd.DataFrame:
    ids = np.arange(rows, dtype=np.int64)
    mixed = (ids * 1103515245 + seed) % 2147483648
    a = np.select([ids < 60, ids < 80, ids < 140], [90 + ids % 7, np.full(rows, 98), 80 + ids % 6], mixed // 65536 % 12)
    b = np.where(ids < 140, 0, (ids * 69069 + seed) % 4294967296 // 65536 % 6)
    return pd.DataFrame({"a": a, "b": b, "v": np.where(ids == 60, 1_000_000, 1 + mixed // 1024 % 997).astype(float)})


def by_acro(rows: int, seed: int) -> dict[str, Any]:
    """Return ACRO's verdict on a sum, its masks, seconds and peak bytes."""
    from acro import ACRO

    logging.getLogger("acro").setLevel(logging.WARNING)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    frame = _pandas(rows, seed)
    start = time.perf_counter()
    session = ACRO(suppress=False)
    session.crosstab(frame.a, frame.b, values=frame.v, aggfunc="sum")
    seconds = time.perf_counter() - start
    record = session.results.results["output_0"]
    checks = {"threshold": "MinimumThresholdCheck", "nk-rule": "NKCheck", "p-ratio": "PPercentCheck"}
    masks = {name: sorted(map(list, record.sdc["cells"][check])) for name, check in checks.items()}
    return {"verdict": record.status, "masks": masks, "seconds": seconds, "bytes": most_memory()}


def by_spark(rows: int, seed: int) -> dict[str, Any]:
    """Return the same of our rules, counted by Spark; its start is not timed, for a project's Spark runs already."""
    from spark_jobs.session import session
    from tre.config.options import load
    from tre.disclosure.policy import load_policy
    from tre.disclosure.statistics.counting import count
    from tre.disclosure.statistics.question import Question
    from tre.disclosure.statistics.rules import judge
    from tre.runs.class_archive import java_options
    from tre.runs.java import java_home

    java = java_home(load().path("run", "java"))
    os.environ |= {"JAVA_HOME": str(java), "TRE_SPARK_JAVA_OPTIONS": java_options(java)}
    profile = load_policy().profile("acro")
    question = Question.under(profile, ("a",), ("b",), "v")
    with session("bench") as spark, Peak() as peak:
        count(spark.sql(_SPARK.format(rows=1000, seed=seed)), question)
        start = time.perf_counter()
        lattice, cells = count(spark.sql(_SPARK.format(rows=rows, seed=seed)), question)
        judged = judge(cells, "sum", profile)
        seconds = time.perf_counter() - start
    inner, shape = lattice.inner(), (lattice.rows.groups, lattice.columns.groups)
    masks = {
        name: sorted(map(list, np.argwhere(judged.unsafe[name][inner].reshape(shape)).tolist()))
        for name in ("threshold", "nk-rule", "p-ratio")
    }
    return {"verdict": judged.verdict, "masks": masks, "seconds": seconds, "bytes": peak.bytes}


def measured(who: str, rows: int, seed: int) -> dict[str, Any] | None:
    """Return what one of the two told in a process of its own, or None where it did not survive."""
    command = [sys.executable, "-W", "ignore", "-m", __spec__.name, who, str(rows), str(seed)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def rows(size: str, seed: int) -> list[Row]:
    """Return the figures at one size."""
    most = ROWS[size]
    tried = [n for n in ACRO_TRIES if n <= most]
    survived, theirs = next(((n, told) for n in tried if (told := measured("acro", n, seed))), (0, None))
    ours = measured("spark", most, seed)
    if ours is None or theirs is None:
        raise RuntimeError("neither size was measured")
    same = ours if survived == most else measured("spark", survived, seed)
    alike = same is not None and (same["verdict"], same["masks"]) == (theirs["verdict"], theirs["masks"])
    label, theirs_label = f"rules on Spark, {most:,} rows", f"{survived:,}"
    return [
        row("disclosure", f"{theirs_label} rows: verdict and masks as ACRO's", float(alike), ">= 1", size, seed),
        row("disclosure", f"{label}: rows a second, times ACRO's at {theirs_label}",
            (most / ours["seconds"]) / (survived / theirs["seconds"]), ">= 1" if size != "small" else "", size, seed),
        row("disclosure", f"{label}: times as many as ACRO survives in {MEMORY // 1024**3} GiB", most / survived,
            ">= 10" if size == "large" else "", size, seed),
        row("disclosure", f"{label}: peak memory of ACRO's at {theirs_label}", ours["bytes"] / theirs["bytes"],
            "<= 1" if size == "large" else "", size, seed),
    ]  # fmt: skip


if __name__ == "__main__":
    told = {"acro": by_acro, "spark": by_spark}[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps(told))
