"""Percentages of tables that were made elsewhere: how many people each of them is, and whether it is all or none."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Table
from tre.disclosure.model import Hit
from tre.disclosure.profile import Profile

PERCENT = re.compile(r"%|\b(per ?cent|percent|percentage|pct|proportion|prevalence|share)\b", re.IGNORECASE)
_DENOMINATOR = re.compile(r"^(base|denominator|population|out of|total n|n total)$", re.IGNORECASE)
_TOTAL = re.compile(r"^(all|total|totals|overall|sum|grand total)$", re.IGNORECASE)
# what a percentage is called that is of the column's own total, or of no people at all
_OF_ITSELF = re.compile(
    r"\b(of|in|the|a|all|total|rows?|columns?|cols?|cum|cumulative|valid|overall|n|change|difference|diff|reduction|"
    r"increase|ci|lower|upper|low|high|\d+|coverage|complete(ness)?|missing|occup\w*|relative|weighted|error|mean|sd)\b",
    re.IGNORECASE,
)
_CHANCE = 1e-3  # that all percentages of a base come to whole people, if it is not theirs


def find_percentages(table: Table, labels: list[str], counts: list[int], profile: Profile) -> Iterator[Hit]:
    """Yield the percentages whose numerator is small, and those that tell of everybody or nobody.

    Parameters
    ----------
    labels : list of str
        The columns' names as words.
    counts : list of int
        The columns of counts, of which one may be what the percentages are of.
    """
    for n, label in enumerate(labels):
        if not PERCENT.search(label):
            continue
        told = numbers_of(table.columns[n])
        known = told[np.isfinite(told)]
        if not len(known) or known.min() < 0 or known.max() > 100:
            continue
        whole = 1.0 if known.max() <= 1 and "%" not in "".join(table.columns[n].to_pylist()) else 100.0
        place = f"column {table.names[n]}"
        yield from _few(table, told / whole, step_of(table.columns[n]) / whole, (labels, counts, label), profile, place)
        rows = np.flatnonzero(((told == 0) | (told == whole)) & ~_of_totals(table))
        if len(rows) and profile.check_classes:
            where = f"row {int(rows[0]) + 1}, {place}"
            yield Hit("class-disclosure", "percentage", table.where, where, len(rows), "", 0.7)


def _few(
    table: Table, share: np.ndarray, step: float, named: tuple[list[str], list[int], str], profile: Profile, place: str
) -> Iterator[Hit]:
    """Yield a hit where a share of its base is fewer people than may be told, or all of it but for fewer."""
    labels, counts, label = named
    for n in (*(n for n, each in enumerate(labels) if _DENOMINATOR.fullmatch(each)), *counts):
        if labels[n] == label:
            continue  # whole percentages pass for counts, and are none of themselves
        base = numbers_of(table.columns[n])
        people = np.vstack([share, 1 - share]) * base
        few = np.round(people)
        small = (few < profile.threshold).any(axis=0) & (few > 0).all(axis=0)
        rows = np.flatnonzero(small)
        sure = bool(_DENOMINATOR.fullmatch(labels[n])) or _whole_people(people[0], step * base)
        if len(rows) and (sure or _says_of_what(label)):
            rule, confidence = ("small-count", 0.8) if sure else ("possible-small-count", 0.5)
            where = f"row {int(rows[0]) + 1}, {place}"
            yield Hit(rule, "percentage", table.where, where, len(rows), "", confidence)
            return


def _whole_people(people: np.ndarray, step: np.ndarray) -> bool:
    """Tell whether shares of a base come to whole people, as near as they are rounded and as chance would not have it.

    Parameters
    ----------
    people, step : np.ndarray
        Share times base, and how many people the last digit of the share is; shape (rows,).
    """
    known = np.isfinite(people)
    apart = np.abs(people - np.round(people))[known]
    fits = np.minimum(step[known], 1.0)  # half a step either way
    return bool(len(apart) and np.all(apart <= fits / 2 + 1e-9) and np.prod(fits) < _CHANCE)


def _says_of_what(label: str) -> bool:
    """Tell whether a percentage's name says what share of the people beside it it is (``percent readmitted``)."""
    return bool(_OF_ITSELF.sub(" ", PERCENT.sub(" ", label)).strip(" ()[]"))


def step_of(column: pa.Array) -> float:
    """Return how far apart two numbers are that differ in the last decimal that a column has."""
    decimals = pc.utf8_length(pc.replace_substring_regex(column, r"^[^.]*\.?|[^0-9]+$", ""))
    return float(10.0 ** -(pc.max(decimals).as_py() or 0))


def _of_totals(table: Table) -> np.ndarray:
    """Return which rows are named as a total, bool, shape (rows,)."""
    named = [pc.match_substring_regex(column, _TOTAL.pattern, ignore_case=True) for column in table.columns]
    return np.logical_or.reduce([each.to_numpy(zero_copy_only=False) for each in named])


def numbers_of(column: pa.Array) -> np.ndarray:
    """Return the values of a column of strings as numbers, a percent sign left out, NaN for what is none; (rows,)."""
    plain = pc.replace_substring_regex(pc.utf8_trim_whitespace(column), r"[,%\s]", "")
    fits = pc.match_substring_regex(plain, r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$")
    return np.asarray(pc.if_else(fits, plain, "nan").cast(pa.float64()).to_numpy(zero_copy_only=False))
