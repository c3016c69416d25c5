"""Regressions that leave enough degrees of freedom, fitted from sums or elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from tre.disclosure.model import DisclosureError
from tre.disclosure.policy import load_policy
from tre.disclosure.profile import Profile
from tre.disclosure.statistics import in_pandas, in_spark
from tre.disclosure.statistics.counting import checked
from tre.disclosure.statistics.question import Question, is_spark
from tre.disclosure.statistics.tables import SUPPRESSED, SafeTable

_CONFIDENCE = 0.95


def safe_regression(
    frame: Any, outcome: str, covariates: Sequence[str], profile: str = "acro", *,
    tighten: Mapping[str, Any] | None = None,
) -> SafeTable:  # fmt: skip
    """Return the coefficients of a linear regression by least squares, with what they rest on.

    It is fitted from the sums of products of each two columns, which Spark adds up in one pass; no row leaves it. All
    is hidden where fewer residual degrees of freedom are left than the profile asks (ACRO), and a coefficient where it
    tells of a group of fewer people than the threshold: a covariate of zeros and ones is such a group's difference.

    Parameters
    ----------
    tighten : mapping, optional
        Figures of the profile to make stricter.

    Returns
    -------
    SafeTable
        A row for each coefficient, ``intercept`` first: coefficient, standard error, t, p, confidence limits, and the
        rows and residual degrees of freedom of the whole.

    Raises
    ------
    DisclosureError
        A column is not there or not one of numbers, or the covariates tell each other.
    """
    rules = load_policy().profile(profile).tightened(tighten or {})
    for column in (outcome, *covariates):
        checked(frame, Question((column,), (), column, None))
    if not covariates or len({outcome, *covariates}) <= len(covariates):
        raise DisclosureError("A regression needs covariates, each once", where="covariates")
    rows, sums = (in_spark if is_spark(frame) else in_pandas).products(frame, [*covariates, outcome])
    table = _fitted(rows, sums, ["intercept", *covariates])
    few = [False, *(_few(sums, n + 1, rows, rules) for n in range(len(covariates)))]
    return _judged(table, np.array(few), rows - len(few), rules, profile)


def safe_model(model: Any, profile: str = "acro") -> SafeTable:
    """Return the coefficients of a model that statsmodels, or what keeps to its names, has fitted.

    Parameters
    ----------
    model : object
        A fitted model with ``params``, ``bse``, ``pvalues``, ``nobs`` and ``df_resid``.

    Raises
    ------
    DisclosureError
        It has no residual degrees of freedom to judge it by.
    """
    rules = load_policy().profile(profile)
    try:
        params = pd.Series(model.params)
        table = pd.DataFrame({
            "coefficient": params, "standard error": np.asarray(model.bse), "p": np.asarray(model.pvalues),
            "rows": int(model.nobs), "residual degrees of freedom": int(model.df_resid),
        })  # fmt: skip
        free = int(model.df_resid)
    except (AttributeError, TypeError, ValueError) as error:
        raise DisclosureError("The model does not tell its residual degrees of freedom", where="df_resid") from error
    return _judged(table, np.zeros(len(table), dtype=bool), free, rules, profile)


def _few(sums: np.ndarray, at: int, rows: int, rules: Profile) -> bool:
    """Tell whether a covariate of zeros and ones has too few people on one side: its sum is that of its squares."""
    ones = sums[0, at]
    return bool(np.isclose(ones, sums[at, at]) and min(ones, rows - ones) < rules.threshold)


def _fitted(rows: int, sums: np.ndarray, names: list[str]) -> pd.DataFrame:
    """Return the least squares fit from the sums of products, the outcome's last."""
    k = len(names)
    scale = np.sqrt(np.diag(sums)[:k])
    if not np.all(scale > 0):
        raise DisclosureError("A covariate is nothing but zeros", where="covariates")
    within = sums[:k, :k] / np.outer(scale, scale)
    if np.linalg.cond(within) > 1e12:
        raise DisclosureError("The covariates tell each other, so no coefficient is told", where="covariates")
    inverse = np.linalg.inv(within) / np.outer(scale, scale)
    beta = inverse @ sums[:k, k]
    free = max(rows - k, 0)
    spare = max(float(sums[k, k] - beta @ sums[:k, k]), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(np.diag(inverse) * (spare / free if free else np.nan))
        t = beta / error
    reach = stats.t.ppf((1 + _CONFIDENCE) / 2, free) * error if free else np.full(k, np.nan)
    return pd.DataFrame({
        "coefficient": beta, "standard error": error, "t": t, "p": 2 * stats.t.sf(np.abs(t), max(free, 1)),
        "low": beta - reach, "high": beta + reach, "rows": rows, "residual degrees of freedom": rows - k,
    }, index=names)  # fmt: skip


def _judged(table: pd.DataFrame, few: np.ndarray, free: int, rules: Profile, profile: str) -> SafeTable:
    reason = np.where(few, "threshold", "ok") if free >= rules.degrees_of_freedom else np.array(["degrees-of-freedom"])
    outcome = pd.DataFrame({name: np.broadcast_to(reason, len(table)) for name in table.columns}, index=table.index)
    return SafeTable(table.astype(object).mask(outcome != "ok", SUPPRESSED), outcome, profile, "regression")
