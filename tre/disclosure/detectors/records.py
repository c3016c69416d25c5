"""Whether rows single out people: how many stand alone, here and, by estimate, among all the people there are.

A row that is alone in its combination of quasi-identifiers may still be one of many in the population. With N people
of whom n are here, and lambda people expected in a combination, the number of the others in it is Poisson with mean
``lambda * (1 - n / N)``, so that a row alone here is alone among all with probability ``exp(-lambda * (1 - n / N))``
(Skinner and Holmes 1998; the measure of mu-ARGUS and sdcMicro). Lambda is N times the product of each value's share:
columns taken as independent, which tells too few of the people who are alone rather than too many.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Table
from tre.disclosure.detectors.counts import SEVERAL, is_count, label
from tre.disclosure.model import Hit

_KEY = r"^[A-Za-z0-9/_-]*[0-9][A-Za-z0-9/_-]*$"
_KEY_LENGTH = 6  # signs of a key; shorter ones are ages, codes and years


@dataclass(frozen=True)
class Uniqueness:
    """How a table's rows stand: alone in their combination, in the smallest group, and expected alone among all.

    `even` is whether all groups are of one size, and `cells` how many combinations there could be.
    """

    rows: int
    alone: int
    smallest: int
    expected: float
    even: bool
    cells: float

    def is_summary(self, coincidences: float) -> bool:
        """Tell whether each combination stands there as often as each other, where chance would not make it so.

        A summary has them so by construction; see :mod:`tre.disclosure.detectors.groups`.
        """
        return self.even and self.rows**2 / (2 * self.cells) >= coincidences


def uniqueness(columns: Sequence[pa.Array], population: int) -> Uniqueness:
    """Return how far some columns single out rows.

    Parameters
    ----------
    columns : sequence of pa.Array
        Strings, each of shape (n,), n at least 1.
    population : int
        The people of whom the rows are some; where it is less than n, n is taken.
    """
    rows = len(columns[0])
    people = max(population, rows)
    codes, expected, cells = np.zeros(rows, dtype=np.int64), np.full(rows, float(people)), 1.0
    for column in columns:
        coded = column.dictionary_encode()
        each = np.asarray(coded.indices.fill_null(0), dtype=np.int64)
        expected *= (np.bincount(each) / rows)[each]
        cells *= len(coded.dictionary)
        _, codes = np.unique(codes * len(coded.dictionary) + each, return_inverse=True)
    sizes = np.bincount(codes)
    alone = sizes[codes] == 1
    likely = np.exp(-expected[alone] * (1 - rows / people))
    even = bool(sizes.min() == sizes.max())
    return Uniqueness(rows, int(alone.sum()), int(sizes.min()), float(likely.sum()), even, cells)


def find_unique(
    table: Table, quasi: Sequence[str], population: int, threshold: int, shape: Mapping[str, float]
) -> Iterator[Hit]:
    """Yield a hit for rows of people whose quasi-identifiers single some of them out.

    Parameters
    ----------
    quasi : sequence of str
        Names of columns by which an outsider may know a person, from the data contracts.
    threshold : int
        The least people that may share a combination.
    """
    known = {_plain(name) for name in quasi}
    chosen = [n for n, name in enumerate(table.names) if _plain(name) in known]
    counted = any(
        is_count(name, column) and not SEVERAL.fullmatch(label(name))
        for name, column in zip(table.names, table.columns, strict=True)
    )
    if len(chosen) < 2 or table.rows < threshold or counted:
        return
    found = uniqueness([table.columns[n] for n in chosen], population)
    if found.smallest < threshold and not found.is_summary(shape["coincidences"]):
        names = ", ".join(table.names[n] for n in chosen)
        told = f"{found.alone} of {found.rows} rows are alone"
        told += f", about {found.expected:.0f} of them among all {population} people" if population else ""
        sure = found.alone > 0 or not population
        rule = "unique-persons" if sure else "possible-records"
        yield Hit(rule, "small-groups", table.where, f"columns {names}: {told}", found.rows, "", 0.9 if sure else 0.6)


def _plain(name: str) -> str:
    return re.sub(r"[_\W]+", " ", name).strip().lower()


def find_keys(table: Table, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit for two columns of keys side by side: with it, what was kept apart can be joined."""
    if table.rows < shape["review_rows"]:
        return
    keys = [name for name, column in zip(table.names, table.columns, strict=True) if _is_key(column, shape)]
    if len(keys) >= 2:
        yield Hit("record-level", "keys-joined", table.where, f"columns {', '.join(keys[:3])}", table.rows, "", 0.8)


def _is_key(column: pa.Array, shape: Mapping[str, float]) -> bool:
    """Tell whether nearly every value differs, is long, holds a digit, and is not in order, as names of things are."""
    if pc.count_distinct(column).as_py() < shape["near_unique"] * len(column):
        return False
    long = float(pc.mean(pc.greater_equal(pc.utf8_length(column), _KEY_LENGTH)).as_py() or 0)
    formed = float(pc.mean(pc.match_substring_regex(column, _KEY)).as_py() or 0)
    values = column.to_pylist()[:1000]
    return long > 0.9 and formed > 0.9 and values not in (sorted(values), sorted(values, reverse=True))
