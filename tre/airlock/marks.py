"""Where findings stand on a page of a file: which cells, columns, lines and boxes are marked, and where to turn to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tre.disclosure.model import Finding
from tre.disclosure.showing.shown import LINES, ROWS, Heading, Page

Numbers = tuple[int, ...]


@dataclass(frozen=True)
class Marked:
    """A text and the numbers of the findings on it, counted from 1."""

    text: str
    findings: Numbers = ()


@dataclass(frozen=True)
class Box:
    """A rectangle on a picture as it is shown, in its pixels, and the number of the finding."""

    x: int
    y: int
    width: int
    height: int
    finding: int


@dataclass(frozen=True)
class MarkedPage:
    """What a template writes of a page: heads and cells, lines with their numbers, boxes."""

    heads: tuple[Marked, ...] = ()
    rows: tuple[tuple[int, tuple[Marked, ...]], ...] = ()
    lines: tuple[Numbers, ...] = ()
    boxes: tuple[Box, ...] = ()


def mark(findings: Sequence[Finding], heading: Heading, page: Page) -> MarkedPage:
    """Return a page with the findings that stand on it.

    Parameters
    ----------
    findings : sequence of Finding
        Of the whole file, in the order in which they are numbered.
    """
    here = [(number, each) for number, each in enumerate(findings, start=1) if _is_in(each, heading)]
    if heading.kind == "table":
        heads = tuple(Marked(name, _of_column(here, name)) for name in page.names)
        rows = tuple(_row(here, page, at, row) for at, row in enumerate(page.rows, start=page.first + 1))
        return MarkedPage(heads, rows)
    if heading.kind in ("text", "code"):
        return MarkedPage(lines=tuple(_of_line(here, line) for line in page.numbers))
    boxes = [_box(number, each, page.scale) for number, each in here if each.box and page.first == 0]
    return MarkedPage(boxes=tuple(boxes))


def turn_to(finding: Finding, sections: Sequence[Heading]) -> tuple[int, int] | None:
    """Return the section and the page on which a finding stands, or None where nothing tells."""
    for number, heading in enumerate(sections):
        if not _is_in(finding, heading):
            continue
        if finding.box and heading.kind == "pictures":
            return number, 0
        if finding.row and heading.kind == "table":
            return number, (finding.row - 1) // ROWS
        if finding.row and heading.kind in ("text", "code") and not finding.column:
            return number, (finding.row - 1) // LINES
        if finding.column and heading.kind == "table":
            return number, 0
    return None


def _is_in(finding: Finding, heading: Heading) -> bool:
    """Tell whether a finding is of a section: of the sheet that it names, or of the words its place begins with."""
    if finding.sheet:
        return heading.title == f"sheet {finding.sheet}"
    return heading.title in ("", "the picture", "as it is written") or finding.location.startswith(heading.title)


def _row(here: list[tuple[int, Finding]], page: Page, at: int, row: tuple[str, ...]) -> tuple[int, tuple[Marked, ...]]:
    cells = zip(page.names, row, strict=True)
    return at, tuple(
        Marked(value, tuple(number for number, each in here if each.row == at and each.column == name))
        for name, value in cells
    )


def _of_column(here: list[tuple[int, Finding]], name: str) -> Numbers:
    return tuple(number for number, each in here if name and each.column == name)


def _of_line(here: list[tuple[int, Finding]], line: int) -> Numbers:
    return tuple(number for number, each in here if each.row == line > 0)


def _box(number: int, finding: Finding, scale: float) -> Box:
    left, top, right, bottom = (round(edge * scale) for edge in finding.box or (0, 0, 0, 0))
    return Box(left, top, max(right - left, 4), max(bottom - top, 4), number)
