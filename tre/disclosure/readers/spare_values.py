"""Arrow's values as strings, and what its dictionaries hold that no row refers to (Arrow columnar format, 1.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Contents


def strings(column: pa.Array) -> pa.Array:
    """Return the values of a column of any type as strings, an empty one for what is missing."""
    try:
        return column.cast(pa.string()).fill_null("")
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array(["" if value is None else _told(value) for value in column.to_pylist()], pa.string())


def _told(value: Any) -> str:
    """Return a nested value as text, and bytes as the text that they may be."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text.encode("utf-8", "replace").decode()


class SpareValues:
    """The values of dictionaries, such as a category's, that no row of any batch has: no program shows them."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._known: dict[str, pa.Array] = {}  # by column, the dictionary as it last stood
        self._used: dict[str, np.ndarray] = {}  # and which of its values were met, bool, shape (values,)
        self._spare: dict[str, list[str]] = {}

    def watched(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Yield the batches, having looked at their dictionaries."""
        for batch in batches:
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                for place, each in _dictionaries(name, column):
                    self._meet(place, each)
            yield batch

    def _meet(self, place: str, column: pa.DictionaryArray) -> None:
        known, new = self._known.get(place), column.dictionary
        if known is None or not known.equals(new):
            used = np.zeros(len(new), dtype=bool)
            if known is not None and new[: len(known)].equals(known):  # it was added to
                used[: len(known)] = self._used[place]
            else:
                self._put_by(place)
            self._known[place], self._used[place] = new, used
        self._used[place][np.asarray(pc.unique(column.indices.drop_null()))] = True

    def _put_by(self, place: str) -> None:
        if place in self._known:
            left = self._known[place].filter(pa.array(~self._used[place]))
            self._spare.setdefault(place, []).extend(strings(left).to_pylist())

    def left_over(self) -> Iterator[Contents]:
        """Yield what was left over, by column, once all batches were looked at."""
        for place in self._known:
            self._put_by(place)
        named = (
            (f"{self._where} values of column {place} that no row has".strip(), each)
            for place, each in self._spare.items()
        )
        yield Contents(texts=[(where, "\n".join(values)) for where, values in named if values])


def _dictionaries(place: str, column: pa.Array) -> Iterator[tuple[str, pa.DictionaryArray]]:
    """Yield the arrays with a dictionary in a column, nested ones too."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        yield place, column
    elif pa.types.is_struct(kind):
        for n in range(kind.num_fields):
            yield from _dictionaries(f"{place}.{kind.field(n).name}", column.field(n))
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _dictionaries(f"{place}.item", column.values)
