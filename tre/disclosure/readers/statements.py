"""SQL, which is never executed: rows in INSERT statements, and what a database stores for whoever opens it to run."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from tre.disclosure.contents import Contents, Table
from tre.disclosure.model import Hit

_INSERT = re.compile(
    r"\bINSERT\s+(?:OR\s+\w+\s+)?INTO\s+([^\s(]{1,200})\s*(?:\(([^()]{1,8000})\)\s*)?VALUES\s*", re.IGNORECASE
)
# Possessive, so that a text which never ends costs no more than its length; two quotes in a row are two strings here.
_ROW = re.compile(r"\(((?:[^()'\"]++|'[^']*+'|\"[^\"]*+\")*+)\)\s*+,?\s*+")
_REACHES_OUT = re.compile(
    r"\bTRIGGER\b|\b(?:read_\w+|write\w*|parquet_\w+|sniff_csv|glob|getenv|load_extension|readfile|edit|fts3_tokenizer|"
    r"sqlite_scan|postgres_\w+|mysql_\w+|query|query_table)\s*\(|\b(?:ATTACH|COPY|INSTALL|LOAD|PRAGMA)\b|://|"
    r"\bFROM\s+['\"][^'\"]*[./\\]",
    re.IGNORECASE,
)
_QUOTED = str.maketrans("`[]", '""' + '"')  # names as MySQL and SQL Server quote them
_MOST = 5000  # rows of one table


def read_inserted(where: str, text: str) -> tuple[list[Table], str]:
    """Return the rows that a text inserts into each table, and the text without them."""
    tables: dict[tuple[str, str], list[list[str]]] = {}
    rest, read = [], 0
    for insert in _INSERT.finditer(text):
        rows = tables.setdefault((insert[1], insert[2] or ""), [])
        at = insert.end()
        while row := _ROW.match(text, at):
            if len(rows) < _MOST:
                rows.append(_values(row[1], "'"))
            at = row.end()
        rest.append(text[read : insert.start()])
        read = max(read, at)
    found = [
        Table.of_rows(f"{where} rows inserted".strip(), _names(listed, len(rows[0])), rows)
        for (_, listed), rows in tables.items()
        if rows
    ]
    return found, "".join([*rest, text[read:]])


def _names(listed: str, width: int) -> list[str]:
    return _values(listed.translate(_QUOTED), '"') if listed else [f"column {n + 1}" for n in range(width)]


def note_stored(statements: Sequence[str], where: str, contents: Contents) -> None:
    """Record the views, macros and triggers of a database by what they could do.

    A view that only selects from the tables beside it shows what is searched there. A trigger changes data, and some
    functions read files, fetch addresses or load code.
    """
    if any(_REACHES_OUT.search(sql) for sql in statements):
        contents.hits.append(Hit("active-content", "stored-query", where, "", len(statements)))
    elif statements:
        contents.hits.append(Hit("stored-query", "stored-query", where, "", len(statements)))


def _values(listed: str, quote: str) -> list[str]:
    """Return the values of a list between brackets; nothing for NULL."""
    try:
        values = next(csv.reader([" ".join(listed.split("\n"))], quotechar=quote, skipinitialspace=True), [])
    except csv.Error:
        values = listed.split(",")
    stripped = [value.strip() for value in values]
    return ["" if value.upper() == "NULL" else value for value in stripped]
