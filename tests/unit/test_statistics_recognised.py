"""The rules on tables that were made elsewhere: each finding, and what looks alike and is fine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.test_statistics_rules import counted
from tre.disclosure import Context, inspect
from tre.disclosure.policy import load_policy
from tre.disclosure.statistics import safe_table

HEAD = "region,percent,denominator\n"


def rules_of(tmp_path: Path, text: str, profile: str = "acro") -> set[str]:
    path = tmp_path / "table.csv"
    path.write_text(text)
    return {each.rule for each in inspect(path, Context(profile=profile, sandbox=False)).findings}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (HEAD + "a,4.5,200\nb,40,300\n", "small-count"),  # nine of 200
        (HEAD + "a,95.5,200\nb,40,300\n", "small-count"),  # all but nine
        (HEAD + "a,5,200\nb,40,300\n", None),
        (HEAD + "a,100,200\nb,40,300\n", "class-disclosure"),
        (HEAD + "a,0,200\nb,40,300\n", "class-disclosure"),
        (HEAD + "a,50,200\nAll,100,300\n", None),
        ("time,n at risk,survival\n1,120,0.95\n2,9,0.80\n", "small-risk-set"),
        ("time,n at risk,survival\n1,120,0.95\n2,10,0.80\n", None),
        ("term,coefficient,df_resid\nage,0.1,9\n", "degrees-of-freedom"),
        ("statistic,value\ndf resid:,9\nr squared,0.9\n", "degrees-of-freedom"),
        ("statistic,value\ndf resid:,90\nr squared,0.9\n", None),
        ("group,count,minimum,mean\na,40,0.3,5\nb,50,0.4,6\n", "extreme-value"),
        ("group,count,minimum,mean\na,40,[c],5\nb,50,[c],6\n", None),
        ("from,to,count\n0.12,10,40\n10,97.3,50\n", "edge-bin"),
        ("bin,count\n\"(0.12, 10]\",40\n\"(10, 97.3]\",50\n", "edge-bin"),
        ("from,to,count\n-inf,10,40\n10,inf,50\n", None),
        ("band,F,M,All\na,[c],40,45\nb,30,31,61\nAll,35,71,106\n", "recoverable-cell"),
        ("band,F,M,All\na,[c],[c],45\nb,30,31,61\nAll,35,71,106\n", "recoverable-cell"),
        ("band,F,M,All\na,[c],[c],14\nb,[c],[c],61\nAll,5,70,75\n", "recoverable-cell"),  # F of a is at most 5
        ("band,F,M,All\na,[c],[c],45\nb,[c],[c],61\nAll,35,71,106\n", None),
        ("band,count\na,[c]\nb,40\nTotal,46\n", "recoverable-cell"),
        ("band,count\na,[c]\nb,40\nTotal,56\n", None),  # sixteen are enough
        ("area,population,rate_per_100000\na,29812,10.063\nb,40611,7.387\nc,50484,5.942\n", "recoverable-cell"),
        ("area,population,rate_per_100000\na,29812,100.63\nb,40611,73.87\nc,50484,59.42\n", None),  # thirty each
        ("area,population,rate_per_100000\na,29812,10.4\nb,40611,7.1\nc,50484,5.5\n", None),  # adjusted for age
        ("area,population,rate per 100,000\na,2981200,0.1\nb,4061100,0.1\nc,5048400,0.1\n", None),  # too rounded
        ("month,cumulative_cases\n1,127\n2,129\n3,145\n4,146\n", "recoverable-cell"),
        ("month,cumulative_cases\n1,127\n2,147\n3,147\n4,177\n", None),
        ("month,cases\n1,127\n2,129\n3,145\n4,146\n", None),  # of each month
        ("quantile,hba1c,n\n0,29,12\n0.5,35.5,12\n1,80.6,12\n", "extreme-value"),
        ("percentile,hba1c,n\n5,29,1200\n50,35.5,1200\n95,80.6,1200\n", None),
        ("percentile,hba1c,n\n0,29,1200\n50,35.5,1200\n100,80.6,1200\n", "extreme-value"),
        ("term,coefficient,p,n\nage,0.1,0.001,900\nsex,0.2,0.04,900\nbmi,0.3,0.5,900\n", None),  # no quantiles
        ("ward,deaths,admissions\na,six,731\nb,thirty-one,605\n", "small-count"),
        ("ward,deaths,admissions\na,sixteen,731\nb,two hundred and four,605\n", None),
        ("band,count,people in all\na,[c],77\nb,40,50\nTotal,46,99\n", None),  # not a total
    ],
)  # fmt: skip
def test_what_its_own_numbers_show(tmp_path, text, rule):
    found = rules_of(tmp_path, text)
    assert found - {"small-count", "possible-small-count"} <= {rule}, found
    assert rule in found or (rule is None and not found), found


def test_rounding_is_asked_for_by_the_profile_alone(tmp_path):
    text = "band,count\na,20\nb,33\n"
    assert rules_of(tmp_path, text) == set()
    assert rules_of(tmp_path, text, "opensafely") == {"unrounded-count"}
    assert rules_of(tmp_path, "band,count\na,0\nb,9\nc,3\n", "opensafely-midpoint") == set()
    assert rules_of(tmp_path, "band,count\na,4\n", "opensafely-midpoint") == {"unrounded-count"}
    assert rules_of(tmp_path, "band,count,percent_of_band\na,50,25\nb,205,41\n", "opensafely") == set()
    assert rules_of(tmp_path, "band,percent_of_band,base\na,25,200\nb,41,500\n", "opensafely") == set()
    assert rules_of(tmp_path, "band,percent,base\na,250,200\nb,411,500\n", "opensafely") == {"unrounded-count"}


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("band,men,women\na,123,[c]\nb,88,97\nc,61,72\n", True),
        ("band,men,women\na,[c],[c]\nb,88,97\nc,61,72\n", True),  # by row alone
        ("band,men,women\na,123,[c]\nb,88,[c]\nc,61,72\n", True),  # by column alone
        ("band,men,women\na,[c],[c]\nb,[c],[c]\nc,61,72\n", False),
        ("band,count\na,[c]\nb,88\nc,61\n", True),
        ("band,count\na,[c]\nb,[c]\nc,61\n", False),
        ("band,men,women\na,123,45\nb,88,97\nc,61,72\n", False),
    ],
)
def test_where_the_profile_asks_a_cell_is_hidden_by_row_and_by_column(tmp_path, text, alone):
    assert rules_of(tmp_path, text, "uk-llc") == ({"possible-recoverable-cell"} if alone else set())
    assert rules_of(tmp_path, text) == set()


@pytest.mark.parametrize("text", ["lsoa,count\nx,20\ny,30\n", "area,count\nE01000001,20\nE01000002,30\n",
                                  "place,count\nA81001,20\nA81002,30\n"])  # fmt: skip
def test_small_areas_and_practices_are_not_told_apart(tmp_path, text):
    assert rules_of(tmp_path, text, "opensafely") == {"unnamed-place"}
    assert rules_of(tmp_path, text) == set()


@pytest.mark.parametrize("profile", sorted(load_policy().profiles))
def test_what_safe_table_writes_passes(tmp_path, profile):
    frame = counted(a=9, b=12, c=40, d=11)
    frame["sex"] = ["F", "M"] * 36
    table = safe_table(frame, "band", "sex", profile=profile, margins=True)
    table.to_csv(str(tmp_path / "safe.csv"))
    assert rules_of(tmp_path, (tmp_path / "safe.csv").read_text(), profile) <= {"possible-small-count"}
