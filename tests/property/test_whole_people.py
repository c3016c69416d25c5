"""A number of people is found again from what share of them each group is, and from how a survival curve falls."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tre.disclosure.contents import Table
from tre.disclosure.policy import load_policy
from tre.disclosure.statistics.whole_people import base_of, find_whole_people

ACRO = load_policy().profile("acro")


@settings(deadline=None)
@given(st.integers(3, 400), st.sets(st.floats(0.01, 0.99), min_size=3, max_size=6))
def test_shares_tell_their_base(base: int, wanted: set[float]) -> None:
    """The base that is found is one that all shares are whole people of, and none is larger than the true one."""
    shares = np.unique([min(max(round(base * each), 1), base - 1) / base for each in wanted])
    found = base_of(np.round(shares, 9), 1e-9)
    assert 0 <= found <= base
    assert np.allclose(shares * found, np.round(shares * found), atol=1e-6)


@settings(deadline=None)
@given(st.integers(12, 150), st.lists(st.integers(0, 3), min_size=150, max_size=150))
def test_a_curve_of_single_deaths_is_told(people: int, leaving: list[int]) -> None:
    """Whoever leaves in between, a curve that falls by one person at a time is told."""
    at_risk, survival, rows = people, 1.0, []
    for day, left in enumerate(leaving, 1):
        if at_risk < 1:
            break
        survival *= 1 - 1 / at_risk
        at_risk -= 1 + left
        rows.append((day, f"{survival:.9f}"))
    hits = list(find_whole_people(Table.of_rows("", ["day", "survival"], rows), ["day", "survival"], [], ACRO))
    assert len(rows) < 6 or [hit.rule for hit in hits] == ["small-risk-set"]
