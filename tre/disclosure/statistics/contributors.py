"""Who stands behind each cell of a table: all that the rules need to know of it, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

ADDED = (
    "records",
    "people",
    "total",
    "size",
    "squares",
    "negatives",
    "missing",
    "fractions",
)  # these add up over cells
TOP = "top"  # columns top0, top1 ...: the largest contributions in size, descending
MISSING = "missing"  # the name of the group of those of whom a dimension is not known


@dataclass(frozen=True)
class Contributors:
    """The contributors to `n` cells.

    Parameters
    ----------
    records, people : np.ndarray
        Rows with a value, and the different people that they are of (as many, where rows name nobody), int64, (n,).
    total, size, squares : np.ndarray
        Sums of the values, of the contributions' sizes, and of the values' squares, float64, (n,). Without a column of
        values each row's value is 1.
    largest : np.ndarray
        The sizes of the largest contributions, one for each person, descending, filled up with 0, float64, (n, k).
        Those after the first may be the most that they can be where none dominates (see ``Question.dominant``).
    least, most : np.ndarray
        The smallest and the largest value of a row, NaN for none, float64, (n,).
    negatives, missing, fractions : np.ndarray
        Rows with a value under 0, without one, and with one that is neither 0 nor 1, int64, (n,).
    """

    records: np.ndarray
    people: np.ndarray
    total: np.ndarray
    size: np.ndarray
    squares: np.ndarray
    largest: np.ndarray
    least: np.ndarray
    most: np.ndarray
    negatives: np.ndarray
    missing: np.ndarray
    fractions: np.ndarray

    @classmethod
    def of_frame(cls, frame: pd.DataFrame) -> Contributors:
        """Return the contributors to the cells of a frame, one in each row; a row of NaN is a cell of nobody."""
        tops = sorted((name for name in frame.columns if str(name).startswith(TOP)), key=lambda name: int(name[3:]))
        whole = {
            name: frame[name].fillna(0).to_numpy(np.int64)
            for name in ("records", "people", "negatives", "missing", "fractions")
        }
        sums = {name: frame[name].fillna(0.0).to_numpy(float) for name in ("total", "size", "squares")}
        ends = {name: frame[name].to_numpy(float) for name in ("least", "most")}
        return cls(**whole, **sums, **ends, largest=frame[tops].fillna(0.0).to_numpy(float))

    @property
    def binary(self) -> bool:
        """Whether every value is 0 or 1, so that sums are numerators and means are proportions."""
        return bool(self.records.any()) and not self.fractions.any()


def merged(cells: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return the contributors to coarser cells, where no person contributes to two of the finer ones.

    Parameters
    ----------
    cells : pd.DataFrame
        Columns of groups, those of `ADDED`, ``least``, ``most`` and the largest contributions.
    by : sequence of str
        The columns that make the coarser cells; none for one cell of all.
    """
    keys = list(by)
    if not keys:
        return merged(cells.assign(_all=0), ["_all"]).drop(columns="_all")
    grouped = cells.groupby(keys, sort=False, dropna=False, observed=True)
    coarse = grouped.agg({**dict.fromkeys(ADDED, "sum"), "least": "min", "most": "max"})
    tops = [name for name in cells.columns if str(name).startswith(TOP)]
    lines = grouped.ngroup().to_numpy()
    sizes = cells[tops].to_numpy(float)
    coarse[tops] = largest_of(np.repeat(lines, len(tops)), sizes.ravel(), len(coarse), len(tops))
    return coarse.reset_index()


def largest_of(groups: np.ndarray, sizes: np.ndarray, count: int, k: int) -> np.ndarray:
    """Return the `k` largest sizes of each group, descending, filled up with 0; shape (count, k)."""
    order = np.lexsort((-sizes, groups))
    groups, sizes = groups[order], sizes[order]
    place = np.arange(len(groups)) - np.searchsorted(groups, groups)
    kept = (place < k) & (groups >= 0)
    found = np.zeros((count, k))
    found[groups[kept], place[kept]] = sizes[kept]
    return found
