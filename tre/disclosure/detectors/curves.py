"""Whether numbers stand in an order that means something, as a curve's or a run's do, or in any, as people's do.

A curve (a loss, a time series) moves little from one value to the next: the mean square of its steps is far under twice
its variance, which that of values in random order is (von Neumann 1941). Values that were sorted are no curve either:
the steps between them are in random order.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Table
from tre.disclosure.detectors.counts import share
from tre.disclosure.detectors.groups import one_way, read_column
from tre.disclosure.statistics.shares import numbers_of

_NUMBER = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?%?$"
_SAMPLE = 5000  # rows
_FEWEST_DIFFERENT = 5


def is_curve(table: Table) -> bool:
    """Tell whether it is up to three columns of numbers over numbers or days that run one way, as a ROC curve's."""
    if len(table.names) > 3 or any(share(column, _NUMBER) < 0.99 for column in table.columns[1:]):
        return False
    first = table.columns[0]
    return one_way(first.to_pylist()) if share(first, _NUMBER) >= 0.99 else _is_time(first)


def is_run(table: Table) -> bool:
    """Tell whether it is numbers that move little from step to step, over steps or times that are all as far apart."""
    columns = [column[:_SAMPLE] for column in table.columns]
    axes = [_is_time(column) or _is_even(numbers_of(column)) for column in columns]
    rest = [numbers_of(column) for column, axis in zip(columns, axes, strict=True) if not axis]
    return any(axes) and all(bool(np.isfinite(each).all()) and not is_disordered(each) for each in rest)


def is_disordered(values: np.ndarray) -> bool:
    """Tell whether numbers differ and stand in random order, or were so before they were sorted.

    Parameters
    ----------
    values : np.ndarray
        float64, shape (rows,); what is not finite is left out, and may be a tenth.
    """
    known = values[np.isfinite(values)]
    if len(known) < 0.9 * len(values) or len(np.unique(known)) < _FEWEST_DIFFERENT:
        return False
    steps = np.diff(known)
    if bool((steps >= 0).all() or (steps <= 0).all()):
        known = steps[len(steps) // 4 : -(len(steps) // 4) or None]  # the steps to the outermost values are longer
        steps = np.diff(known)
    return bool(np.mean(steps**2) > np.var(known) > 0)


def _is_even(values: np.ndarray) -> bool:
    """Tell whether whole numbers run in steps that are all the same."""
    steps = np.diff(values)
    return bool(len(steps) and steps[0] != 0 and np.all(steps == steps[0]) and np.all(values == np.floor(values)))


def _is_time(column: pa.Array) -> bool:
    read = read_column(column)
    return read.day and read.one_way and pc.count_distinct(column).as_py() == len(column)
