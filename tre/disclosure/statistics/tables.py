"""Make a table of groups that is safe to show: threshold, dominance, p-ratio and complementary suppression.

The rules and their figures are those of ACRO (AI-SDC/ACRO, ``default.yaml``) and the SDC Handbook (Welpton 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tre.disclosure.model import DisclosureError
from tre.disclosure.policy import Profile, load_policy

SUPPRESSED = "[c]"  # GSS guidance: the mark for a confidential value
AGGREGATES = ("count", "sum", "mean")


@dataclass(frozen=True)
class SafeTable:
    """A table with its unsafe cells suppressed.

    Parameters
    ----------
    frame : pd.DataFrame
        Groups of `rows` down, groups of `columns` across, suppressed cells marked ``[c]``.
    outcome : pd.DataFrame
        For each cell of `frame` why it is suppressed: ``threshold``, ``nk-rule``, ``p-ratio``, ``complementary``,
        or ``ok``.
    profile, aggfunc : str
        The rules and the aggregate that it was made with.
    """

    frame: pd.DataFrame
    outcome: pd.DataFrame
    profile: str
    aggfunc: str

    @property
    def suppressed(self) -> int:
        """The number of suppressed cells."""
        return int((self.outcome != "ok").to_numpy().sum())

    def to_csv(self, path: str) -> None:
        """Write the table as CSV."""
        flat = self.frame.reset_index()
        flat.columns = [" ".join(map(str, each)) if isinstance(each, tuple) else str(each) for each in flat.columns]
        flat.to_csv(path, index=False)


def safe_table(
    frame: pd.DataFrame,
    rows: str | Sequence[str],
    columns: str | Sequence[str] | None = None,
    values: str | None = None,
    aggfunc: str = "count",
    profile: str = "acro",
) -> SafeTable:
    """Return a table of counts, sums or means of groups, with unsafe cells suppressed.

    Parameters
    ----------
    frame : pd.DataFrame
        One row for each person or event, shape (n, k).
    rows, columns
        The columns that make the groups, down and across.
    values : str, optional
        The column that is summed or averaged; not needed for counts.
    aggfunc : {"count", "sum", "mean"}
        A count is of rows, missing values of `values` left out.
    profile : str
        A profile of ``policies/disclosure.yaml``.

    Raises
    ------
    DisclosureError
        A column is not there, or the aggregate is not known or not one of numbers.
    """
    down, across = _listed(rows), _listed(columns)
    _check(frame, down, across, values, aggfunc)
    rules = load_policy().profile(profile)
    used = frame if values is None else frame[frame[values].notna()]
    counts = _grid(used, down, across)
    outcome = pd.DataFrame("ok", index=counts.index, columns=counts.columns)
    least = 0 if rules.check_zeros else 1
    outcome = outcome.mask((counts < rules.threshold) & (counts >= least), "threshold")
    shown: pd.DataFrame = counts
    if aggfunc != "count" and values is not None:
        shown = _aggregate(used, down, across, values, aggfunc).reindex(index=counts.index, columns=counts.columns)
        for reason, unsafe in _dominance(used, down, across, values, rules).items():
            aligned = unsafe.reindex(index=counts.index, columns=counts.columns)
            outcome = outcome.mask((outcome == "ok") & aligned.eq(True), reason)
    outcome = _complement(outcome, counts)
    return SafeTable(shown.astype(object).mask(outcome != "ok", SUPPRESSED), outcome, profile, aggfunc)


def _listed(names: str | Sequence[str] | None) -> list[str]:
    return [] if names is None else [names] if isinstance(names, str) else list(names)


def _check(frame: pd.DataFrame, down: list[str], across: list[str], values: str | None, aggfunc: str) -> None:
    wanted = [*down, *across, *([values] if values else [])]
    missing = [name for name in wanted if name not in frame.columns]
    if missing or not down:
        raise DisclosureError("A table needs columns that are there", where=", ".join(missing) or "rows")
    if aggfunc not in AGGREGATES or (aggfunc != "count" and values is None):
        raise DisclosureError(
            f"No safe table can be made of '{aggfunc}'", todo="Use count, or sum or mean with a column of values"
        )
    if aggfunc != "count" and not pd.api.types.is_numeric_dtype(frame[values]):
        raise DisclosureError("Only numbers can be summed or averaged", where=str(values))


def _spread(grouped: pd.Series, across: list[str], fill: int | None) -> pd.DataFrame:
    """Return a value for each group as a table, groups of `across` across."""
    if not across:
        return grouped.to_frame()
    return grouped.unstack(across, fill_value=fill)


def _grid(frame: pd.DataFrame, down: list[str], across: list[str]) -> pd.DataFrame:
    """Return the count of every group, those that nobody is in too when both sides are given."""
    sizes = frame.groupby([*down, *across], dropna=False, observed=True).size().rename("count")
    return _spread(sizes, across, 0).fillna(0).astype(int)


def _aggregate(frame: pd.DataFrame, down: list[str], across: list[str], values: str, how: str) -> pd.DataFrame:
    named = frame.groupby([*down, *across], dropna=False, observed=True)[values].agg(how).rename("count")
    return _spread(named, across, None)


def _dominance(
    frame: pd.DataFrame, down: list[str], across: list[str], values: str, rules: Profile
) -> dict[str, pd.DataFrame]:
    """Return for the NK rule and the p-ratio which groups break them, by the sizes of the contributions."""
    grouped = frame.assign(**{values: frame[values].abs()}).groupby([*down, *across], dropna=False, observed=True)[
        values
    ]

    def nk(each: pd.Series) -> float:
        total = each.sum()
        return float(total > 0 and each.nlargest(rules.nk_n).sum() / total >= rules.nk_k)

    def ratio(each: pd.Series) -> float:
        largest = each.nlargest(2)
        first = largest.iloc[0] if len(largest) else 0
        return float(first > 0 and (each.sum() - largest.sum()) / first < rules.p_ratio)

    rule = {"nk-rule": nk, "p-ratio": ratio}
    return {name: _spread(grouped.agg(how).rename("count"), across, 0) == 1 for name, how in rule.items()}


def _complement(outcome: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """Suppress more cells until no row and no column holds a single suppressed one, which its total would give away.

    The smallest of the other cells is taken, as it costs least; a row or column of one cell has no other.
    """
    hidden, sizes = (outcome != "ok").to_numpy(copy=True), counts.to_numpy()
    done = hidden.copy()
    changed = True
    while changed:
        changed = False
        for axis in (0, 1):
            for line in np.flatnonzero((done.sum(axis=axis) == 1) & (done.shape[axis] > 1)):
                cut = (slice(None), line) if axis == 0 else (line, slice(None))
                costs = np.where(done[cut], np.inf, sizes[cut].astype(float))
                at = int(np.argmin(costs))
                done[(at, line) if axis == 0 else (line, at)] = True
                changed = True
    return outcome.mask(pd.DataFrame(done & ~hidden, index=outcome.index, columns=outcome.columns), "complementary")
