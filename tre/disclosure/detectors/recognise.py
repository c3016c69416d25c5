"""Whether strings hold an identifier of one kind: value by value, and a million at once with the same result.

A pattern is linear (RE2) and says the same to Arrow's kernel and to Python. Arrow finds the candidates without holding
Python's lock; what is one candidate from end to end is checked as an array, and only the rest is asked one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import re2

from tre.disclosure.packs import Entity

_FEW = 2000  # strings under which one call of Arrow costs more to begin than to do


def matches(values: pa.Array, pattern: str) -> np.ndarray:
    """Return for each string whether the pattern (RE2) is found in it, bool, shape (k,)."""
    if len(values) < _FEW:
        search = _compiled(pattern).search
        return np.fromiter((search(value) is not None for value in values.to_pylist()), dtype=bool, count=len(values))
    return np.asarray(pc.match_substring_regex(values, pattern).to_numpy(zero_copy_only=False), dtype=bool)


def gate(entities: Iterable[Entity], named: Iterable[Entity]) -> str:
    """Return one pattern (RE2) that lets through whatever any entity's own pattern is found in.

    What is nothing without its context is let through by the words of its context, but in a column that is `named`.
    """
    named = tuple(named)
    return "|".join(
        f"(?i:{entity.context.pattern})"
        if entity.evidence == "context" and entity not in named
        else f"(?:{_flagged(entity.pattern)})"
        for entity in entities
    )


def _flagged(pattern: str) -> str:
    """Return a pattern whose leading flag holds for itself alone, so that it may stand within another."""
    return f"(?i:{pattern[4:]})" if pattern.startswith("(?i)") else pattern


def spans(entity: Entity, text: str) -> Iterator[tuple[int, int]]:
    """Yield where identifiers of a kind stand in a folded text, from left to right, none within another.

    What fails the check does not hide what begins within it.
    """
    at = 0
    while found := entity.compiled.search(text, at):
        start, end = found.span(found.lastindex or 0)
        if entity.check is not None:
            end = entity.check.end(text, start, end)
        if end:
            yield start, end
        at = max(end, start + 1)


def recognised(entity: Entity, folded: pa.Array) -> np.ndarray:
    """Return the indices of the strings that hold an identifier of a kind, int64, in order.

    The result is that of :func:`spans` on each of them.
    """
    met = np.flatnonzero(matches(folded, entity.pattern))
    if entity.check is None or not len(met):
        return met
    values = folded.take(met)
    whole = np.flatnonzero(matches(values, rf"^(?:{_flagged(entity.pattern)})$"))
    held, asked = np.zeros(len(met), dtype=bool), np.ones(len(met), dtype=bool)
    if len(whole):
        sure, unsure = entity.check.whole(values.take(whole))
        held[whole] = sure.to_numpy(zero_copy_only=False)
        asked[whole] = unsure.to_numpy(zero_copy_only=False)
    for at in np.flatnonzero(asked & ~held).tolist():
        held[at] = next(spans(entity, values[at].as_py()), None) is not None
    return met[held]


@cache
def _compiled(pattern: str) -> Any:
    """Return a pattern that is compiled once; Arrow compiles at every call, for milliseconds where words are many."""
    return re2.compile(pattern)
