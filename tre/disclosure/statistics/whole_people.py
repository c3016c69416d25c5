"""How few people figures are of, where nothing but their decimals says it: one person more or less is a known step.

Shares that are all multiples of one over 23 are of a class of 23. A survival curve falls by d of the n who are at risk
(Kaplan and Meier 1958), so that the share by which it falls is whole people of fewer and fewer. Either is believed only
where figures of other people would be so by chance in less than one table of a thousand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from tre.disclosure.contents import Table
from tre.disclosure.model import Hit
from tre.disclosure.profile import Profile
from tre.disclosure.statistics.shares import PERCENT, numbers_of, step_of

_SURVIVAL = re.compile(r"\b(surviv\w*|surv|event[ -]free|kaplan[ -]meier|km)\b|\bs\(t\)", re.IGNORECASE)
_FAILURE = re.compile(r"\b(cumulative|cum) (incidence|mortality|risk|deaths?|events?|failure)\b", re.IGNORECASE)
_CHANCE = 1e-3
_FEWEST = 2  # different shares
_FEWEST_STEPS = 5
_LARGEST_BASE = 2000
_MOST_AT_ONCE = 3  # people who leave at one step
_SURE = 0.25  # people within which the decimals must tell a number
_MOST_ROWS = 2000


def find_whole_people(table: Table, labels: list[str], counts: list[int], profile: Profile) -> Iterator[Hit]:
    """Yield the shares whose unsaid base is few people, and the survival curves that fall by a few.

    Parameters
    ----------
    labels : list of str
        The columns' names as words.
    counts : list of int
        The columns of counts; beside them shares are judged by these.
    """
    for n, label in enumerate(labels):
        is_curve = bool(_SURVIVAL.search(label) or _FAILURE.search(label))
        is_share = not counts and bool(PERCENT.search(label))
        if n in counts or table.rows > _MOST_ROWS or not (is_curve or is_share):
            continue
        told = numbers_of(table.columns[n])
        if not np.isfinite(told).all() or told.min() < 0 or told.max() > 100:
            continue
        whole = 1.0 if told.max() <= 1 else 100.0
        share, step = told / whole, step_of(table.columns[n]) / whole
        if is_curve:
            rows = _small_steps(1 - share if _FAILURE.search(label) else share, step, profile)
            rule, kind = "small-risk-set", "steps"
        else:
            rows = _small_parts(share, step, profile)
            rule, kind = "possible-recoverable-cell", "base"
        if len(rows):
            place = f"row {table.start + int(rows[0]) + 1}, column {table.names[n]}"
            yield Hit(rule, kind, table.where, place, len(rows), "", 0.7)


def _small_parts(share: np.ndarray, step: float, profile: Profile) -> np.ndarray:
    """Return the rows whose share is of few people, or of all but a few, if the shares tell of how many they are."""
    base = base_of(np.unique(share[(share > 0) & (share < 1)]), step)
    part = np.round(share * base)
    few = (part > 0) & (part < base) & (profile.is_small(part) | profile.is_small(base - part))
    return np.flatnonzero(few)


def base_of(shares: np.ndarray, step: float) -> int:
    """Return the least number of people that shares can be of, 0 where their decimals do not tell it.

    Shares that are round numbers (0.25, 0.4) are of no number of people more than of another.

    Parameters
    ----------
    shares : np.ndarray
        Different shares between 0 and 1, shape (n,).
    step : float
        How far apart two shares are that differ in the last decimal.
    """
    by_chance = 0.0
    for base in range(2, _LARGEST_BASE if len(shares) >= _FEWEST else 2):
        people = shares * base
        by_chance += min(base * step, 1.0) ** len(shares)
        if by_chance > _CHANCE:
            return 0
        if np.all(np.abs(people - np.round(people)) <= base * step / 2 + 1e-9):
            return 0 if _is_round(base) else base
    return 0


def _is_round(base: int) -> bool:
    """Tell whether all shares of a number end after a few decimals: it has no other factors than 2 and 5."""
    return 10**12 % base == 0


def _small_steps(survival: np.ndarray, step: float, profile: Profile) -> np.ndarray:
    """Return the rows at which a curve falls by fewer people than may be told, or while too few are at risk.

    Parameters
    ----------
    survival : np.ndarray
        Of one group after the other, shape (rows,); where it rises another group begins.
    """
    found: list[int] = []
    starts = [0, *(np.flatnonzero(np.diff(survival) > 0) + 1).tolist(), len(survival)]
    for first, last in pairwise(starts):
        at = survival[first:last]
        before = np.concatenate([[1.0], at[:-1]])
        falls = np.flatnonzero(at < before)
        left, at_risk, chance = _leaving(before[falls], at[falls], step)
        known = left > 0
        in_order = bool(np.all(np.diff(at_risk[known]) <= -left[known][:-1]))
        if known.sum() >= _FEWEST_STEPS and (chance < 1).sum() == known.sum() and in_order and chance.prod() < _CHANCE:
            small = (left < profile.threshold) | (at_risk < profile.at_risk)
            found += (first + falls[known & small]).tolist()
    return np.array(found, dtype=np.int64)


def _leaving(before: np.ndarray, after: np.ndarray, step: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how many leave at each fall and of how many; 0 where neither is told; each shape (falls,).

    The third array is how likely numbers in any order are whole people, 1 where decimals are too few to tell.
    """
    fall = 1 - after / before
    error = step / 2 / before * (1 + after / before)
    per_person = 1 / fall
    within = per_person**2 * error
    left, at_risk = np.zeros(len(fall)), np.zeros(len(fall))
    several = range(_MOST_AT_ONCE, 0, -1)
    for people in several:
        told = people * per_person
        exact = people * within < _SURE
        fits = exact & (np.abs(told - np.round(told)) <= people * within + 1e-6)
        left, at_risk = np.where(fits, people, left), np.where(fits, np.round(told), at_risk)
    can_be = np.array([np.where(people * within < _SURE, 2 * people * within, 0) for people in several]).sum(axis=0)
    return left, at_risk, np.where(within < _SURE, np.minimum(can_be, 1 - 1e-9), 1.0)
