"""Shows a frozen file's beginning as its reader would see it, with nothing in it active. Bounded in size."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

MOST_BYTES = 256 * 1024
MOST_ROWS = 200
MOST_COLUMNS = 40
_TABLES = {"csv": ",", "tsv": "\t"}
_PICTURES = {"png"}


@dataclass(frozen=True)
class Preview:
    """What a page shows of a file: a table's rows, its text, a picture, or nothing."""

    kind: Literal["table", "text", "picture", "none"]
    rows: tuple[tuple[str, ...], ...] = ()
    text: str = ""
    cut: bool = False


def preview(path: Path, kind: str) -> Preview:
    """Return a file's preview.

    Parameters
    ----------
    kind : str
        The file's type as inspection read it from its content.
    """
    if kind in _PICTURES:
        return Preview("picture")
    with path.open("rb") as file:
        raw = file.read(MOST_BYTES + 1)
    cut = len(raw) > MOST_BYTES
    try:
        text = raw[:MOST_BYTES].decode("utf-8", "ignore" if cut else "strict")
    except UnicodeDecodeError:
        return Preview("none")
    if "\0" in text:
        return Preview("none")
    if kind in _TABLES:
        return _table(text, _TABLES[kind], cut)
    return Preview("text", text=text, cut=cut)


def _table(text: str, separator: str, cut: bool) -> Preview:
    rows: list[tuple[str, ...]] = []
    try:
        for row in csv.reader(io.StringIO(text), delimiter=separator):
            if len(rows) > MOST_ROWS:
                return Preview("table", tuple(rows), cut=True)
            rows.append(tuple(row[:MOST_COLUMNS]))
            cut = cut or len(row) > MOST_COLUMNS
    except csv.Error:
        return Preview("text", text=text, cut=cut)
    return Preview("table", tuple(rows), cut=cut)
