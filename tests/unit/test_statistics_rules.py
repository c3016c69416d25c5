"""Profiles, rounding, and the statistics that are no tables: each rule on both sides of its figure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from lifelines import KaplanMeierFitter

from tre.disclosure.model import DisclosureError
from tre.disclosure.policy import load_policy
from tre.disclosure.statistics import (
    safe_histogram,
    safe_model,
    safe_percentiles,
    safe_regression,
    safe_survival,
    safe_table,
)

POLICY = load_policy()
RANDOM = np.random.default_rng(7)


def counted(**sizes: int) -> pd.DataFrame:
    return pd.DataFrame([(band,) for band, size in sizes.items() for _ in range(size)], columns=["band"])


@pytest.mark.parametrize(
    ("profile", "shown"),
    [
        ("acro", ["[c]", "[c]", 12, 13]),
        ("uk-llc", ["[c]", "[c]", 12, 13]),
        ("opensafely", [0, 10, 10, 15]),
        ("opensafely-midpoint", [9, 9, 9, 15]),
    ],
)
def test_each_profile_treats_small_counts_its_own_way(profile, shown):
    table = safe_table(counted(a=7, b=11, c=12, d=13), "band", profile=profile)
    assert table.frame["count"].tolist() == shown
    assert table.people["count"].tolist() == shown


def test_midpoint_rounding_is_opensafelys():
    rounded = POLICY.profile("opensafely-midpoint").rounded(np.arange(20))
    assert rounded.tolist() == [0] + [3] * 6 + [9] * 6 + [15] * 6 + [21]
    assert not POLICY.profile("opensafely-midpoint").is_unrounded(rounded).any()


@pytest.mark.parametrize("name", sorted(POLICY.profiles))
def test_what_a_profile_rounds_to_is_never_small(name):
    profile = POLICY.profile(name)
    counts = np.arange(60)
    shown = profile.rounded(counts)
    assert not profile.is_unrounded(shown).any()
    if profile.rounding != "none":
        assert not profile.is_small(shown).any()


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({"threshold": 20}, True), ({"threshold": 9}, False), ({"nk_k": 0.8}, True), ({"nk_k": 0.95}, False),
        ({"check_missing": True}, True), ({"check_masks": True}, True), ({"check_zeros": False}, False),
        ({"rounding": "none"}, False), ({"no such": 1}, False), ({"threshold": "20"}, False),
        ({"unnamed": ["ward"]}, True), ({"p_ratio": 2}, False),
    ],
)  # fmt: skip
def test_a_profile_is_tightened_and_never_loosened(change, fits):
    frame = counted(a=15, b=30)
    if not fits:
        with pytest.raises(DisclosureError):
            safe_table(frame, "band", tighten=change)
        return
    table = safe_table(frame, "band", tighten=change)
    assert (table.suppressed > 0) == (change == {"threshold": 20})


def test_a_profile_that_forbids_naming_makes_no_table_of_practices():
    frame = counted(a=50, b=50).assign(**{"Practice code": "A81001"})
    with pytest.raises(DisclosureError, match="one by one"):
        safe_table(frame, ["band", "Practice code"], profile="opensafely")
    assert safe_table(frame, ["band", "Practice code"]).suppressed == 0


def test_a_person_with_many_rows_counts_once():
    frame = pd.DataFrame(
        {"pseudonym": ["A"] * 40 + list("BCDEFGHIJKLMNOP"), "sex": ["F"] * 40 + ["F"] * 5 + ["M"] * 10}
    )
    table = safe_table(frame, "sex")
    assert table.outcome["count"].tolist() == ["threshold", "complementary"]
    people = safe_table(frame, "sex", aggfunc="people", margins=True)
    assert people.frame["people"].tolist() == ["[c]", "[c]", 16]


def test_people_who_stand_in_two_groups_are_no_sum():
    """Twenty people in both groups: the total says nothing of a hidden group that would need another hidden."""
    both = [(str(n), kind) for n in range(20) for kind in ("a", "b")]
    frame = pd.DataFrame([*both, *((str(n), "c") for n in range(5))], columns=["pseudonym", "kind"])
    table = safe_table(frame, "kind", aggfunc="people", margins=True)
    assert table.frame["people"].tolist() == [20, 20, "[c]", 20]


def test_a_weighted_count_is_judged_by_its_rows():
    frame = counted(a=9, b=30, c=30).assign(weight=1000.0)
    table = safe_table(frame, "band", weights="weight")
    assert table.frame["count"].tolist()[0] == "[c]"
    assert 30000.0 in table.frame["count"].tolist()


def test_a_proportion_needs_enough_on_both_sides():
    frame = counted(a=100, b=100, c=100)
    frame["ill"] = [1] * 9 + [0] * 91 + [1] * 91 + [0] * 9 + [1, 0] * 50
    outcome = safe_table(frame, "band", values="ill", aggfunc="mean").outcome["mean"]
    assert outcome.tolist() == ["numerator", "numerator", "ok"]


def test_values_that_are_missing_or_negative_are_for_a_person():
    frame = counted(a=40, b=40)
    frame["gain"] = [None, -1.0, *RANDOM.uniform(1, 2, 78)]
    table = safe_table(frame, "band", values="gain", aggfunc="sum", profile="uk-llc")
    assert [each.split()[3] for each in table.review] == ["negative", "out"]
    dominated = frame.assign(gain=[-1.0, 1e6, *RANDOM.uniform(1, 2, 78)])
    assert safe_table(dominated, "band", values="gain", aggfunc="sum").outcome.loc["a", "sum"] == "nk-rule"


def test_a_standard_deviation_needs_its_degrees_of_freedom():
    frame = counted(a=10, b=11, c=11)
    frame["cost"] = RANDOM.uniform(1, 2, 32)
    table = safe_table(frame, "band", values="cost", aggfunc="std")
    assert table.outcome["std"].tolist()[0] == "degrees-of-freedom"
    assert table.frame["std"].iloc[2] == pytest.approx(frame[frame.band == "c"].cost.std())


def test_a_table_that_is_too_wide_is_refused():
    frame = pd.DataFrame(1, index=range(20), columns=list("abcde"))
    with pytest.raises(DisclosureError, match="one side"):
        safe_table(frame, list("abcde"))
    with pytest.raises(DisclosureError, match="once"):
        safe_table(frame, "a", "a")
    with pytest.raises(DisclosureError, match="no rows"):
        safe_table(frame.iloc[:0], "a")


def test_missing_groups_are_a_group():
    frame = pd.DataFrame({"sex": ["F"] * 20 + [None] * 12, "n": 1})
    assert safe_table(frame, "sex").frame.index.tolist() == ["F", "missing"]


def test_a_mean_is_written_with_its_people(tmp_path):
    frame = counted(a=40, b=40)
    frame["cost"] = RANDOM.uniform(1, 2, 80)
    safe_table(frame, "band", values="cost", aggfunc="mean").to_csv(str(tmp_path / "t.csv"))
    written = pd.read_csv(tmp_path / "t.csv")
    assert list(written) == ["band", "mean", "mean n"]
    assert written["mean n"].tolist() == [40, 40]


def test_percentiles_need_people_beyond_them():
    frame = pd.DataFrame({"g": ["x"] * 100 + ["y"] * 100, "v": [*range(100), *([0] * 10), *range(1, 91)]})
    table = safe_percentiles(frame, "v", "g", at=(0, 0.05, 0.5, 1))
    assert table.frame.loc["x"].tolist() == ["[c]", "[c]", 49.5, "[c]"]
    assert table.frame.loc["y", "p0"] == 0  # ten people share it
    assert safe_percentiles(frame.assign(v=3), "v", "g").outcome.loc["x", "p50"] == "all-values-are-same"
    assert safe_percentiles(frame, "v").frame.shape == (1, 3)
    with pytest.raises(DisclosureError):
        safe_percentiles(frame, "v", at=(1.5,))
    with pytest.raises(DisclosureError):
        safe_percentiles(frame, "w")


def test_a_person_with_many_values_is_one_beyond_a_percentile():
    frame = pd.DataFrame({"pseudonym": ["A"] * 50 + [f"B{n}" for n in range(50)], "v": range(100)})
    assert safe_percentiles(frame, "v", at=(0.25, 0.75)).outcome.loc["all"].tolist() == ["threshold", "ok"]


def test_a_histogram_has_open_ends_and_no_small_bin():
    values = np.concatenate([RANDOM.normal(50, 10, 1000), [1e6, -1e6]])
    table = safe_histogram(pd.DataFrame({"v": values}), "v", bins=12)
    assert (table.frame["from"].iloc[0], table.frame["to"].iloc[-1]) == (-np.inf, np.inf)
    assert table.frame["count"].sum() == len(values)
    assert (table.frame["count"] >= 10).all()
    inner = table.frame["to"].iloc[:-1].to_numpy(float)
    assert np.allclose(inner, inner.round()), "limits are round numbers"
    given = safe_histogram(pd.DataFrame({"v": values}), "v", bins=[40, 41, 41.001, 60])
    assert 41.001 not in given.frame["to"].tolist()
    assert safe_histogram(pd.DataFrame({"v": [1.0] * 9}), "v", bins=[0]).frame["count"].tolist() == ["[c]"]
    for wrong in ([], [np.nan], 0):
        with pytest.raises(DisclosureError):
            safe_histogram(pd.DataFrame({"v": values}), "v", bins=wrong)
    with pytest.raises(DisclosureError):
        safe_histogram(pd.DataFrame({"v": [1.0] * 50}), "v")


def test_a_survival_table_is_kaplan_meiers_and_ends_in_time():
    people = pd.DataFrame({"t": RANDOM.exponential(5, 400).round(2), "e": RANDOM.integers(0, 2, 400)})
    table = safe_survival(people, "t", "e").frame
    fitted = KaplanMeierFitter().fit(people.t, people.e)
    assert np.allclose(table.survival, fitted.predict(table.time).round(3), atol=6e-4)
    assert (table.events >= 10).all()
    assert (table.at_risk >= 10).all()
    assert (table.at_risk % 10 == 0).all()
    true = [(people.t >= when).sum() for when in table.time]
    assert ((table.at_risk <= true) & (np.array(true) < table.at_risk + 10)).all()
    by = safe_survival(people.assign(g=["x", "y"] * 200), "t", "e", "g").frame
    assert set(by.g) == {"x", "y"}
    with pytest.raises(DisclosureError):
        safe_survival(people.iloc[:0], "t", "e")


def test_a_regression_is_the_one_that_statsmodels_fits():
    n = 200
    frame = pd.DataFrame({"x": RANDOM.normal(size=n), "z": RANDOM.integers(0, 2, n)})
    frame["y"] = 3 + 2 * frame.x - frame.z + RANDOM.normal(size=n)
    fitted = sm.OLS(frame.y, sm.add_constant(frame[["x", "z"]])).fit()
    table = safe_regression(frame, "y", ["x", "z"]).frame
    assert np.allclose(table["coefficient"].astype(float), fitted.params)
    assert np.allclose(table["standard error"].astype(float), fitted.bse)
    assert np.allclose(table["p"].astype(float), fitted.pvalues)
    assert np.allclose(table[["low", "high"]].astype(float), fitted.conf_int())
    assert table["residual degrees of freedom"].tolist() == [197] * 3
    assert safe_model(fitted).suppressed == 0


def test_a_regression_of_few_people_is_hidden():
    frame = pd.DataFrame({"x": RANDOM.normal(size=60), "rare": [1] * 9 + [0] * 51, "y": RANDOM.normal(size=60)})
    outcome = safe_regression(frame, "y", ["x", "rare"]).outcome["coefficient"]
    assert outcome.tolist() == ["ok", "ok", "threshold"]
    short = safe_regression(frame.iloc[20:31], "y", ["x"])
    assert set(short.outcome.to_numpy().ravel()) == {"degrees-of-freedom"}
    assert set(short.frame.to_numpy().ravel()) == {"[c]"}
    assert safe_model(sm.OLS(frame.y[:11], sm.add_constant(frame.x[:11])).fit()).suppressed > 0
    assert safe_regression(frame.iloc[20:32], "y", ["x"]).suppressed == 0
    for covariates in ([], ["y"], ["x", "x"]):
        with pytest.raises(DisclosureError):
            safe_regression(frame, "y", covariates)
    with pytest.raises(DisclosureError, match="each other"):
        safe_regression(frame.assign(twice=2 * frame.x), "y", ["x", "twice"])
    with pytest.raises(DisclosureError, match="zeros"):
        safe_regression(frame.assign(nothing=0), "y", ["nothing"])
    with pytest.raises(DisclosureError):
        safe_model(object())
