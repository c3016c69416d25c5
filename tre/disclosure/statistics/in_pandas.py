"""The contributors to each group of a pandas DataFrame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tre.disclosure.statistics.contributors import TOP, largest_of, merged
from tre.disclosure.statistics.question import Question

Levels = tuple[str, ...]


def count_groups(frame: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Return the contributors to each group that anybody is in, a row for each."""
    return _grouped(_person_rows(frame, question), question.groups, question)


def count_levels(frame: pd.DataFrame, question: Question, levels: Sequence[Levels]) -> dict[Levels, pd.DataFrame]:
    """Return the same for coarser groups, by the columns that make them."""
    if question.person is None:
        groups = count_groups(frame, question)
        return {level: merged(groups, level) for level in levels}
    rows = _person_rows(frame, question)
    return {level: _grouped(rows, level, question) for level in levels}


def _person_rows(frame: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Return what the rules need of each row, and whose it is."""
    value = frame[question.values].astype(float) if question.values else pd.Series(1.0, index=frame.index)
    value = value.where(np.isfinite(value))
    rows = frame[list(question.groups)].copy()
    held = value.notna()
    return rows.assign(
        _person=np.arange(len(frame)) if question.person is None else frame[question.person].to_numpy(),
        _value=value, records=held, missing=~held, negatives=value < 0, squares=value**2,
        fractions=held & ~value.isin((0.0, 1.0)),
    )  # fmt: skip


def _grouped(rows: pd.DataFrame, level: Levels, question: Question) -> pd.DataFrame:
    keys = list(level) or ["_all"]
    rows = rows if level else rows.assign(_all=0)
    sums = {name: (name, "sum") for name in ("records", "missing", "negatives", "squares", "fractions")}
    ends = {"total": ("_value", "sum"), "least": ("_value", "min"), "most": ("_value", "max")}
    grouped = rows.groupby(keys, sort=False, dropna=False, observed=True)
    found = grouped.agg(**sums, **ends)
    held = rows[rows["records"]]
    each = held
    if question.person is not None:
        each = held.groupby([*keys, "_person"], sort=False, dropna=False, observed=True)["_value"].sum().reset_index()
    sizes = each["_value"].abs().to_numpy(float)
    places = found.reset_index()[keys].reset_index(names="_place")
    at = each[keys].merge(places, on=keys, how="left")["_place"].to_numpy(np.int64)
    found["people"] = np.bincount(at, minlength=len(found))
    found["size"] = np.bincount(at, weights=sizes, minlength=len(found))
    tops = largest_of(at, sizes, len(found), question.largest)
    found[[f"{TOP}{n}" for n in range(question.largest)]] = tops
    found = found.reset_index()
    return found if level else found.drop(columns="_all")


def quantiles(frame: pd.DataFrame, question: Question, at: Sequence[float]) -> pd.DataFrame:
    """Return for each group its quantiles ``q0, q1 ...`` and the people at or under and at or over each of them."""
    rows = _person_rows(frame, question)
    rows = rows[rows["records"]]
    keys = list(question.groups) or ["_all"]
    rows = rows if question.groups else rows.assign(_all=0)
    found = []
    for key, each in rows.groupby(keys, sort=False, dropna=False, observed=True):
        told: dict[str, object] = dict(zip(keys, key, strict=True)) if question.groups else {}
        value, person = each["_value"], each["_person"]
        for n, cut in enumerate(value.quantile(list(at))):
            told |= {f"q{n}": cut, f"under{n}": person[value <= cut].nunique(dropna=False)}
            told[f"over{n}"] = person[value >= cut].nunique(dropna=False)
        found.append(told | {"least": value.min(), "most": value.max()})
    return pd.DataFrame(found)


def binned(frame: pd.DataFrame, values: str, edges: Sequence[float]) -> pd.DataFrame:
    """Return the frame with the number of each value's bin in a column ``_bin``, NaN without a value."""
    value = frame[values].astype(float)
    place = pd.Series(np.searchsorted(np.asarray(edges), value.to_numpy(), side="right"), index=frame.index)
    return frame.assign(_bin=place.where(value.notna()))


def leavers(frame: pd.DataFrame, groups: Sequence[str], time: str, event: str) -> pd.DataFrame:
    """Return for each group and time how many leave, and how many of them by the event."""
    held = frame[frame[time].notna() & frame[event].notna()]
    rows = held[list(groups)].assign(time=held[time].astype(float), events=held[event].astype(float) == 1, leaving=1)
    return rows.groupby([*groups, "time"], dropna=False, observed=True).sum().reset_index()


def products(frame: pd.DataFrame, names: Sequence[str]) -> tuple[int, np.ndarray]:
    """Return how many rows have every value, and the sums of products of each two of the columns and of 1."""
    values = frame[list(names)].astype(float).dropna().to_numpy()
    terms = np.column_stack([np.ones(len(values)), values])
    return len(values), terms.T @ terms
