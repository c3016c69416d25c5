"""The cells of a table with all its totals, and which of them add up to which.

Each side of a table is made of groups. The columns that make them give subtotals too: sex and age give those of each
sex and of each age; districts, wards and small areas, where each lies in one of the one before, give a hierarchy. That
is told from the groups themselves: two sets of columns that part the people alike are one.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import sparse

ALL = "All"  # in a subtotal, in place of each column that it is over (pandas' and ACRO's name for a margin)


@dataclass(frozen=True)
class Side:
    """The groups of one side and their subtotals.

    Parameters
    ----------
    names : tuple of str
        The columns that make the groups, none where the side is a single one.
    nodes : tuple of tuples
        The groups, then the subtotals; `ALL` stands for each column that a subtotal is over.
    groups : int
        How many of `nodes` are groups.
    levels : tuple of tuples
        For each node the columns that tell it apart.
    sums : tuple of (int, tuple of int)
        For each way that a subtotal is the sum of others: its node and theirs.
    """

    names: tuple[str, ...]
    nodes: tuple[tuple[Hashable, ...], ...]
    groups: int
    levels: tuple[tuple[str, ...], ...]
    sums: tuple[tuple[int, tuple[int, ...]], ...]

    @classmethod
    def of_groups(cls, names: Sequence[str], keys: Sequence[tuple[Hashable, ...]]) -> Side:
        """Return the side that those groups make; each key has a value for each name."""
        names = tuple(names)
        if not names:
            return cls((), ((),), 1, ((),), ())
        partitions = _partitions(names, keys)
        nodes: list[tuple[Hashable, ...]] = []
        levels: list[tuple[str, ...]] = []
        index: dict[tuple[int, tuple[Hashable, ...]], int] = {}
        for n, (kept, labels) in enumerate(partitions):
            for label in dict.fromkeys(labels):
                index[n, label] = len(nodes)
                nodes.append(_node(names, kept, label))
                levels.append(kept)
        return cls(names, tuple(nodes), len(keys), tuple(levels), tuple(_sums(partitions, index)))


_Partition = tuple[tuple[str, ...], list[tuple[Hashable, ...]]]


def _partitions(names: tuple[str, ...], keys: Sequence[tuple[Hashable, ...]]) -> list[_Partition]:
    """Return the different ways that some of the columns part the groups, the finest first."""
    found: dict[tuple[int, ...], _Partition] = {}
    for size in range(len(names), -1, -1):
        for kept in combinations(range(len(names)), size):
            labels = [tuple(key[n] for n in kept) for key in keys]
            code = {label: n for n, label in enumerate(dict.fromkeys(labels))}
            found.setdefault(tuple(code[label] for label in labels), (tuple(names[n] for n in kept), labels))
    return list(found.values())


def _node(names: tuple[str, ...], kept: tuple[str, ...], label: tuple[Hashable, ...]) -> tuple[Hashable, ...]:
    values = dict(zip(kept, label, strict=True))
    return tuple(values.get(name, ALL) for name in names)


def _sums(
    partitions: list[_Partition], index: dict[tuple[int, tuple[Hashable, ...]], int]
) -> list[tuple[int, tuple[int, ...]]]:
    """Return each subtotal with what it is the sum of, by every partition next finer than its own."""
    refines = {
        (fine, coarse): len(set(zip(labels, wider, strict=True))) == len(set(labels))
        for fine, (_, labels) in enumerate(partitions)
        for coarse, (_, wider) in enumerate(partitions)
        if fine != coarse
    }
    found = []
    for (fine, coarse), holds in refines.items():
        between = any(refines.get((fine, n)) and refines.get((n, coarse)) for n in range(len(partitions)))
        if not holds or between:
            continue
        parts: dict[tuple[Hashable, ...], dict[int, None]] = {}
        for label, wide in zip(partitions[fine][1], partitions[coarse][1], strict=True):
            parts.setdefault(wide, {})[index[fine, label]] = None
        found += [(index[coarse, wide], tuple(of)) for wide, of in parts.items()]
    return found


@dataclass(frozen=True)
class Lattice:
    """The cells of a table: each node of `rows` by each of `columns`, row by row."""

    rows: Side
    columns: Side

    @property
    def shape(self) -> tuple[int, int]:
        """The nodes down and across."""
        return len(self.rows.nodes), len(self.columns.nodes)

    def inner(self) -> np.ndarray:
        """Return which cells are no totals, bool, shape (cells,)."""
        found = np.zeros(self.shape, dtype=bool)
        found[: self.rows.groups, : self.columns.groups] = True
        return found.ravel()

    def sums(self) -> list[tuple[int, np.ndarray]]:
        """Return each cell that is a sum with the cells that it is the sum of."""
        down, across = self.shape
        found = [
            (total * across + n, np.array(parts) * across + n) for total, parts in self.rows.sums for n in range(across)
        ]
        found += [
            (n * across + total, n * across + np.array(parts))
            for total, parts in self.columns.sums
            for n in range(down)
        ]
        return found

    def relations(self) -> sparse.csr_array:
        """Return the sums as equations: parts less total is 0; float64, shape (equations, cells)."""
        return equations(self.sums(), self.shape[0] * self.shape[1])


def equations(sums: Sequence[tuple[int, np.ndarray]], cells: int) -> sparse.csr_array:
    """Return sums as equations over so many cells: parts less total is 0; float64, shape (equations, cells)."""
    lines = np.repeat(np.arange(len(sums)), [len(parts) + 1 for _, parts in sums])
    places = np.concatenate([np.append(parts, total) for total, parts in sums]) if sums else np.zeros(0, dtype=int)
    signs = np.concatenate([np.append(np.ones(len(parts)), -1.0) for _, parts in sums]) if sums else np.zeros(0)
    return sparse.csr_array((signs, (lines, places)), shape=(len(sums), cells))
