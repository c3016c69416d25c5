"""The rules agree with ACRO on every table that it can check; where it is known to miss something, ours finds more."""

from __future__ import annotations

import logging
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tre.disclosure.policy import load_policy
from tre.disclosure.statistics import safe_table
from tre.disclosure.statistics.counting import count
from tre.disclosure.statistics.question import Question
from tre.disclosure.statistics.rules import Judgement, judge

acro = pytest.importorskip("acro")
ACRO = load_policy().profile("acro")
FEW = settings(max_examples=15, deadline=None)


@cache
def _session():
    """Return a session that does not look its caller's source up, which takes longer than its checks."""
    logging.getLogger("acro").setLevel(logging.WARNING)
    acro.acro_tables.stack = list
    acro.acro_tables.utils.get_command = lambda default, _: default
    return acro.ACRO(suppress=False)


def by_acro(frame: pd.DataFrame, aggfunc: str | None, columns: bool) -> tuple[str, dict[str, np.ndarray]]:
    """Return ACRO's status of a table and its masks by check, shape (rows, columns)."""
    session = _session()
    if columns:
        values = {} if aggfunc is None else {"values": frame.value, "aggfunc": aggfunc}
        session.crosstab(frame.a, frame.b, **values)
    else:
        session.pivot_table(frame, index=["a"], values="value", aggfunc=aggfunc or "count")
    record = session.results.results.popitem()[1]
    shape = (frame.a.nunique(), frame.b.nunique() if columns else 1)
    masks = {}
    for check, cells in record.sdc["cells"].items():
        masks[check] = np.zeros(shape, dtype=bool)
        for row, column in cells:
            masks[check][row, column] = True
    return record.status, masks


def by_ours(frame: pd.DataFrame, aggfunc: str | None, columns: bool) -> tuple[Judgement, tuple[int, int]]:
    question = Question(("a",), ("b",) if columns else (), None if aggfunc in (None, "count") else "value", None, 2)
    lattice, cells = count(frame, question)
    inner = lattice.inner()
    judged = judge(cells, aggfunc or "count", ACRO)
    kept = Judgement(
        {name: mask[inner] for name, mask in judged.unsafe.items()},
        {name: mask[inner] for name, mask in judged.review.items()},
    )
    return kept, (lattice.rows.groups, lattice.columns.groups)


def tables(values: st.SearchStrategy) -> st.SearchStrategy:
    """Tables of up to three by three cells, each cell of its own size, so that every rule has cells on both sides."""
    cell = st.tuples(st.integers(0, 2), st.integers(0, 2), st.sampled_from([1, 8, 9, 10, 11, 25]), st.lists(values))
    return st.lists(cell, min_size=1, max_size=9).map(_frame)


def _frame(cells: list[tuple[int, int, int, list[float]]]) -> pd.DataFrame:
    rows = [
        (a, b, special[n] if n < len(special) else 1.0 + n % 3) for a, b, size, special in cells for n in range(size)
    ]
    return pd.DataFrame(rows, columns=["a", "b", "value"])


def _largest(frame: pd.DataFrame, columns: bool) -> np.ndarray:
    """Return each cell's largest value, in the order of the rules' cells."""
    if columns:
        return pd.crosstab(frame.a, frame.b, frame.value, aggfunc="max").to_numpy().ravel()
    return frame.groupby("a")["value"].max().to_numpy()


SIZES = st.sampled_from([0.0, 0.5, 1.0, 20.0, 100.0, 1000.0, 1e6])


@FEW
@given(tables(SIZES), st.booleans())
def test_counts_agree(frame, columns):
    status, masks = by_acro(frame, None, columns)
    ours, shape = by_ours(frame, None, columns)
    assert (ours.unsafe["threshold"].reshape(shape) == masks["MinimumThresholdCheck"]).all()
    assert ours.verdict == status


@FEW
@given(tables(SIZES), st.sampled_from(["sum", "mean"]), st.booleans())
def test_dominance_agrees(frame, aggfunc, columns):
    status, masks = by_acro(frame, aggfunc, columns)
    ours, shape = by_ours(frame, aggfunc, columns)
    assert (ours.unsafe["threshold"].reshape(shape) == masks["MinimumThresholdCheck"]).all()
    if not set(frame.value) <= {0.0, 1.0}:  # ours looks at a proportion's numerator instead
        assert (ours.unsafe["nk-rule"].reshape(shape) == masks["NKCheck"]).all()
        # ACRO means to pass a cell of zeros alone and does not: here its values are all the same
        of_zeros = ours.unsafe["all-values-are-same"] & (_largest(frame, columns) == 0)
        assert ((ours.unsafe["p-ratio"] | of_zeros).reshape(shape) == masks["PPercentCheck"]).all()
    alike = ours.unsafe["all-values-are-same"] | ours.unsafe["numerator"]
    assert ours.verdict == status or (status == "pass" and alike.any())


@FEW
@given(tables(SIZES), st.booleans())
def test_degrees_of_freedom_agree(frame, columns):
    status, _ = by_acro(frame, "std", columns)
    ours, _ = by_ours(frame, "std", columns)
    crowded = ours.unsafe["degrees-of-freedom"]
    # ACRO's own cells of nobody have -1 degrees of freedom, as ours have
    assert (status == "fail") == crowded.any()


@FEW
@given(tables(st.sampled_from([-5.0, -1.0, 30.0])), st.sampled_from(["sum", "mean"]))
def test_negative_values_are_for_a_person(frame, aggfunc):
    status, masks = by_acro(frame, aggfunc, columns=True)
    ours, shape = by_ours(frame, aggfunc, columns=True)
    if (frame.value < 0).any():
        assert (ours.review["negative"].reshape(shape) == masks["NKCheck"]).all()
        assert ours.verdict in ("review", "fail")
        assert ours.verdict == status or ours.verdict == "fail"


@pytest.mark.parametrize("aggfunc", ["sum", "mean"])
def test_values_that_are_all_the_same_pass_in_acro_and_not_here(aggfunc):
    frame = pd.DataFrame({"a": [0] * 30 + [1] * 30, "b": [0] * 60, "value": [7.0] * 30 + [1.0, 2.0, 3.0] * 10})
    assert by_acro(frame, aggfunc, columns=False)[0] == "pass"
    ours, _ = by_ours(frame, aggfunc, columns=False)
    assert ours.unsafe["all-values-are-same"].tolist() == [True, False]


def test_a_cell_of_everybody_is_told_by_acro_of_its_zeros_alone():
    frame = pd.DataFrame({"a": [0] * 40 + [1] * 40, "b": [0] * 40 + [0, 1] * 20, "value": 1.0})
    assert by_acro(frame, None, columns=True)[1]["MinimumThresholdCheck"].tolist() == [[False, True], [False, False]]
    table = safe_table(frame, "a", "b")
    assert table.outcome.to_numpy().tolist() == [
        ["class-disclosure", "threshold"],  # everybody in the first row, nobody beside it
        ["complementary", "class-disclosure"],  # everybody of the second column
    ]


def test_acro_passes_a_linked_table_that_gives_its_neighbour_away():
    everyone = pd.DataFrame({"a": [0] * 43 + [1] * 50, "b": [0, 1] * 46 + [0], "value": 1.0})
    all_but_three = everyone.drop(index=everyone[everyone.a == 0].index[:3])
    assert by_acro(everyone, None, columns=True)[0] == by_acro(all_but_three, None, columns=True)[0] == "pass"
    assert "PresenceOfLinkedTableCheck" in by_acro(everyone, None, columns=True)[1]
