"""Percentiles, minima and maxima that are no single person's value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tre.disclosure.model import DisclosureError
from tre.disclosure.policy import load_policy
from tre.disclosure.statistics import in_pandas, in_spark
from tre.disclosure.statistics.contributors import MISSING
from tre.disclosure.statistics.counting import checked
from tre.disclosure.statistics.question import Question, is_spark, listed, person_of
from tre.disclosure.statistics.tables import SUPPRESSED, SafeTable


def safe_percentiles(
    frame: Any,
    values: str,
    by: str | Sequence[str] | None = None,
    at: Sequence[float] = (0.25, 0.5, 0.75),
    profile: str = "acro",
    *,
    person: str | None = None,
    tighten: Mapping[str, Any] | None = None,
) -> SafeTable:
    """Return percentiles of groups, those left out that too few people stand behind.

    A percentile is shown where at least the threshold of people are at or under it and as many at or over it, and the
    group's values are not all the same (SDC Handbook, Welpton 2019, percentiles). A minimum (0) or maximum (1) is
    shown by the same rule: where that many people share it.

    Parameters
    ----------
    frame : pandas or Spark DataFrame
        One row for each person or event.
    values : str
        The column of numbers.
    by : str or sequence of str, optional
        The columns that make the groups; without them one row, of all.
    at : sequence of float
        Shares between 0 and 1; between two values a percentile is interpolated.
    tighten : mapping, optional
        Figures of the profile to make stricter.

    Raises
    ------
    DisclosureError
        A column is not there or not one of numbers, or a share is none.
    """
    rules = load_policy().profile(profile).tightened(tighten or {})
    groups = listed(by)
    if not at or not all(0 <= share <= 1 for share in at):
        raise DisclosureError("A percentile lies between 0 and 1", where="at")
    question = Question(groups, (), values, person_of(list(map(str, frame.columns)), person))
    checked(frame, question if groups else Question((values,), (), values, question.person))
    told = (in_spark if is_spark(frame) else in_pandas).quantiles(frame, question, at)
    index = _index(told, groups)
    names = [f"p{100 * share:g}" for share in at]
    safe = np.column_stack([
        (told[f"under{n}"] >= rules.threshold) & (told[f"over{n}"] >= rules.threshold) for n in range(len(at))
    ])  # fmt: skip
    same = (told["least"] == told["most"]).to_numpy()[:, None] & safe
    outcome = pd.DataFrame(np.where(safe, "ok", "threshold"), index=index, columns=names)
    outcome = outcome.mask(same, "all-values-are-same").sort_index()
    shown = pd.DataFrame({name: told[f"q{n}"].to_numpy() for n, name in enumerate(names)}, index=index).sort_index()
    return SafeTable(shown.astype(object).mask(outcome != "ok", SUPPRESSED), outcome, profile, "percentiles")


def _index(told: pd.DataFrame, groups: tuple[str, ...]) -> pd.Index:
    if not groups:
        return pd.Index(["all"] * len(told))
    held = told[list(groups)].astype(object).where(told[list(groups)].notna(), MISSING)
    return pd.Index(held[groups[0]]) if len(groups) == 1 else pd.MultiIndex.from_frame(held)
