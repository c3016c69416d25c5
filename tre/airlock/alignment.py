"""Which units of two sequences belong together: those that are common, and what is between them in its order. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Pair = tuple[int | None, int | None]


def aligned(one: Sequence[object], other: Sequence[object]) -> Iterator[Pair]:
    """Yield the places that belong together, in order, each with None where the other sequence has nothing.

    Runs without a common unit are paired in their order. The time is that of the product of the two lengths.
    """
    left = right = 0
    for i, j in [*_common(one, other), (len(one), len(other))]:
        paired = min(i - left, j - right)
        yield from ((left + nth, right + nth) for nth in range(paired))
        yield from ((place, None) for place in range(left + paired, i))
        yield from ((None, place) for place in range(right + paired, j))
        if i < len(one):
            yield i, j
        left, right = i + 1, j + 1


def shared(one: Sequence[object], other: Sequence[object]) -> int:
    """Return how many units two sequences begin with alike."""
    count = 0
    for was, now in zip(one, other, strict=False):
        if was != now:
            break
        count += 1
    return count


def _common(one: Sequence[object], other: Sequence[object]) -> list[tuple[int, int]]:
    """Return the places of a longest common subsequence (Wagner and Fischer 1974), by its whole table."""
    longest = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i in range(len(one) - 1, -1, -1):
        row, below, unit = longest[i], longest[i + 1], one[i]
        for j in range(len(other) - 1, -1, -1):
            row[j] = below[j + 1] + 1 if unit == other[j] else max(below[j], row[j + 1])
    places, i, j = [], 0, 0
    while i < len(one) and j < len(other):
        if one[i] == other[j]:
            places.append((i, j))
            i, j = i + 1, j + 1
        elif longest[i + 1][j] >= longest[i][j + 1]:
            i += 1
        else:
            j += 1
    return places
