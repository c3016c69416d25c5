"""Nothing is collected to the driver that grows with the data: each place that collects stands here with its bound.

A bound is a named limit of the code, which its job keeps to, or a shape: so many rows for each of what is few. A place
that is new, or listed and gone, fails this test.
"""

from __future__ import annotations

import ast
import importlib
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from spark_jobs import aggregate, select
from spark_jobs.errors import JobRefused
from tests.conftest import REPOSITORY

# Of Spark's frames, of DuckDB's answers, and of Parquet read whole.
_COLLECTS = {
    "collect", "toPandas", "toArrow", "toLocalIterator", "tail", "fetchall", "fetchone", "fetchmany", "fetchdf",
    "fetch_arrow_table", "to_arrow_table", "to_table", "read_table", "read_pandas",
}  # fmt: skip
_LIMITS = {
    "aggregate.py:_persons": ("aggregate.MOST_MEMBERS",),
    "everyone.py:Finding.everyone": ("publish_few.MOST_KNOWN",),
    "free_text.py:_common": ("free_text.MOST_COMMON",),
    "known.py:here": ("known.MOST_HERE", "publish_few.MOST_KNOWN"),
    "linkage/evaluate.py:_one": ("linkage.evaluate.MOST_RECORDS",),
    "noisy/bounding.py:sums": ("noisy.query.MOST_CELLS",),
    "provisioning/few.py:Few.make": ("provisioning.few.MOST_CELLS", "provisioning.few.MOST_BYTES"),
    "select.py:run": ("select.MOST_CELLS",),
    # What the few-rows ways ask DuckDB for: each is chosen by one of these.
    "provisioning/engines.py:InProcess.table": (
        "validate_few.MOST_CELLS", "publish_few.MOST_KNOWN", "opt_out_few.MOST", "feedback_few.MOST_BAD",
        "consistency_few.MOST_DAYS", "provisioning.few.MOST_CELLS",
    ),
}  # fmt: skip
_SHAPES = {
    "cluster.py:check": "one row for each core",
    "consistency.py:across_providers": "one row",
    "consistency.py:of_days": "one row for each year of each table",
    "linkage/backend.py:DuckDB.rows": "counts, and one row for each two providers",
    "linkage/backend.py:Spark.rows": "counts, and one row for each two providers",
    "linkage/review.py:keep": "as many pairs as policies/linkage.yaml lets into the queue",
    "linkage/review.py:masked": "one pair",
    "opt_out.py:check_readable": "one row",
    "provisioning/changes.py:_counts": "one row",
    "provisioning/engines.py:OnSpark.ask": "counts: one row, or one for each combination of policies/provisioning.yaml",
    "quality.py:counted": "one row for each submission",
    "quality.py:measure": "one row",
    "quality.py:faults": "one row for each submission, dataset and rule",
    "rehearse.py:_as_notebook": "made-up rows",
    "stream.py:Stream._not_there": "one row",
    "streamed_quality.py:measure": "one row",
}


def collecting(source: str) -> Iterator[str]:
    """Yield where code names a way to collect: by its function, within its class."""

    def within(node: ast.AST, names: tuple[str, ...]) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            inside = names
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inside = (*names, child.name)
            if isinstance(child, ast.Attribute) and child.attr in _COLLECTS:
                yield ".".join(names)
            yield from within(child, inside)

    return within(ast.parse(source), ())


def test_each_place_that_collects_is_listed_with_its_bound():
    folder = REPOSITORY / "spark_jobs"
    found = Counter(
        f"{path.relative_to(folder)}:{where}" for path in folder.rglob("*.py") for where in collecting(path.read_text())
    )
    assert set(found) == _LIMITS.keys() | _SHAPES.keys()


def test_each_limit_is_a_number_of_the_code():
    for named in {each for limits in _LIMITS.values() for each in limits}:
        module, _, name = named.rpartition(".")
        assert getattr(importlib.import_module(f"spark_jobs.{module}"), name) > 0


@pytest.mark.parametrize(
    "code", ["def f(x): return x.collect()", "def f(x): return map(DataFrame.toArrow, x)", "f = lambda x: x.toPandas()"]
)
def test_a_new_place_is_found(code):
    assert len(list(collecting(code))) == 1


class _Extract:
    """What an extract's query yields."""

    def __init__(self, frame):
        self.query = lambda sql: frame


@pytest.fixture
def extract(spark, monkeypatch):
    """Let the jobs that run over an extract find these rows."""
    frame = spark.createDataFrame([("A", 1), ("B", 1), ("A", 2)], "pseudonym string, of int")
    for job in (select, aggregate):
        monkeypatch.setattr(job, "opened", lambda name, spec: nullcontext(_Extract(frame)))


@pytest.mark.spark
def test_a_query_that_yields_too_much_for_a_training_is_refused(extract, monkeypatch, tmp_path):
    spec = {"query": "", "out": str(tmp_path / "rows.parquet")}
    monkeypatch.setattr(select, "MOST_CELLS", 6)
    assert select.run(spec, {}, lambda text: None) == {"rows": 3}
    monkeypatch.setattr(select, "MOST_CELLS", 5)
    with pytest.raises(JobRefused, match="more than 5 cells"):
        select.run(spec, {}, lambda text: None)


@pytest.mark.spark
def test_a_table_of_too_many_members_is_refused_before_any_is_gathered(spark, monkeypatch):
    frame = spark.createDataFrame([("A", 1), ("B", 1), ("A", 2), ("A", 2)], "pseudonym string, of int")
    monkeypatch.setattr(aggregate, "MOST_MEMBERS", 3)
    assert sorted(aggregate._persons(frame, ["of", "not there"]).to_pylist()) == ["A", "B"]
    monkeypatch.setattr(aggregate, "MOST_MEMBERS", 2)
    with pytest.raises(JobRefused, match="more than 2 members"):
        aggregate._persons(frame, ["of"])


def test_linkage_is_measured_up_to_so_many_records(tmp_path, monkeypatch):
    measuring = importlib.import_module("spark_jobs.linkage.evaluate")  # the package has a function of this name
    spine, truth = tmp_path / "spine", tmp_path / "truth"
    for folder in (spine, truth / "links"):
        folder.mkdir(parents=True)
        rows = pa.table({name: ["a", "b"] for name in ("provider", "local_id", "person")})
        parquet.write_table(rows, folder / "part-0.parquet")
    monkeypatch.setattr(measuring, "MOST_RECORDS", 2)
    assert measuring.evaluate(spine, truth)["records"] == 2
    monkeypatch.setattr(measuring, "MOST_RECORDS", 1)
    assert measuring.evaluate(spine, truth) == {}
