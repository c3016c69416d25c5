"""A profile: the figures that the statistical rules are applied with, and how what is small is treated."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

import numpy as np

from tre.disclosure.model import DisclosureError

Rounding = Literal["none", "nearest", "midpoint"]
Small = Literal["suppress", "zero", "round"]
_NAME = re.compile(r"[_\W]+")


@dataclass(frozen=True)
class Profile:
    """Figures of the statistical rules; each is explained beside its value in ``policies/disclosure.yaml``.

    `threshold`, `degrees_of_freedom` and `at_risk` are the least that may be shown; `nk_k`, `p_ratio` and `protection`
    are shares between 0 and 1; `unnamed` holds names of columns and `unnamed_values` a regular expression.

    Raises
    ------
    DisclosureError
        A figure is not one that its rule can be applied with.
    """

    threshold: int
    check_zeros: bool
    check_classes: bool
    check_missing: bool
    check_masks: bool
    nk_n: int
    nk_k: float
    p_ratio: float
    degrees_of_freedom: int
    at_risk: int
    protection: float
    rounding: Rounding
    round_base: int
    small: Small
    unnamed: tuple[str, ...]
    unnamed_values: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "unnamed", tuple(self.unnamed))
        whole = (self.threshold, self.nk_n, self.degrees_of_freedom, self.at_risk, self.round_base)
        shares = (self.nk_k, self.p_ratio, self.protection)
        fits = (
            all(type(each) is int and each >= 1 for each in whole)
            and all(0 <= each <= 1 for each in shares)
            and self.rounding in get_args(Rounding)
            and self.small in get_args(Small)
        )
        if not fits:
            raise DisclosureError(
                "A figure of a disclosure profile cannot be applied", where="policies/disclosure.yaml"
            )

    def is_small(self, counts: np.ndarray) -> np.ndarray:
        """Tell of each count whether it may not be shown for being too small; shape as `counts`.

        What is not a number is not small. Where every count is rounded to the middle of its range, a small one is
        told by :meth:`is_unrounded`.
        """
        if self.small == "round":
            return np.zeros(np.shape(counts), dtype=bool)
        with np.errstate(invalid="ignore"):
            return (counts < self.threshold) & (counts >= (0 if self.check_zeros else 1))

    def is_unrounded(self, counts: np.ndarray) -> np.ndarray:
        """Tell of each count whether it is none that this profile's rounding leaves; shape as `counts`."""
        with np.errstate(invalid="ignore"):
            return np.isfinite(counts) & (self.rounded(counts) != counts)

    def rounded(self, counts: np.ndarray) -> np.ndarray:
        """Return the counts as this profile shows them, its suppression left out.

        Nearest rounding is to a multiple of the base. Midpoint rounding is ``ceil(n / b) * b - floor(b / 2)`` and 0
        for nobody (OpenSAFELY documentation, midpoint 6 rounding): no count is told apart from the others of its
        range, and a published one cannot be rounded again to another.
        """
        shown = np.asarray(counts, dtype=float)
        if self.small == "zero":
            shown = np.where(shown < self.threshold, 0.0, shown)
        base = self.round_base
        if self.rounding == "nearest":
            return np.floor(shown / base + 0.5) * base
        if self.rounding == "midpoint":
            return np.where(shown > 0, np.ceil(shown / base) * base - base // 2, 0.0)
        return shown

    def forbids_name(self, column: str) -> bool:
        """Tell whether the values of a column of that name may not be told one by one."""
        return _NAME.sub(" ", column).strip().lower() in self.unnamed

    def tightened(self, changes: Mapping[str, Any]) -> Profile:
        """Return the profile with some figures made stricter.

        Raises
        ------
        DisclosureError
            There is no such figure, or the change would loosen it.
        """
        for name, value in changes.items():
            stricter = _STRICTER.get(name)
            if stricter is None or name not in {each.name for each in fields(self)}:
                raise DisclosureError("A project cannot tighten that", where=name, todo="Use " + ", ".join(_STRICTER))
            if not stricter(value, getattr(self, name)):
                raise DisclosureError("A project may tighten a disclosure rule, never loosen it", where=name)
        return replace(self, **changes)

    def raised_to(self, least: Profile) -> dict[str, Any]:
        """Return the figures of another profile that are stricter than this one's, as :meth:`tightened` takes them.

        Whether nobody, or everybody, in a group may be told stays as it is where small counts are shown as 0 and the
        others rounded: neither is told then.
        """
        left = {"check_zeros", "check_classes"} if self.small == "zero" else set()
        theirs = {name: getattr(least, name) for name in _STRICTER if name not in left}
        theirs["unnamed"] = tuple(dict.fromkeys([*self.unnamed, *least.unnamed]))
        return {
            name: value
            for name, value in theirs.items()
            if value != getattr(self, name) and _STRICTER[name](value, getattr(self, name))
        }


def _more(new: Any, old: Any) -> bool:
    return type(new) is not str and bool(new >= old)


def _less(new: Any, old: Any) -> bool:
    return type(new) is not str and bool(new <= old)


def _also(new: Any, old: Any) -> bool:
    return type(new) is not str and set(new) >= set(old)


_STRICTER: dict[str, Callable[[Any, Any], bool]] = {
    "threshold": _more, "check_zeros": _more, "check_classes": _more, "check_missing": _more, "check_masks": _more,
    "nk_n": _more, "nk_k": _less, "p_ratio": _more, "degrees_of_freedom": _more, "at_risk": _more, "protection": _more,
    "unnamed": _also,
}  # fmt: skip
