"""The warehouse: from landing to published tables, pseudonyms, and provisioning, each against plain Spark's same work.

Three parts, and the whole build's own costs: :mod:`tests.bench.landing`, :mod:`tests.bench.pseudonym` and
:mod:`tests.bench.provisioning`, and for the largest size :mod:`tests.bench.build`. What a session costs to start is in
no figure but the last's.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from spark_jobs.session import session
from tests.bench import build, landing, provisioning, pseudonym
from tests.bench.harness import Row
from tre.config.options import load
from tre.runs.java import java_home


def run(size: str, seed: int) -> list[Row]:
    """Measure all of it, the first and the last part in one session."""
    os.environ["JAVA_HOME"] = str(java_home(load().path("run", "java")))
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with session("bench") as spark:
            found = landing.measure(spark, folder / "landing", size, seed)
            found += provisioning.measure(spark, folder / "provisioning", size, seed)
        found += pseudonym.measure(size, seed)
        return found + build.measure(folder / "build", size, seed)
