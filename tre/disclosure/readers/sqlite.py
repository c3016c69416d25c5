"""SQLite (database file format, sqlite.org/fileformat2.html): tables, schema, and what deleted rows left behind.

The file is opened in memory by SQLite itself, which then can write nothing and load nothing; views, triggers and
virtual tables are told and never run.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from itertools import islice

from tre.disclosure.contents import Contents, Part, Table, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.raw_strings import strings_of
from tre.disclosure.readers.sqlite_pages import free_pages, page_size, unused_bytes
from tre.disclosure.readers.statements import note_stored

_VIRTUAL = re.compile(r"\s*create\s+virtual", re.IGNORECASE)
_LEGACY_WAL = 2  # the write version of a database whose last changes may stand in a file beside it
_STEPS = 10_000


def read_sqlite(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read every table, and the freed pages and the gaps in which deleted rows still stand.

    Raises
    ------
    Unreadable
        It is damaged, cut short, or has more than the policy's ``cells``.
    """
    size = page_size(data)
    pages = int.from_bytes(data[28:32], "big")
    if len(data) < size * max(pages, 1):
        raise Unreadable("the database is cut short")
    if pages and len(data) > size * pages:
        contents.hits.append(Hit("appended-bytes", "appended", where, "after the last page", 1))
        contents.parts.append(Part(f"{where} appended bytes".strip(), data[size * pages :]))
    try:
        _read_tables(data, where, contents, policy)
    except (sqlite3.Error, OverflowError) as error:
        raise Unreadable("the database is damaged") from error
    freed = b"".join(free_pages(data, size))
    if freed.strip(b"\0"):
        contents.hits.append(Hit("hidden-content", "deleted-rows", where, "freed pages that are not empty", 1))
    contents.texts.append((f"{where} freed pages".strip(), strings_of(freed)))
    contents.code.append((f"{where} gaps between rows".strip(), strings_of(b"\n".join(unused_bytes(data, size)))))


def _read_tables(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    base = sqlite3.connect(":memory:", isolation_level=None)
    try:
        plain = data[:18] + b"\1\1" + data[20:]  # a database in memory has no write-ahead log beside it
        base.deserialize(plain)
        for setting in ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON"):
            base.execute(f"PRAGMA {setting}")
        if base.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise Unreadable("the database is damaged")
        schema = base.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
        contents.add_text(f"{where} schema".strip(), "\n".join(f"{name}\n{sql or ''}" for _, name, sql in schema))
        note_stored([sql or "" for kind, _, sql in schema if kind in ("view", "trigger")], where, contents)
        left = policy.limits["cells"]
        for kind, name, sql in schema:
            if kind == "table" and not (name.startswith("sqlite_stat") or _VIRTUAL.match(sql or "")):
                left = _read_table(base, name, left, f"{where} table {name}".strip(), contents)
    finally:
        base.close()


def _read_table(base: sqlite3.Connection, name: str, left: int, where: str, contents: Contents) -> int:
    """Keep a table's rows, files within cells apart, and return how many cells may still be read."""
    table = _quoted(name)
    columns = [row[1] for row in base.execute(f"PRAGMA table_xinfo({table})") if row[6] == 0]  # no generated ones
    if not columns:
        return left
    cursor = base.execute(f"SELECT {', '.join(map(_quoted, columns))} FROM {table}")  # noqa: S608 - quoted names
    rows = list(islice(_rows(cursor, where, contents), left // len(columns) + 1))
    left -= len(rows) * len(columns)
    if left < 0:
        raise Unreadable("it has more cells than inspection reads", rule="too-big")
    contents.tables.append(Table.of_rows(where, columns, rows))
    return left


def _rows(cursor: sqlite3.Cursor, where: str, contents: Contents) -> Iterator[list[object]]:
    while batch := cursor.fetchmany(_STEPS):
        for row in batch:
            for value in row:
                if isinstance(value, bytes):
                    contents.parts.append(Part(f"{where} bytes in a cell", value))
            yield [strings_of(value) if isinstance(value, bytes) else value for value in row]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
