"""How a job's session runs its plans: compiled where that pays, and as before when a job has ended."""

from __future__ import annotations

from contextlib import suppress

import pytest

from spark_jobs.session import COMPILED_FROM, plans_for

pytestmark = pytest.mark.spark
_SETTINGS = ("spark.sql.codegen.wholeStage", "spark.sql.codegen.factoryMode")


@pytest.fixture
def compiling(spark):
    """Give a session that compiles, as jobs' sessions do of their own accord."""
    before = {name: spark.conf.get(name) for name in _SETTINGS}
    for name in _SETTINGS:
        spark.conf.unset(name)
    yield spark
    for name, value in before.items():
        spark.conf.set(name, value)


@pytest.mark.parametrize(("rows", "compiled"), [(0, False), (COMPILED_FROM - 1, False), (COMPILED_FROM, True)])
def test_plans_over_few_rows_are_not_compiled(compiling, rows, compiled):
    with plans_for(compiling, rows):
        plan = compiling.range(10).selectExpr("id + 1 AS next")._jdf.queryExecution().executedPlan().toString()
        assert ("*(" in plan) is compiled  # the mark of a stage that is compiled as a whole


def test_the_setting_is_as_before_even_when_the_job_failed(compiling):
    before = [compiling.conf.get(name) for name in _SETTINGS]
    with suppress(ZeroDivisionError), plans_for(compiling, 1):
        assert [compiling.conf.get(name) for name in _SETTINGS] != before
        raise ZeroDivisionError
    assert [compiling.conf.get(name) for name in _SETTINGS] == before
