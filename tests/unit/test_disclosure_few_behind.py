"""Figures that give away how few stand behind them: groups that are another but for a few, and precisions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.disclosing import judged, rules
from tre.disclosure import Context
from tre.disclosure.policy import load_policy
from tre.disclosure.statistics.nested import find_nested_in_words
from tre.disclosure.statistics.precision import find_precision_in_words

SURE, POSSIBLE = "recoverable-cell", "possible-recoverable-cell"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        # two groups, the second of which leaves a few of the first out
        ("cohort,people,with_hiv\nall residents,4000,300\nall residents but those in prison,3999,299\n", SURE),
        ("cohort,people\nall residents but those in prison,3999\nall residents,4000\n", SURE),
        ("cohort,people\nEverybody,4000\nExcluding prisoners,3995\n", SURE),
        ("cohort,sex,people\nall,F,4000\nall,M,4100\nall without staff,F,3990\nall without staff,M,4095\n", SURE),
        ("ward,people,people_excluding_staff\na,400,397\nb,500,500\n", SURE),
        ("cohort,people\nall residents,4000\nall residents but those in prison,3990\n", None),  # ten
        ("cohort,people\nall residents,4000\nall residents but those in prison,4000\n", None),  # nobody
        ("ward,people,people_excluding_staff\na,400,377\nb,500,500\n", None),
        # the second is no part of the first
        ("habit,people\nsmoker,502\nnon-smoker,498\n", None),
        ("condition,people\nasthma,502\nwithout asthma,498\n", None),
        ("ethnic_group,people\nWhite British,502\nWhite Irish,498\nAsian,500\n", None),
        # the second says more, and chance makes so large counts that near seldom
        ("cohort,people,deaths\nresidents,8000,390\nresidents with a record,7999,389\n", POSSIBLE),
        ("cohort,people\nresidents,80\nresidents with a record,79\n", None),
        ("cohort,people\nresidents,8000\nresidents with a record,8003\n", None),
        # how a cohort was chosen
        ("step,people\nregistered,50000\nadults,42000\nwithout stroke,41997\n", POSSIBLE),
        ("step,people\nregistered,50000\nadults,42000\nwithout stroke,41000\n", None),
        ("year,people\n2021,50000\n2022,42000\n2023,41997\n", None),
        # a deviation and an error
        ("group,mean,std_dev,std_error\na,50.1,9.813,5.666\nb,51.2,10.21,5.105\n", SURE),
        ("group,mean,sd,se\na,50.1,0.3,0.1\n", POSSIBLE),  # nine or ten, by the last digits
        ("group,mean,sd,se\na,50.1,10.0,0.2\n", None),
        ("group,mean,sd,se\na,50.1,0.3,\n", None),
        ("term,estimate,std_error,conf_low,conf_high\nage,0.1,0.12,-0.1,0.3\n", None),
        ("term,coefficient,std_error,t_value\nage,0.1,0.12,0.9\n", None),
        ("model,mean_auc,sd,se\na,0.81,0.02,0.009\n", None),  # five folds
        ("metric,mean,sd,se\nAUC,0.81,0.02,0.009\n", None),
        # a share or a rate and its error or interval
        ("area,percent,se\na,40.5,22.5\nb,50.5,20.5\n", POSSIBLE),
        ("area,percent,se\na,40.0,1.2\n", None),
        ("area,rate_per_100000,lower,upper\na,12.0,2.5,35.1\n", POSSIBLE),  # three cases (Garwood 1936)
        ("area,rate_per_100000,lower,upper\na,12.0,10.1,14.2\n", None),
        ("area,n,rate_per_1000,lower_ci,upper_ci\na,1200,12.0,2.5,35.1\n", None),  # it says how many
        ("area,rate per 1000,ci_lower,ci_upper\na,12.0,0,14.2\n", None),
        ("area,proportion,lower_ci,upper_ci\na,0.4,0.15,0.70\n", POSSIBLE),
        ("area,proportion,lower_ci,upper_ci\na,0.4,0.38,0.42\n", None),
        ("term,odds_ratio,lower,upper\na,2.0,0.5,8.0\n", None),
        ("term,rate_ratio,lower,upper\na,2.0,0.5,8.0\n", None),
        ("area,standardised_rate,lower,upper\na,12.0,2.5,35.1\n", None),
    ],
)
def test_what_figures_give_away_together(tmp_path: Path, text: str, rule: str | None) -> None:
    found = rules(judged(tmp_path, text, name="table.csv"))
    assert found == ({rule} if rule else set())


def test_the_threshold_is_the_profiles(tmp_path: Path) -> None:
    text = "cohort,people\nall residents,4000\nall residents but those in prison,3991\n"
    assert SURE in rules(judged(tmp_path, text, name="table.csv"))
    opensafely = Context(profile="opensafely", sandbox=False)
    assert SURE not in rules(judged(tmp_path, text, opensafely, name="table.csv"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("There were 5,432 residents, and 5,431 without those in prison.", True),
        ("We counted 5,432 patients (5,429 excluding staff).", True),
        ("There were 5,432 residents, and 5,131 without those in prison.", False),
        ("We counted 5,432 patients and 5,429 controls.", False),
        ("Between 2019 patients were seen, and 2020 excluding staff.", False),
        ("Mean stay 12.4 days (SD 8.0, SE 4.0).", True),
        ("The standard error was 4.0 with a standard deviation of 8.0.", True),
        ("Mean stay 12.4 days (SD 8.0, SE 0.4).", False),
        ("Mean AUC 0.80 (SD 0.02, SE 0.009).", False),
        ("The SD is given with the SE in table 2.", False),
    ],
)
def test_what_a_sentence_gives_away(text: str, told: bool) -> None:
    profile = load_policy().profile("acro")
    found = [
        hit.rule for find in (find_nested_in_words, find_precision_in_words) for hit in find("text", text, profile)
    ]
    assert found == [POSSIBLE] * told
