"""No suppressed cell can be worked out: held against linear programmes of another make than the search's."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from tre.disclosure.statistics import safe_table

WARDS = {"n1": "north", "n2": "north", "n3": "north", "s1": "south", "s2": "south"}
SEXES = ("F", "M")
COUNTS = st.sampled_from([0, 1, 1, 3, 8, 9, 10, 11, 14, 40])
HIERARCHY = st.lists(COUNTS, min_size=10, max_size=10)


def people(counts: list[int], values: list[float] = (1.0, 2.0)) -> pd.DataFrame:
    cells = product(WARDS.items(), SEXES)
    rows = [
        (district, ward, sex, values[(n + place) % len(values)])
        for place, (((ward, district), sex), size) in enumerate(zip(cells, counts, strict=True))
        for n in range(size)
    ]
    return pd.DataFrame(rows, columns=["district", "ward", "sex", "cost"])


def attack(
    shown: pd.DataFrame, district_of: dict[str, str], target: tuple, *, integral: bool, known: dict | None = None
) -> tuple[float, float]:
    """Return the least and the most that a cell can be, from the published table with its totals alone.

    The unknowns are the innermost cells; every shown cell says what some of them add up to.
    """
    wards = [ward for _, ward in shown.index if ward != "All"]
    sexes = [sex for sex in shown.columns if sex != "All"]
    place = {cell: n for n, cell in enumerate(product(wards, sexes))}

    def row(district: str, ward: str, sex: str) -> np.ndarray:
        found = np.zeros(len(place))
        for (w, s), n in place.items():
            found[n] = (ward in (w, "All")) and (district in (district_of[w], "All")) and (sex in (s, "All"))
        return found

    told = [
        (row(district, ward, sex), float(shown.loc[(district, ward), sex]))
        for district, ward in shown.index
        for sex in shown.columns
        if shown.loc[(district, ward), sex] != "[c]"
    ]
    told += [(row(*cell), value) for cell, value in (known or {}).items()]
    lines = np.array([each for each, _ in told]).reshape(len(told), len(place))
    values = np.array([value for _, value in told])
    constraints = [LinearConstraint(lines, values - 1e-6, values + 1e-6)] if told else []
    goal = row(*target)
    ends = []
    for sign in (1, -1):
        found = milp(
            sign * goal, constraints=constraints, bounds=Bounds(0, 1e4),
            integrality=np.full(len(place), int(integral)),
        )  # fmt: skip
        assert found.status == 0, found.message
        ends.append(sign * found.fun)
    return ends[0], ends[1]


@settings(max_examples=25, deadline=None)
@given(HIERARCHY)
def test_nothing_is_learned_of_a_small_count_from_what_is_shown(counts):
    frame = people(counts)
    if frame.empty:
        return
    table = safe_table(frame, ["district", "ward"], "sex", margins=True)
    district_of = dict(zip(frame.ward, frame.district, strict=True))
    for (district, ward), sex in product(table.outcome.index, table.outcome.columns):
        if table.outcome.loc[(district, ward), sex] == "threshold":
            low, high = attack(table.frame, district_of, (district, ward, sex), integral=True)
            assert low <= 1e-5, "somebody is sure to be there"
            assert high >= 10 - 1e-5, "it is sure to be under the threshold"


@settings(max_examples=8, deadline=None)
@given(HIERARCHY)
def test_no_unsafe_sum_can_be_estimated_closely(counts):
    """Neither by a reader nor by a person who is alone in another cell and so knows it."""
    frame = people(counts, [1.0, 2.0, 1.0, 400.0, 3.0])
    if frame.empty:
        return
    table = safe_table(frame, ["district", "ward"], "sex", "cost", "sum", margins=True)
    sums = frame.pivot_table(index=["district", "ward"], columns="sex", values="cost", aggfunc="sum", fill_value=0.0)
    single = frame.groupby(["district", "ward", "sex"]).size()
    district_of = dict(zip(frame.ward, frame.district, strict=True))
    for (district, ward), sex in product(sums.index, sums.columns):
        true = sums.loc[(district, ward), sex]
        if table.outcome.loc[(district, ward), sex] in ("threshold", "nk-rule", "p-ratio"):
            low, high = attack(table.frame, district_of, (district, ward, sex), integral=False)
            assert low <= true * 0.9 + 1e-3
            assert high >= true * 1.1 - 1e-3
            for person in (cell for cell, size in single.items() if size == 1 and cell != (district, ward, sex)):
                insider = {person: sums.loc[person[:2], person[2]]}
                low, high = attack(table.frame, district_of, (district, ward, sex), integral=False, known=insider)
                assert low <= true * 0.9 + 1e-3, "who is alone in a cell can estimate another"
                assert high >= true * 1.1 - 1e-3, "who is alone in a cell can estimate another"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=150))
def test_crossed_groups_are_protected_in_each_of_their_totals(rows):
    """Age and region both down: the totals over either are known to somebody."""
    frame = pd.DataFrame(rows, columns=["age", "region", "sex"])
    table = safe_table(frame, ["age", "region"], "sex", margins=True)
    hidden = table.frame == "[c]"
    for names in (["age"], ["region"], []):
        by = frame.groupby([*names, "sex"]).size() if names else frame.groupby("sex").size()
        for key, total in by.items():
            key = key if isinstance(key, tuple) else (key,)
            inside = [
                (row, key[-1])
                for row in table.frame.index
                if "All" not in row
                and all(row[["age", "region"].index(n)] == k for n, k in zip(names, key, strict=False))
            ]
            unknown = [cell for cell in inside if hidden.loc[cell]]
            whole = tuple(key[names.index(n)] if n in names else "All" for n in ("age", "region"))
            told = not hidden.loc[whole, key[-1]] if whole in table.frame.index else False
            assert not (told and len(unknown) == 1), (whole, total)
