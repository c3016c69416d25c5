"""One Spark session for all tests that need one: starting it takes longer than most of them."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext

import pytest
from pyspark.sql import SparkSession

from spark_jobs.session import plans_for, session
from tre.config.options import load
from tre.runs.class_archive import java_options
from tre.runs.java import java_home


def lent(spark: SparkSession) -> Callable[..., AbstractContextManager[SparkSession]]:
    """Return what takes the place of a job's ``session``: a process has one, and it is not the job's to stop."""
    return lambda name, scratch=None, shared=(): nullcontext(spark)


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """Start Spark as the jobs do, for few rows: it interprets its plans and compiles no Java of them.

    The jobs that are watched for keys compile theirs, as those over many rows do.
    """
    # It logs each object that it lets go of, which at exit is to a stream that pytest has closed.
    logging.getLogger("py4j").setLevel(logging.WARNING)
    java = java_home(load().path("run", "java"))
    os.environ |= {"JAVA_HOME": str(java), "TRE_SPARK_JAVA_OPTIONS": java_options(java)}
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["TRE_SPARK_PARTITIONS"] = "2"
    with session("tests") as started, plans_for(started, rows=0):
        yield started


@pytest.fixture
def one_session(monkeypatch: pytest.MonkeyPatch, spark: SparkSession) -> None:
    """Let provisioning use the tests' session."""
    from spark_jobs import provision

    monkeypatch.setattr(provision, "session", lent(spark))
