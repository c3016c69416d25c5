"""What is asked of a table: one value, checked when it is made. Everything in it is public: bounds, edges and values.

They are written by a person or taken from the data contract, never from the data: a range that is read off the data
would itself tell of somebody (Dwork and Roth 2014, section 2.3).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

from spark_jobs.errors import JobRefused

KINDS = ("count", "table", "histogram", "sum", "mean", "quantiles")
GRID = 128  # even steps between the bounds that quantiles are counted in
MOST_CELLS, MOST_OF_A_PERSON = 4096, 100
_TOLD = frozenset({"value", "off", "persons", "quantile", "from", "to"})  # columns of an answer
_TABLE = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True)
class Of:
    """A column and the values of it that count; any other is nobody's."""

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """One question about persons.

    Parameters
    ----------
    kind : str
        ``count``, ``table`` and ``histogram`` count persons: in all or for each value of ``by``; for each combination
        of two or more; for each step between ``edges``. ``sum`` adds each person's total, ``mean`` and ``quantiles``
        are over each person's own mean.
    table : str
        Of the extract.
    by, where : tuple of Of
        What it is told for, each by itself; and what rows have to be.
    column : str
        The number that it is about.
    low, high : float
        Its bounds: what lies outside is cut to them.
    edges, quantiles : tuple of float
        Rising; and from 0 to 1.
    cells : int
        In how many cells one person counts at most, chosen at random; noise grows by its root.

    Raises
    ------
    JobRefused
        When it is not whole.
    """

    kind: str
    table: str
    by: tuple[Of, ...] = ()
    where: tuple[Of, ...] = ()
    column: str = ""
    low: float = 0.0
    high: float = 0.0
    edges: tuple[float, ...] = ()
    quantiles: tuple[float, ...] = ()
    cells: int = 1

    def __post_init__(self) -> None:
        for holds, what in self._rules():
            if not holds:
                raise JobRefused(f"The question is not whole: {what}", where="query")

    def _rules(self) -> list[tuple[bool, str]]:
        numbers = (self.low, self.high, *self.edges, *self.quantiles)
        named = [*self.by, *self.where]
        of_number = self.kind in ("sum", "mean", "quantiles")
        return [
            (self.kind in KINDS, f"it is one of {', '.join(KINDS)}"),
            (bool(_TABLE.fullmatch(self.table)), "the table has a name of the extract"),
            (all(math.isfinite(each) for each in numbers), "numbers are finite"),
            (all(each.column and each.values for each in named), "a column has values that count"),
            (not _TOLD & {each.column for each in self.by}, "no column of by is called as one of the answer's"),
            (all(len(set(each.values)) == len(each.values) for each in named), "values are different"),
            (self.kind != "table" or len(self.by) > 1, "a table is by two columns or more"),
            (not of_number or (bool(self.column) and self.low < self.high), "a number has a column, and a lower bound "
             "under its upper"),
            (self.kind != "histogram" or (bool(self.column) and len(self.edges) > 1), "a histogram has edges"),
            (all(one < other for one, other in pairwise(self.edges)), "edges rise"),
            (self.kind != "quantiles" or bool(self.quantiles), "quantiles are named"),
            (all(0 <= each <= 1 for each in self.quantiles), "quantiles lie from 0 to 1"),
            (1 <= self.cells <= MOST_OF_A_PERSON, f"a person counts in 1 to {MOST_OF_A_PERSON} cells"),
            (self.groups() * self.steps() <= MOST_CELLS, f"there are {MOST_CELLS:,} cells at most"),
        ]  # fmt: skip

    def groups(self) -> int:
        """Return how many combinations of the values of ``by`` there are."""
        return math.prod(len(each.values) for each in self.by)

    def steps(self) -> int:
        """Return into how many steps its number is counted."""
        return {"histogram": max(len(self.edges) - 1, 1), "quantiles": GRID}.get(self.kind, 1)

    def cells_of_a_person(self) -> int:
        """Return in how many cells one person counts at most."""
        return min(self.cells, self.groups() * (self.steps() if self.kind == "histogram" else 1))

    def told_for(self) -> list[dict[str, str]]:
        """Return the combinations of the values of ``by``, in order."""
        names = [each.column for each in self.by]
        return [dict(zip(names, values, strict=True)) for values in product(*(each.values for each in self.by))]

    @classmethod
    def from_json(cls, told: object) -> Query:
        """Return a question from JSON values.

        Raises
        ------
        JobRefused
            When it is none.
        """
        if not isinstance(told, Mapping):
            raise JobRefused("A question is a JSON object", where="query")
        try:
            listed: dict[str, Any] = {name: _of(told[name]) for name in ("by", "where") if name in told}
            listed |= {name: tuple(map(float, told[name])) for name in ("edges", "quantiles") if name in told}
            listed |= {name: float(told[name]) for name in ("low", "high") if name in told}
            plain = {name: each for name, each in told.items() if name not in listed}
            if not all(isinstance(plain.get(name, ""), str) for name in ("kind", "table", "column")):
                raise TypeError
            if not isinstance(plain.get("cells", 1), int):
                raise TypeError
            return cls(**plain, **listed)
        except (TypeError, ValueError, KeyError, AttributeError):
            raise JobRefused("The question is not whole", where="query", todo="Ask it by tre.private") from None


def _of(told: Any) -> tuple[Of, ...]:
    return tuple(Of(str(each["column"]), tuple(map(str, each["values"]))) for each in told)
