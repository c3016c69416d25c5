"""Spark's statistics are pandas' own, cell by cell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tre.disclosure.policy import load_policy
from tre.disclosure.statistics import safe_histogram, safe_percentiles, safe_regression, safe_survival, safe_table
from tre.disclosure.statistics.counting import count
from tre.disclosure.statistics.differencing import isolated
from tre.disclosure.statistics.members import release_of
from tre.disclosure.statistics.question import Question
from tre.disclosure.statistics.rules import judge

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    random, n = np.random.default_rng(3), 1500
    return pd.DataFrame({
        "pseudonym": random.integers(0, 500, n).astype(str),
        "band": random.choice(["a", "b", "c"], n, p=[0.5, 0.49, 0.01]),
        "odd `{name}": random.choice(["x", "y", None], n),
        "cost": np.where(random.random(n) < 0.1, np.nan, random.lognormal(size=n)),
        "event": random.integers(0, 2, n),
    })  # fmt: skip


@pytest.fixture(scope="module")
def theirs(frame, spark):
    held = spark.createDataFrame(frame).cache()
    yield held
    held.unpersist()


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("aggfunc", ["count", "mean"])
def test_tables_are_the_same(frame, theirs, aggfunc, alone):
    values = None if aggfunc == "count" else "cost"
    ours, spark = (frame.drop(columns="pseudonym"), theirs.drop("pseudonym")) if alone else (frame, theirs)
    made = [
        safe_table(each, "band", "odd `{name}", values, aggfunc, margins=True, tighten={"threshold": 12})
        for each in (ours, spark)
    ]
    assert made[0].suppressed > 0
    pd.testing.assert_frame_equal(made[0].outcome, made[1].outcome)
    pd.testing.assert_frame_equal(made[0].people, made[1].people)
    shown = [each.frame.mask(each.outcome != "ok").astype(float) for each in made]
    pd.testing.assert_frame_equal(*shown)


def test_the_other_statistics_are_the_same(frame, theirs):
    for make in (
        lambda each: safe_percentiles(each, "cost", "band", at=(0.1, 0.5, 1)),
        lambda each: safe_histogram(each, "cost", bins=6),
        lambda each: safe_survival(each, "cost", "event", "band"),
        lambda each: safe_regression(each, "cost", ["event"]),
    ):
        ours, spark = make(frame), make(theirs)
        pd.testing.assert_frame_equal(ours.outcome, spark.outcome)
        pd.testing.assert_frame_equal(ours.frame, spark.frame, check_dtype=False, rtol=1e-9)


def test_members_are_the_same_and_a_difference_is_found(frame, theirs):
    frame, key = frame.drop(columns="odd `{name}"), b"k" * 32
    whole = safe_table(frame, "band", aggfunc="people")
    first = release_of("first", whole, frame, "band", None, key)
    assert first == release_of("first", whole, theirs, "band", None, key)
    assert "band=c" not in first.cells or whole.outcome.loc["c", "people"] == "ok"
    someone = frame[frame.band == "a"].pseudonym.iloc[0]
    less = frame[frame.pseudonym != someone]
    second = release_of("second", safe_table(less, "band", aggfunc="people"), less, "band", None, key)
    assert 1 in {each.people for each in isolated(second, [first], 10)}


@pytest.mark.parametrize("groups", [30, 500])
def test_dominated_groups_are_found_however_many_there_are(spark, groups):
    """Half of the groups have one or two who dominate: the rules must say the same of each, the totals too."""
    random = np.random.default_rng(groups)
    ids = np.repeat(np.arange(groups), 14)
    when = pd.to_datetime("2020-01-01") + pd.to_timedelta(ids % 3, unit="D")
    cost = random.uniform(1, 2, len(ids))
    cost[::14] *= np.where(np.arange(groups) % 2, random.choice([7.0, 60.0, 900.0], groups), 1)
    cost[1::14] *= np.where(np.arange(groups) % 4 == 1, 60, 1)
    frame = pd.DataFrame({"g": ids, "when": when, "cost": cost})
    question = Question.under(load_policy().profile("acro"), ("g", "when"), (), "cost")
    (lattice, ours), (theirs_lattice, theirs) = (
        count(each, question) for each in (frame, spark.createDataFrame(frame))
    )
    assert lattice == theirs_lattice
    profile = load_policy().profile("acro")
    one, other = judge(ours, "sum", profile), judge(theirs, "sum", profile)
    for rule in one.unsafe:
        assert (one.unsafe[rule] == other.unsafe[rule]).all(), rule
    assert one.unsafe["nk-rule"].sum() > 5
    assert one.unsafe["p-ratio"].sum() > 2
