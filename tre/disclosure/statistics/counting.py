"""Ask a frame of pandas or Spark for the contributors to every cell of a table and of its totals."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from tre.disclosure.model import DisclosureError
from tre.disclosure.policy import load_policy
from tre.disclosure.statistics import in_pandas, in_spark
from tre.disclosure.statistics.contributors import MISSING, Contributors
from tre.disclosure.statistics.lattice import Lattice, Side
from tre.disclosure.statistics.question import Question, is_spark

_Levels = dict[tuple[str, ...], pd.DataFrame]


def checked(frame: Any, question: Question) -> None:
    """Hold a question against the frame that it is asked of.

    Raises
    ------
    DisclosureError
        It cannot be asked of this frame.
    """
    if is_spark(frame):
        held, numeric = in_spark.columns_of(frame)
    else:
        held = [str(name) for name in frame.columns]
        numeric = [str(name) for name in frame.columns if pd.api.types.is_numeric_dtype(frame[name])]
    question.check(held, numeric)
    most = load_policy().suppression["side_columns"]
    if max(len(question.down), len(question.across)) > most:
        raise DisclosureError(f"At most {most} columns can make the groups of one side", todo="Join some of them first")


def count(frame: Any, question: Question) -> tuple[Lattice, Contributors]:
    """Return the cells of the table that is asked for, all its totals among them, and who stands behind each.

    Raises
    ------
    DisclosureError
        The frame has no rows.
    """
    backend = in_spark if is_spark(frame) else in_pandas
    levels = [down + across for down in _subsets(question.down) for across in _subsets(question.across)]
    counted = {level: _named(told, level) for level, told in backend.count_levels(frame, question, levels).items()}
    groups = counted[question.groups]
    if groups.empty:
        raise DisclosureError("There are no rows to make a table of")
    lattice = Lattice(_side(groups, question.down), _side(groups, question.across))
    return lattice, Contributors.of_frame(_cells(lattice, counted))


def _subsets(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [kept for size in range(len(names), -1, -1) for kept in combinations(names, size)]


def _named(told: pd.DataFrame, level: Sequence[str]) -> pd.DataFrame:
    """Return the groups with a name for those of whom a dimension is not known, so that they can be looked up."""
    return told.assign(
        **{name: told[name].astype(object).where(told[name].notna(), MISSING) for name in level}
    ).reset_index(drop=True)


def _side(groups: pd.DataFrame, names: tuple[str, ...]) -> Side:
    keys = {tuple(key) for key in groups[list(names)].itertuples(index=False)} if names else set()
    return Side.of_groups(names, sorted(keys, key=_order))


def _order(key: tuple[Hashable, ...]) -> list[tuple[bool, str, Any]]:
    """Return what sorts groups: values of one kind together, the unknown ones last."""
    return [(value == MISSING, "" if isinstance(value, int | float) else type(value).__name__, value) for value in key]


def _cells(lattice: Lattice, counted: _Levels) -> pd.DataFrame:
    """Return a row for each cell of the lattice, of NaN where nobody is."""
    parts = []
    across = lattice.shape[1]
    for down_level in dict.fromkeys(lattice.rows.levels):
        for across_level in dict.fromkeys(lattice.columns.levels):
            rows = _at(lattice.rows, down_level)
            columns = _at(lattice.columns, across_level)
            keys = [(*_kept(lattice.rows, r), *_kept(lattice.columns, c)) for r in rows for c in columns]
            told = counted[down_level + across_level]
            names = [*down_level, *across_level]
            found = told[names].itertuples(index=False) if names else [()]
            index = {tuple(key): n for n, key in enumerate(found)}
            places = np.array([index.get(key, -1) for key in keys])
            measures = told.drop(columns=names)
            part = measures.reindex(places)  # -1 is in no index, so it becomes NaN
            part.index = pd.Index([r * across + c for r in rows for c in columns])
            parts.append(part)
    return pd.concat(parts).sort_index()


def _at(side: Side, level: tuple[str, ...]) -> list[int]:
    return [n for n, each in enumerate(side.levels) if each == level]


def _kept(side: Side, node: int) -> tuple[Hashable, ...]:
    values = dict(zip(side.names, side.nodes[node], strict=True))
    return tuple(values[name] for name in side.levels[node])
