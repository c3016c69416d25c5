"""Survival tables that end while enough people are at risk and step only where enough leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tre.disclosure.model import DisclosureError
from tre.disclosure.policy import load_policy
from tre.disclosure.profile import Profile
from tre.disclosure.statistics import in_pandas, in_spark
from tre.disclosure.statistics.counting import checked
from tre.disclosure.statistics.question import Question, is_spark, listed
from tre.disclosure.statistics.tables import SafeTable

COLUMNS = ("time", "at_risk", "events", "survival")


def safe_survival(
    frame: Any,
    time: str,
    event: str,
    by: str | Sequence[str] | None = None,
    profile: str = "acro",
    *,
    tighten: Mapping[str, Any] | None = None,
) -> SafeTable:
    """Return the Kaplan-Meier estimate of each group: columns ``time``, ``at_risk``, ``events`` and ``survival``.

    A step is told once the threshold of people had the event since the last one, as ACRO's rounded survival tables do
    of people who leave, and none where fewer are at risk than the profile asks. People at risk are told as a multiple
    of that number and survival to the decimals of ``policies/disclosure.yaml``, so that those who were censored between
    two steps cannot be worked out.

    Parameters
    ----------
    frame : pandas or Spark DataFrame
        One row for each person.
    time, event : str
        The column of times, and the one that is 1 where the event came at that time and 0 where the person left.
    tighten : mapping, optional
        Figures of the profile to make stricter.

    Raises
    ------
    DisclosureError
        A column is not there or not one of numbers.
    """
    rules = load_policy().profile(profile).tightened(tighten or {})
    groups = listed(by)
    for column in (time, event):
        checked(frame, Question(groups or (column,), (), column, None))
    told = (in_spark if is_spark(frame) else in_pandas).leavers(frame, groups, time, event)
    if told.empty:
        raise DisclosureError("There are no rows to make a survival table of")
    decimals = load_policy().suppression["survival_decimals"]
    parts = []
    keyed = told.groupby(list(groups), dropna=False, sort=True) if groups else [((), told)]
    for key, each in keyed:
        steps = _steps(each.sort_values("time"), rules, decimals)
        parts.append(steps.assign(**dict(zip(groups, key, strict=True)))[[*groups, *COLUMNS]])
    made = pd.concat(parts, ignore_index=True)
    return SafeTable(made, pd.DataFrame("ok", index=made.index, columns=made.columns), profile, "survival")


def _steps(leaving: pd.DataFrame, rules: Profile, decimals: int) -> pd.DataFrame:
    """Return the steps of one group; its rows are times, ascending."""
    left = leaving["leaving"].to_numpy(np.int64)
    events = leaving["events"].to_numpy(np.int64)
    at_risk = left.sum() - np.cumsum(left) + left
    survival = np.cumprod(1.0 - events / at_risk)
    rows, since = [], 0
    for n, when in enumerate(leaving["time"]):
        if at_risk[n] < max(rules.at_risk, rules.threshold):
            break
        since += int(events[n])
        if since >= rules.threshold:
            told = int(at_risk[n] // rules.at_risk * rules.at_risk)
            rows.append((when, told, int(rules.rounded(np.array(since))), round(float(survival[n]), decimals)))
            since = 0
    return pd.DataFrame(rows, columns=list(COLUMNS))
