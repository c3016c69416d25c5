"""Tables and statistics that keep to the disclosure rules when they are made, so that they pass inspection.

They take pandas frames and Spark's, as ``tre.spark()`` gives them: Spark then counts by itself, and only groups leave
it. The rules are the project's own, as the airlock holds outputs to them, unless a profile of
``policies/disclosure.yaml`` is named; see :mod:`tre.disclosure.statistics`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tre.workspace.client.rules import rules as project_rules

if TYPE_CHECKING:
    from tre.disclosure.statistics import SafeTable


def safe_table(
    frame: Any,
    rows: str | Sequence[str],
    columns: str | Sequence[str] | None = None,
    values: str | None = None,
    aggfunc: str = "count",
    profile: str | None = None,
    *,
    margins: bool = False,
    person: str | None = None,
    weights: str | None = None,
    tighten: Mapping[str, Any] | None = None,
) -> SafeTable:
    """Return a table of counts, people, sums, means or deviations with every unsafe cell suppressed.

    Nobody can work a suppressed cell out from the totals, shown or not. See
    :func:`tre.disclosure.statistics.tables.safe_table`.
    """
    from tre.disclosure import statistics

    held = project_rules(profile)
    return statistics.safe_table(
        frame, rows, columns, values, aggfunc, held.profile, margins=margins, person=person, weights=weights,
        tighten={**held.tighten, **(tighten or {})},
    )  # fmt: skip


def safe_percentiles(
    frame: Any,
    values: str,
    by: str | Sequence[str] | None = None,
    at: Sequence[float] = (0.25, 0.5, 0.75),
    profile: str | None = None,
    *,
    person: str | None = None,
) -> SafeTable:
    """Return percentiles of groups, those left out that too few people stand behind; 0 and 1 are the extremes.

    See :func:`tre.disclosure.statistics.percentiles.safe_percentiles`.
    """
    from tre.disclosure import statistics

    held = project_rules(profile)
    return statistics.safe_percentiles(frame, values, by, at, held.profile, person=person, tighten=held.tighten)


def safe_histogram(
    frame: Any, values: str, bins: int | Sequence[float] = 10, profile: str | None = None, *, person: str | None = None
) -> SafeTable:
    """Return how many people have a value in each bin; outer bins are open and small ones are joined.

    See :func:`tre.disclosure.statistics.histogram.safe_histogram`.
    """
    from tre.disclosure import statistics

    held = project_rules(profile)
    return statistics.safe_histogram(frame, values, bins, held.profile, person=person, tighten=held.tighten)


def safe_survival(
    frame: Any, time: str, event: str, by: str | Sequence[str] | None = None, profile: str | None = None
) -> SafeTable:
    """Return a Kaplan-Meier table that ends while enough people are at risk and steps only where enough leave.

    See :func:`tre.disclosure.statistics.survival.safe_survival`.
    """
    from tre.disclosure import statistics

    held = project_rules(profile)
    return statistics.safe_survival(frame, time, event, by, held.profile, tighten=held.tighten)


def safe_regression(frame: Any, outcome: str, covariates: Sequence[str], profile: str | None = None) -> SafeTable:
    """Return a linear regression's coefficients and residual degrees of freedom, hidden where these are too few.

    For a model that statsmodels has fitted see :func:`tre.disclosure.statistics.models.safe_model`.
    """
    from tre.disclosure import statistics

    held = project_rules(profile)
    return statistics.safe_regression(frame, outcome, covariates, held.profile, tighten=held.tighten)
