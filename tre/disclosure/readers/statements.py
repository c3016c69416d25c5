"""Rows that stand in SQL's INSERT statements; nothing is executed."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from tre.disclosure.contents import Table

_INSERT = re.compile(
    r"\bINSERT\s+(?:OR\s+\w+\s+)?INTO\s+([^\s(]{1,200})\s*(?:\(([^()]{1,8000})\)\s*)?VALUES\s*", re.IGNORECASE
)
# Possessive, so that a text which never ends costs no more than its length; two quotes in a row are two strings here.
_ROW = re.compile(r"\(((?:[^()'\"]++|'[^']*+'|\"[^\"]*+\")*+)\)\s*+,?\s*+")
_MOST = 5000  # rows of one table


def find_inserted(where: str, text: str) -> Iterator[Table]:
    """Yield the rows that a text inserts into each table."""
    tables: dict[tuple[str, str], list[list[str]]] = {}
    for insert in _INSERT.finditer(text):
        rows = tables.setdefault((insert[1], insert[2] or ""), [])
        at = insert.end()
        while len(rows) < _MOST and (row := _ROW.match(text, at)):
            rows.append(_values(row[1], "'"))
            at = row.end()
    for (_, names), rows in tables.items():
        if rows:
            heads = _values(names, '"') if names else [f"column {n + 1}" for n in range(len(rows[0]))]
            yield Table.of_rows(f"{where} rows inserted".strip(), heads, rows)


def _values(listed: str, quote: str) -> list[str]:
    """Return the values of a list between brackets; nothing for NULL."""
    try:
        values = next(csv.reader([" ".join(listed.split("\n"))], quotechar=quote, skipinitialspace=True), [])
    except csv.Error:
        values = listed.split(",")
    stripped = [value.strip().strip("`[]") for value in values]
    return ["" if value.upper() == "NULL" else value for value in stripped]
