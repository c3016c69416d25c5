"""Rows that a program made over and over, which are nobody's: a search over settings, replicates of a simulation.

A search tries each value of a setting with each of the others, so that its rows are a full grid, and says how good the
model was. Replicates are numbered by what made each of them different, a seed or a resample.
"""

from __future__ import annotations

import re
from math import prod

import numpy as np
import pyarrow.compute as pc

from tre.disclosure.contents import Table
from tre.disclosure.detectors.counts import label
from tre.disclosure.detectors.groups import read_column
from tre.disclosure.statistics.shares import numbers_of

_SETTING = re.compile(
    r"(n |num |number of |max |min |log )*(learning rate|lr|eta|depth|estimators|trees|leaves|leaf|samples leaf|"
    r"samples split|child weight|alpha|lambda|penalty|kernel|gamma|c|l1 ratio|l2|batch size|batch|hidden|units|layers|"
    r"width|dropout|epochs?|weight decay|momentum|subsample|optimi[sz]er|degree|neighbou?rs|k|components|clusters|"
    r"iterations?|iter|rounds|bins|folds?|seed|model|classifier|algorithm|features|feature set|threshold|tolerance|"
    r"effect( size)?|power|per arm|noise( multiplier)?|epsilon|delta|clip(ping)?|scaler|solver|criterion)",
    re.IGNORECASE,
)
_SCORE = re.compile(
    r"\b(auc|auroc|auprc|accuracy|acc|f1|rmse|mae|mse|r2|brier|loss|perplexity|power|coverage|log ?loss|deviance|aic|"
    r"bic|c index|concordance|precision|recall|sensitivity|specificity|score)\b",
    re.IGNORECASE,
)
_REPLICATE = re.compile(
    r"\b(seed|replicates?|replications?|rep|iteration|iter|bootstraps?|resamples?|simulations?|sim|permutations?|draw|"
    r"imputation|trial run|run)\b",
    re.IGNORECASE,
)
_FEWEST_SETTINGS = 2


def is_search(table: Table) -> bool:
    """Tell whether it is each value of some settings with each of the others, and how good a model was with them."""
    names = [label(name) for name in table.names]
    settings = [n for n, name in enumerate(names) if _SETTING.fullmatch(name)]
    rest = [n for n in range(len(names)) if n not in settings]
    if len(settings) < _FEWEST_SETTINGS or not rest or not any(_SCORE.search(names[n]) for n in rest):
        return False
    if not all(np.isfinite(numbers_of(table.columns[n])).all() for n in rest):
        return False
    levels = [read_column(table.columns[n]) for n in settings]
    cells = prod(each.distinct for each in levels)
    together = {tuple(row) for row in zip(*(each.codes.tolist() for each in levels), strict=True)}
    return min(each.distinct for each in levels) > 1 and cells == len(together) == table.rows


def is_replicated(table: Table) -> bool:
    """Tell whether a column that is named as a seed's or a resample's counts the rows, one by one."""
    return any(
        _REPLICATE.search(label(name))
        and pc.count_distinct(column).as_py() == table.rows
        and bool(np.all(np.diff(numbers_of(column)) == 1))
        for name, column in zip(table.names, table.columns, strict=True)
    )
