"""What has changed between two versions of a file: tables cell by cell, text line by line, pictures side by side.

Pure; no I/O. It takes some pages of a section of each version as they are shown (:mod:`tre.disclosure.showing`), and
compares at most :data:`MOST` rows or lines of what is left when the equal beginning and end are taken off: the time is
bounded by the square of that, whatever the files hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from tre.airlock.alignment import Pair, aligned, shared
from tre.disclosure.showing.shown import CELLS, Page, Shown

MOST = 400
Kind = Literal["table", "text", "picture", "none"]
Mark = Literal["same", "changed", "added", "removed"]
Unit = TypeVar("Unit")


@dataclass(frozen=True)
class Picture:
    """A picture as it was drawn: on which page, in which cell of a notebook and which of that, and its pixels' hash."""

    page: int
    cell: int
    place: int
    sha256: str


@dataclass(frozen=True)
class Side:
    """One version: a table's rows with its heads before them, lines of text, pictures, or nothing to compare.

    Parameters
    ----------
    pictures : tuple of Picture
        Those of a notebook beside its lines, too.
    first : int
        How many rows or lines stand before those that are here; a table's heads stand before them all.
    """

    kind: Kind
    rows: tuple[tuple[str, ...], ...] = ()
    lines: tuple[str, ...] = ()
    cut: bool = False
    pictures: tuple[Picture, ...] = ()
    first: int = 0


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
    columns : tuple of Pair
        Of a table, which column of each version stands in each place.
    pictures : tuple
        Those that differ, then and now; None where there is none.
    """

    kind: Kind
    rows: tuple[Row, ...] = ()
    cut: bool = False
    columns: tuple[Pair, ...] = ()
    pictures: tuple[tuple[Picture | None, Picture | None], ...] = ()


def side_of(shown: Sequence[Shown], section: int = 0) -> Side:
    """Return a version by some pages of a section, in order."""
    pages = [each.page for each in shown if each.page is not None]
    if not pages:
        return Side("none")
    heading, first = shown[0].sections[section], pages[0].first
    cut = pages[-1].more or any(page.cut for page in pages)
    if heading.kind in ("table", "numbers"):
        return Side("table", (pages[0].names, *(row for page in pages for row in page.rows)), cut=cut, first=first)
    if heading.kind in ("text", "code", "notebook"):
        lines = tuple(line for page in pages for line in _written(page))
        pictures = tuple(each for page in pages for each in _of_cells(page))
        return Side("text", lines=lines, cut=cut, pictures=pictures, first=0 if heading.kind == "notebook" else first)
    if heading.kind == "pictures":
        return Side("picture", cut=cut, pictures=tuple(_picture(page.first, 0, 0, page.picture) for page in pages))
    return Side("none", cut=cut)


def _written(page: Page) -> Iterator[str]:
    """Yield the lines of a text, or of a notebook's sources and outputs; of a picture among these its hash."""
    for line in page.lines:
        yield "".join(token.text for token in line)
    drawn = list(_of_cells(page))
    for cell in page.cells:
        for line in cell.source:
            yield "".join(token.text for token in line)
        for text in cell.texts:
            yield from text.splitlines()
        yield from (f"Picture {each.place + 1}: {each.sha256[:16]}" for each in drawn if each.cell == cell.number)


def _of_cells(page: Page) -> Iterator[Picture]:
    for cell in page.cells:
        for place, picture in enumerate(cell.pictures):
            yield _picture(page.first // CELLS, cell.number, place, picture)


def _picture(page: int, cell: int, place: int, drawn: bytes) -> Picture:
    return Picture(page, cell, place, hashlib.sha256(drawn).hexdigest())


def difference(before: Side, after: Side) -> Difference:
    """Return how two versions of a file differ."""
    cut, pictures = before.cut or after.cut, _pictures(before, after)
    if before.kind == after.kind == "picture":
        return Difference("picture", cut=cut, pictures=pictures)
    if before.kind == after.kind == "table":
        columns = _columns(before.rows, after.rows)
        one, other = (_laid(each.rows, [pair[nth] for pair in columns]) for nth, each in enumerate((before, after)))
        rows, more = _compared(one, other, _cells)
        return Difference("table", _numbered(rows, before.first, after.first, heads=1), cut or more, columns)
    if before.kind == after.kind == "text":
        rows, more = _compared(before.lines, after.lines, _line)
        return Difference("text", _numbered(rows, before.first, after.first), cut or more, (), pictures)
    return Difference("none")


def _pictures(before: Side, after: Side) -> tuple[tuple[Picture | None, Picture | None], ...]:
    one, other = ([each.sha256 for each in side.pictures] for side in (before, after))
    pairs = [
        (None if i is None else before.pictures[i], None if j is None else after.pictures[j])
        for i, j in aligned(one[:MOST], other[:MOST])
    ]
    return tuple((was, now) for was, now in pairs if was is None or now is None or was.sha256 != now.sha256)


def _columns(before: Sequence[Sequence[str]], after: Sequence[Sequence[str]]) -> tuple[Pair, ...]:
    """Return which columns belong together: by their names where these are all different, else by their places."""
    named = bool(before and after) and all(len(set(rows[0])) == len(rows[0]) for rows in (before, after))
    found = list(aligned(before[0], after[0])) if named else []
    begun = [len(rows[0]) if named else 0 for rows in (before, after)]
    widths = [max(map(len, rows), default=0) for rows in (before, after)]
    beyond = max(width - start for width, start in zip(widths, begun, strict=True))
    found += [(begun[0] + nth, begun[1] + nth) for nth in range(beyond)]
    return tuple(found)


def _laid(rows: Sequence[Sequence[str]], places: Sequence[int | None]) -> list[tuple[str, ...]]:
    """Return rows with their cells where their columns stand, and nothing where there is none."""
    return [tuple(row[place] if place is not None and place < len(row) else "" for place in places) for row in rows]


def _numbered(rows: Sequence[Row], before: int, after: int, heads: int = 0) -> tuple[Row, ...]:
    """Return rows with their places in the whole, not among those that were compared; heads stay where they are."""

    def moved(place: int | None, by: int) -> int | None:
        return place if place is None or place <= heads else place + by

    return tuple(replace(each, before=moved(each.before, before), after=moved(each.after, after)) for each in rows)


def _cells(before: Sequence[str] | None, after: Sequence[str] | None) -> tuple[Cell, ...]:
    width = len(before or after or ())
    one, other = before or ("",) * width, after or ("",) * width
    return tuple(Cell(was, now) for was, now in zip(one, other, strict=True))


def _line(before: str | None, after: str | None) -> tuple[Cell, ...]:
    return (Cell(before or "", after or ""),)


def _compared(
    before: Sequence[Unit], after: Sequence[Unit], cells: Callable[[Unit | None, Unit | None], tuple[Cell, ...]]
) -> tuple[list[Row], bool]:
    """Return the rows that differ, and whether there are more than were compared."""
    start = shared(before, after)
    end = shared(before[start:][::-1], after[start:][::-1])
    one, other = before[start : len(before) - end], after[start : len(after) - end]
    cut = len(one) > MOST or len(other) > MOST
    rows: list[Row] = []
    if start and (one or other):
        rows.append(_row(cells, before, after, start - 1, start - 1))
    for i, j in aligned(one[:MOST], other[:MOST]):
        rows.append(_row(cells, before, after, None if i is None else start + i, None if j is None else start + j))
    if end and (one or other) and not cut:
        rows.append(_row(cells, before, after, len(before) - end, len(after) - end))
    return rows, cut


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
