"""The place of a hit for a program: sheet, row and column, read from the words that readers and detectors use.

Every part says where it is in the same words (``sheet Admissions``, ``row 3, column age``, ``line 7``), which
:meth:`tre.disclosure.contents.Cells.place` and the readers write. A name within them is the file's own and may hold
anything: what is read of it is shown, and decides nothing.
"""

from __future__ import annotations

import re
from dataclasses import replace

from tre.disclosure.model import Hit

_SPOT = re.compile(r"(?:row|line) (\d+)(?:, column (.*))?", re.DOTALL)
_COLUMN = re.compile(r"column (.*)", re.DOTALL)
_SHEET = re.compile(
    r"(?:^| )sheet (.+?)(?:, (?:comments|title)\b.*|,? (?:read as|read from|decoded from) .*|$)", re.DOTALL
)


def placed(hit: Hit) -> Hit:
    """Return the hit with its sheet, row and column, where its words tell them and no detector did."""
    sheet, spot, column = _SHEET.search(hit.where), _SPOT.fullmatch(hit.place), _COLUMN.fullmatch(hit.place)
    named = (spot[2] if spot else column[1] if column else None) or ""
    return replace(
        hit,
        sheet=hit.sheet or (sheet[1] if sheet else ""),
        row=hit.row if hit.row is not None or not spot else int(spot[1]),
        column=hit.column or named,
    )
