"""What subtraction of published tables finds, held against the people who were counted and against plain counting."""

from __future__ import annotations

import math
from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tre.disclosure.contents import Table
from tre.disclosure.policy import load_policy
from tre.disclosure.statistics.cut_points import Work
from tre.disclosure.statistics.published import Counts, Published
from tre.disclosure.statistics.subtraction import Comparison, Earlier, near

POLICY = load_policy()
BANDS, SEXES = ("20-39", "40-59", "60-79", "80+"), ("F", "M")
CELLS = list(product(BANDS, SEXES))
COUNTS = st.lists(st.integers(12, 400), min_size=len(CELLS), max_size=len(CELLS))


def table(counts: list[int], labels: list[tuple[str, ...]] = CELLS) -> list[Counts]:
    published = Published(POLICY.limits["published_counts"])
    rows = [(*label, str(n)) for label, n in zip(labels, counts, strict=True)]
    published.add(Table.of_rows("", ("age", "sex", "n"), rows), POLICY.shape)
    return published.tables


def found(new: list[Counts], *old: list[Counts], own: bool = False) -> list[str]:
    comparison = Comparison(new, POLICY, 10)
    for number, each in enumerate(old):
        comparison.hold(Earlier(f"release-{number}", each, own))
    return [hit.rule for hit in comparison.hits()]


@settings(max_examples=60, deadline=None)
@given(COUNTS, st.integers(0, len(CELLS) - 1), st.integers(1, 9), st.booleans(), st.booleans())
def test_few_people_who_were_left_out_of_one_cell_are_found(counts, cell, few, own, other_way):
    less = [n - few * (place == cell) for place, n in enumerate(counts)]
    first, second = (less, counts) if other_way else (counts, less)
    assert found(table(second), table(first), own=own) == ["differencing"]


@settings(max_examples=60, deadline=None)
@given(COUNTS, st.integers(0, len(CELLS) - 1), st.integers(10, 200))
def test_many_who_were_left_out_isolate_nobody(counts, cell, many):
    more = [n + many * (place == cell) for place, n in enumerate(counts)]
    assert found(table(counts), table(more)) == found(table(counts), table(counts)) == []


@settings(max_examples=60, deadline=None)
@given(COUNTS, st.randoms(use_true_random=False))
def test_every_sum_of_a_table_is_known_and_no_other(counts, random):
    order = random.sample(range(len(CELLS)), len(CELLS))
    (told,) = table([counts[n] for n in order], [CELLS[n] for n in order])
    sums = Counter(counts) + Counter([sum(counts)])
    for side in range(2):
        labels = {cell[side] for cell in CELLS}
        sums += Counter(sum(n for cell, n in zip(CELLS, counts, strict=True) if cell[side] == each) for each in labels)
    assert Counter(told.cells["count"].tolist()) == sums
    (plain,) = table(counts)
    assert set(plain.cells["key"].tolist()) == set(told.cells["key"].tolist())


def test_tables_of_other_people_are_seldom_taken_for_the_same():
    """As many people in each group, but others: two hundred months of admissions, each held against all before."""
    random, told, blocked, looked_at = np.random.default_rng(4), [], 0, 0
    for _ in range(200):
        new = table(random.poisson(np.linspace(30, 900, len(CELLS))).tolist())
        rules = found(new, *told)
        blocked += "differencing" in rules
        looked_at += "possible-differencing" in rules
        told.append(new)
    assert blocked <= 1  # 1 in a thousand is meant to be
    assert looked_at <= 15  # and 5 in a hundred


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.integers(-12, 12)), min_size=1, max_size=4))
def test_the_chance_is_that_of_counting_every_outcome(pairs):
    pairs = [(n, max(n + less, 0)) for n, less in pairs]
    labels = [("40-59", f"group {place}") for place in range(len(pairs))]
    (new,), (old,) = (table([each[side] for each in pairs], labels) for side in (0, 1))
    depth = 2 if len(pairs) > 1 else None
    told = [
        each for each in near(new, old, 10, Work(10**6)) if depth in (None, *new.cells["depth"][each.cells].tolist())
    ]
    isolates = [(a, b) for a, b in pairs if 0 < abs(a - b) < 10]
    if not isolates:
        assert not [each for each in told if len(pairs) > 1]
        return
    odds = [_odds(a + b) for a, b in pairs]
    alike, around = sum(a == b for a, b in pairs), sum(abs(a - b) < 10 for a, b in pairs)
    expected = len(np.unique(new.cells["depth"])) * sum(
        math.prod(each[kind] for each, kind in zip(odds, kinds, strict=True))
        for kinds in product(range(3), repeat=len(pairs))
        if kinds.count(0) >= alike and len(kinds) - kinds.count(2) >= around
    )
    assert any(each.chance == pytest.approx(min(expected, 1), abs=1e-12) for each in told)


def _odds(both: int) -> tuple[float, float, float]:
    """Return how likely two counts are equal, else near, else far."""
    equal = min(1.0, 1 / math.sqrt(2 * math.pi * both))
    close = max(math.erf(9.5 / math.sqrt(2 * both)), equal)
    return equal, close - equal, 1 - close
