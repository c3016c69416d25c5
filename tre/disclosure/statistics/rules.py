"""The disclosure rules, each a pure function of a cell's contributors: which cells break it.

The rules and their default figures are those of ACRO (AI-SDC/ACRO, ``default.yaml``) and of the SDC Handbook
(Welpton 2019). Where several hold of a cell the first of :data:`UNSAFE` is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tre.disclosure.profile import Profile
from tre.disclosure.statistics.contributors import Contributors

Aggregate = Literal["count", "people", "sum", "mean", "std"]
UNSAFE = (
    "threshold", "numerator", "degrees-of-freedom", "class-disclosure", "nk-rule", "p-ratio", "all-values-are-same",
)  # fmt: skip
REVIEW = ("negative", "missing")
_NEAR = 1e-9  # relative: what two ways of adding the same numbers differ by


@dataclass(frozen=True)
class Judgement:
    """What the rules say of each cell: for the name of a rule, the cells that break it, bool, shape (n,)."""

    unsafe: dict[str, np.ndarray]
    review: dict[str, np.ndarray]

    @property
    def primary(self) -> np.ndarray:
        """The cells that may not be shown, bool, shape (n,)."""
        return np.logical_or.reduce(list(self.unsafe.values()))

    @property
    def verdict(self) -> Literal["pass", "review", "fail"]:
        """The worst that the rules call for, in ACRO's words."""
        if self.primary.any():
            return "fail"
        return "review" if any(mask.any() for mask in self.review.values()) else "pass"


def judge(cells: Contributors, aggregate: Aggregate, profile: Profile) -> Judgement:
    """Return what the rules say of cells that show an aggregate.

    Which rules an aggregate is held to follows ACRO's ``analyses.json``: counts to the threshold, linear aggregates to
    dominance too, a standard deviation to its degrees of freedom. The number of records where people stand behind
    several each is a sum too: each contributes the number of theirs.
    """
    nobody = np.zeros(len(cells.records), dtype=bool)
    unsafe = dict.fromkeys(UNSAFE, nobody) | {"threshold": below_threshold(cells, profile)}
    review = dict.fromkeys(REVIEW, nobody)
    if aggregate == "std":
        unsafe["degrees-of-freedom"] = cells.people - 1 < profile.degrees_of_freedom
    if aggregate in ("sum", "mean") and cells.binary:
        unsafe["numerator"] = numerator_below_threshold(cells, profile)
    elif aggregate in ("sum", "mean") or (aggregate == "count" and (cells.people < cells.records).any()):
        unsafe["nk-rule"] = nk_rule(cells, profile)
        unsafe["p-ratio"] = p_ratio(cells, profile)
        review["negative"] = cells.negatives > 0
    if aggregate in ("sum", "mean", "std"):
        unsafe["all-values-are-same"] = all_values_are_same(cells)
        if profile.check_missing:
            review["missing"] = cells.missing > 0
    return Judgement(unsafe, review)


def below_threshold(cells: Contributors, profile: Profile) -> np.ndarray:
    """Return the cells of fewer people than the threshold, those of nobody too where zeros are checked."""
    return (cells.people < profile.threshold) & (cells.people >= (0 if profile.check_zeros else 1))


def numerator_below_threshold(cells: Contributors, profile: Profile) -> np.ndarray:
    """Return the cells of a proportion with fewer people than the threshold who have, or have not, what it counts.

    UK LLC: low counts also include percentages that refer to them. Both sides count: 100 % and nearly 100 % are told.
    """
    least = 0 if profile.check_zeros else 1
    sides = (cells.total, cells.records - cells.total)
    return np.logical_or.reduce([(side < profile.threshold) & (side >= least) & (cells.records > 0) for side in sides])


def nk_rule(cells: Contributors, profile: Profile) -> np.ndarray:
    """Return the cells whose `nk_n` largest contributors make up the share `nk_k` of the total, or more.

    With negative values a total is not made of shares, and a person looks (ACRO); the sizes of the contributions are
    judged nevertheless, so that no dominated cell passes for having one negative value in it.
    """
    largest = cells.largest[:, : profile.nk_n].sum(axis=1)
    share = np.divide(largest, cells.size, out=np.zeros(len(largest)), where=cells.size > 0)
    return share >= profile.nk_k * (1 - _NEAR)


def p_ratio(cells: Contributors, profile: Profile) -> np.ndarray:
    """Return the cells whose second contributor can estimate the largest: (total - x1 - x2) / x1 is too small.

    A cell whose largest contribution is 0 tells nothing by its sum and is safe.
    """
    first = cells.largest[:, 0]
    rest = np.maximum(cells.size - cells.largest[:, :2].sum(axis=1), 0.0)
    return np.divide(rest, first, out=np.ones(len(first)), where=first > 0) < profile.p_ratio * (1 - _NEAR)


def all_values_are_same(cells: Contributors) -> np.ndarray:
    """Return the cells in which every row has one value, so that their mean is everybody's own."""
    return (cells.records > 0) & (cells.least == cells.most)
