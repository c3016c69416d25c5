"""Which row of a table holds the names of its columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tre.disclosure.contents import Table

_NAME = 60  # of a column
_HEADING = re.compile(r"[^\W\d][^=\"'\[\]{}<>]*|(?:19|20)\d\d(?:[-/]\d\d(?:\d\d)?)?|\d+[-–]\d+%?|\d+\+|[%#]|\d+% ?CI")
_ENDED = re.compile(r"[:;,]$")
_ABOVE = 10  # rows of a title and notes that may stand over the names


def is_heading(cells: Sequence[str]) -> bool:
    """Tell whether cells can be names of columns: words, years and bands, not values or a program's text."""
    named = [cell for cell in cells if cell]
    return bool(named) and all(
        len(cell) <= _NAME and _HEADING.fullmatch(cell) and not _ENDED.search(cell) for cell in named
    )


def under_heading(table: Table) -> Table:
    """Return a table whose first line was a title, as spreadsheets write it, as it is under its columns' names."""
    if sum(bool(name.strip()) for name in table.names) > 1 or len(table.names) < 2 or table.start:
        return table
    for row in range(min(table.rows, _ABOVE)):
        cells = [column[row].as_py().strip() for column in table.columns]
        if all(cells) and is_heading(cells):
            columns = tuple(column[row + 1 :] for column in table.columns)
            return replace(table, names=tuple(cells), columns=columns)
    return table
