"""The members of each cell that a table shows, for :mod:`~tre.disclosure.statistics.differencing`."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import product
from typing import Any

import pandas as pd
from pyroaring import BitMap64

from tre.disclosure.model import DisclosureError
from tre.disclosure.statistics.contributors import MISSING
from tre.disclosure.statistics.differencing import Release, member_id
from tre.disclosure.statistics.in_spark import distinct
from tre.disclosure.statistics.lattice import ALL
from tre.disclosure.statistics.question import is_spark, listed, person_of
from tre.disclosure.statistics.tables import SafeTable


def release_of(
    name: str,
    table: SafeTable,
    frame: Any,
    rows: str | Sequence[str],
    columns: str | Sequence[str] | None,
    key: bytes,
    *,
    person: str | None = None,
    known: Mapping[str, str] | None = None,
) -> Release:
    """Return the members of the cells that a table shows, told apart by keyed identities.

    Who holds the key makes it: the airlock, in a run of its own over the same data (docs/decisions/0026). A
    researcher's own would be a claim.

    Parameters
    ----------
    table : SafeTable
        The table as it is released; what it suppresses has no members here.
    frame, rows, columns, person
        What it was made of.
    known : mapping of str to str, optional
        Who each person of the frame is wherever releases are compared: a project's pseudonyms are its own. A row of
        nobody (null) is nobody's member.

    Raises
    ------
    DisclosureError
        Nothing tells people apart, or somebody is not known.
    """
    person = person_of(list(map(str, frame.columns)), person)
    if person is None:
        raise DisclosureError("Nothing tells people apart", where="person", todo="Name the column that does")
    groups = [*listed(rows), *listed(columns)]
    held = distinct(frame, groups, person) if is_spark(frame) else frame[[*groups, person]].drop_duplicates()
    held = held[held[person].notna()]
    identities = _known(held[person].astype(str), person, known).map(lambda each: member_id(key, each))
    keys = held[groups].astype(object).where(held[groups].notna(), MISSING)
    inner = {
        group if isinstance(group, tuple) else (group,): BitMap64(each)
        for group, each in identities.groupby([keys[name] for name in groups], sort=False)
    }
    return Release(name, dict(_shown(table, inner, groups, across=len(listed(columns)))))


def _known(persons: pd.Series, person: str, known: Mapping[str, str] | None) -> pd.Series:
    if known is None:
        return persons
    found = persons.map(known)
    if found.isna().any():
        raise DisclosureError("Not everybody is a person of the extract", where=person, todo="Keep it as it is there")
    return found


def _shown(
    table: SafeTable, inner: dict[tuple[Hashable, ...], BitMap64], groups: list[str], across: int
) -> list[tuple[str, BitMap64]]:
    found = []
    for row, column in product(table.outcome.index, table.outcome.columns):
        if table.outcome.loc[row, column] == "ok":
            cell = (*_key(row), *(_key(column) if across else ()))
            members = [each for group, each in inner.items() if _within(group, cell)]
            label = ", ".join(f"{name}={value}" for name, value in zip(groups, cell, strict=True))
            found.append((label, BitMap64.union(*members) if members else BitMap64()))
    return found


def _key(label: Hashable) -> tuple[Hashable, ...]:
    return label if isinstance(label, tuple) else (label,)


def _within(group: tuple[Hashable, ...], cell: tuple[Hashable, ...]) -> bool:
    return all(wanted in (ALL, value) for value, wanted in zip(group, cell, strict=True))
