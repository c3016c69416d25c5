"""What the rows of a table that comes in batches have for a shape: judged on enough rows together, then counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Table
from tre.disclosure.detectors.shape import find_shape
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.statistics.published import Published

_CERTAIN = "record-level"
_CUT = 64  # characters of a cell that are kept while batches are joined: wide rows would make few of them a batch


class Shapes:
    """The tables of one document, by their place in it.

    Batches are joined until they are as many rows as any rule asks about, so that wide rows, of which few make a batch,
    are judged as narrow ones are. Once a table is known to hold records, its further rows are but counted. What the
    others count is told to `published`, where there is one.
    """

    def __init__(self, policy: Policy, profile: str, published: Published | None = None) -> None:
        self._policy, self._profile, self._published = policy, policy.profile(profile), published
        self._held: dict[tuple[str, int], Table] = {}
        self._certain: set[tuple[str, int]] = set()

    def add(self, table: Table, number: int) -> Iterator[Hit]:
        """Take the next batch of the table of that number in its block, and yield what enough rows have shown."""
        key = table.where, number
        if key in self._certain:
            yield Hit(_CERTAIN, "many-rows", table.where, "", table.rows, "", 0.9)
            return
        held = self._held.pop(key, None)
        joined = table if held is None else _joined(held, table)
        if joined.rows >= self._policy.shape["aggregate_rows"]:
            yield from self._judge(joined, key)
        else:
            self._held[key] = joined

    def end(self) -> Iterator[Hit]:
        """Yield what the last rows have shown."""
        held, self._held = self._held, {}
        for key, table in held.items():
            yield from self._judge(table, key)

    def _judge(self, table: Table, key: tuple[str, int]) -> Iterator[Hit]:
        for hit in find_shape(table, self._policy.shape, self._profile):
            if hit.rule == _CERTAIN:
                self._certain.add(key)
            yield hit
        if self._published is not None and key not in self._certain:
            self._published.add(table, self._policy.shape)


def _joined(first: Table, second: Table) -> Table:
    """Return two batches of a table as one, cells cut short; a column that one of them lacks is empty there."""
    names = tuple(dict.fromkeys([*first.names, *second.names]))
    if first.names == second.names:  # names may stand twice
        pairs = zip(first.columns, second.columns, strict=True)
        return replace(first, columns=tuple(_cut(pa.concat_arrays(list(pair))) for pair in pairs))
    columns = [pa.concat_arrays([_column(first, name), _column(second, name)]) for name in names]
    return replace(first, names=names, columns=tuple(map(_cut, columns)))


def _column(table: Table, name: str) -> pa.Array:
    if name in table.names:
        return table.columns[table.names.index(name)]
    return pa.array([""] * table.rows, pa.string())


def _cut(column: pa.Array) -> pa.Array:
    return pc.utf8_slice_codeunits(column, 0, _CUT)
