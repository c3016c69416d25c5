"""What has changed between two versions of a file: tables cell by cell, text line by line, pictures side by side.

Pure; no I/O. It takes the first pages of each version as they are shown (:mod:`tre.disclosure.showing`), and compares
at most :data:`MOST` rows or lines of what is left when the equal beginning and end are taken off: the time is bounded
by the square of that, whatever the files hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from tre.disclosure.showing.shown import Page, Shown

MOST = 400
Mark = Literal["same", "changed", "added", "removed"]
Unit = TypeVar("Unit")


@dataclass(frozen=True)
class Side:
    """One version: a table's rows with its heads before them, lines of text, a picture, or nothing to compare."""

    kind: Literal["table", "text", "picture", "none"]
    rows: tuple[tuple[str, ...], ...] = ()
    lines: tuple[str, ...] = ()
    cut: bool = False


@dataclass(frozen=True)
class Cell:
    """One cell of a row: what it was and what it is; both are the same where it has not changed."""

    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Return whether the two differ."""
        return self.before != self.after


@dataclass(frozen=True)
class Row:
    """One row or line: where it stands in each version, counted from 1, or None where it is not in it."""

    mark: Mark
    before: int | None
    after: int | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Difference:
    """How two versions differ.

    Parameters
    ----------
    kind : str
        ``table``, ``text``, ``picture``, or ``none`` where the two cannot be compared by what is in them.
    rows : tuple of Row
        Those that differ, each with one that is the same before and after it.
    cut : bool
        Whether only a part was compared.
    """

    kind: Literal["table", "text", "picture", "none"]
    rows: tuple[Row, ...] = ()
    cut: bool = False


def side_of(shown: Sequence[Shown]) -> Side:
    """Return a version by the first pages of its first section, in order."""
    pages = [each.page for each in shown if each.page is not None]
    if not pages:
        return Side("none")
    heading = shown[0].sections[0]
    cut = pages[-1].more or len(shown[0].sections) > 1 or any(page.cut for page in pages)
    if heading.kind in ("table", "numbers"):
        return Side("table", (pages[0].names, *(row for page in pages for row in page.rows)), cut=cut)
    if heading.kind in ("text", "code", "notebook"):
        return Side("text", lines=tuple(line for page in pages for line in _written(page)), cut=cut)
    return Side("picture" if heading.kind == "pictures" else "none", cut=cut)


def _written(page: Page) -> Iterator[str]:
    """Yield the lines of a text, or of a notebook's sources and outputs."""
    for line in page.lines:
        yield "".join(token.text for token in line)
    for cell in page.cells:
        for line in cell.source:
            yield "".join(token.text for token in line)
        for text in cell.texts:
            yield from text.splitlines()


def difference(before: Side, after: Side) -> Difference:
    """Return how two versions of a file differ."""
    if before.kind == after.kind == "picture":
        return Difference("picture", cut=before.cut or after.cut)
    cut = before.cut or after.cut
    if before.kind == after.kind == "table":
        return _compared("table", before.rows, after.rows, _cells, cut)
    if before.kind == after.kind == "text":
        return _compared("text", before.lines, after.lines, _line, cut)
    return Difference("none")


def _cells(before: Sequence[str] | None, after: Sequence[str] | None) -> tuple[Cell, ...]:
    one, other = list(before or ()), list(after or ())
    width = max(len(one), len(other))
    padded = ([*each, *[""] * (width - len(each))] for each in (one, other))
    return tuple(Cell(was, now) for was, now in zip(*padded, strict=True))


def _line(before: str | None, after: str | None) -> tuple[Cell, ...]:
    return (Cell(before or "", after or ""),)


def _compared(
    kind: Literal["table", "text"],
    before: Sequence[Unit],
    after: Sequence[Unit],
    cells: Callable[[Unit | None, Unit | None], tuple[Cell, ...]],
    cut: bool,
) -> Difference:
    start = _shared(before, after)
    end = _shared(before[start:][::-1], after[start:][::-1])
    one, other = before[start : len(before) - end], after[start : len(after) - end]
    cut = cut or len(one) > MOST or len(other) > MOST
    one, other = one[:MOST], other[:MOST]
    rows: list[Row] = []
    if start and (one or other):
        rows.append(_row(cells, before, after, start - 1, start - 1))
    rows.extend(_between(cells, before, after, start, one, other))
    if end and (one or other) and not cut:
        rows.append(_row(cells, before, after, len(before) - end, len(after) - end))
    return Difference(kind, tuple(rows), cut)


def _between(
    cells: Callable[[Unit | None, Unit | None], tuple[Cell, ...]],
    before: Sequence[Unit],
    after: Sequence[Unit],
    start: int,
    one: Sequence[Unit],
    other: Sequence[Unit],
) -> Iterator[Row]:
    """Yield the rows of the part that differs: runs without a common row are paired in their order."""
    left = right = 0
    for i, j in [*_common(one, other), (len(one), len(other))]:
        paired = min(i - left, j - right)
        for place in range(paired):
            yield _row(cells, before, after, start + left + place, start + right + place)
        for place in range(left + paired, i):
            yield _row(cells, before, after, start + place, None)
        for place in range(right + paired, j):
            yield _row(cells, before, after, None, start + place)
        if i < len(one):
            yield _row(cells, before, after, start + i, start + j)
        left, right = i + 1, j + 1


def _row(
    cells: Callable[[Unit | None, Unit | None], tuple[Cell, ...]],
    before: Sequence[Unit],
    after: Sequence[Unit],
    i: int | None,
    j: int | None,
) -> Row:
    was, now = (None if i is None else before[i]), (None if j is None else after[j])
    mark: Mark = "removed" if j is None else "added" if i is None else "same" if was == now else "changed"
    return Row(mark, None if i is None else i + 1, None if j is None else j + 1, cells(was, now))


def _shared(one: Sequence[Unit], other: Sequence[Unit]) -> int:
    """Return how many units two sequences begin with alike."""
    count = 0
    for was, now in zip(one, other, strict=False):
        if was != now:
            break
        count += 1
    return count


def _common(one: Sequence[Unit], other: Sequence[Unit]) -> list[tuple[int, int]]:
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
