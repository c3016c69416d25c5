"""A second look at numbers: as digits, as text, as rows of people, as what a model remembers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tre.disclosure.contents import Table, Tensor
from tre.disclosure.detectors import memorised
from tre.disclosure.detectors.low_bits import texts_below
from tre.disclosure.detectors.packed import find_digits, find_split, numbers_of, texts_in
from tre.disclosure.detectors.records import find_keys, find_unique
from tre.disclosure.detectors.tensors import find_tensor_rows
from tre.disclosure.detectors.watch import Sight
from tre.disclosure.model import Hit
from tre.disclosure.rereading import Depth, Rereading

_TEXT = 20_000  # numbers of a column or array that are read as text
_FINE = 15  # characters of a number that is written to its last bit


class Numbers:
    """The detectors of numbers in one file; of a long table the first batch is looked at."""

    def __init__(self, sight: Sight, again: Rereading) -> None:
        self._sight, self._again = sight, again

    def in_table(self, table: Table, depth: Depth) -> Iterator[Hit]:
        """Yield what a table's numbers and rows give away."""
        policy, context = self._sight.policy, self._sight.context
        yield from find_split(table)
        yield from find_keys(table, policy.shape)
        threshold = policy.profile(self._sight.profile).threshold
        yield from find_unique(table, context.quasi, context.population, threshold, policy.shape)
        for name, column in zip(table.names, table.columns, strict=True):
            yield from self.in_values(table.where, name, column[:_TEXT].to_pylist(), depth)

    def in_values(self, where: str, name: str, strings: Sequence[str], depth: Depth) -> Iterator[Hit]:
        """Yield what the numbers of a column or an array say when they are read as digits and as text."""
        yield from find_digits(where, name, strings)
        numbers = numbers_of(strings[:_TEXT])
        if numbers is not None:
            fine = max(map(len, strings[:10]), default=0) >= _FINE
            yield from self._spelled(numbers, f"{where} {name}".strip(), depth, fine=fine)

    def in_tensor(self, tensor: Tensor, depth: Depth) -> Iterator[Hit]:
        """Yield what a tensor holds of people."""
        policy = self._sight.policy
        yield from find_tensor_rows(tensor, policy.shape)
        yield from memorised.find_outsized(tensor, policy.shape)
        yield from memorised.find_dates(tensor, policy.shape)
        yield from memorised.find_kept(tensor, policy.models["row_names"])
        yield from self._spelled(tensor.values, tensor.where, depth, fine=True)
        cells = memorised.digits_of(tensor)
        if cells is not None:
            yield from self._sight.search(cells)

    def _spelled(self, numbers: np.ndarray, where: str, depth: Depth, *, fine: bool) -> Iterator[Hit]:
        for how, text in (*texts_in(numbers), *(texts_below(numbers) if fine else ())):
            yield Hit("hidden-message", how, where, "", 1, "", 0.9)
            if self._again.once(text.encode()):
                yield from self._again.examine(text.encode(), f"{where} read as {how}".strip(), depth.decoded())
