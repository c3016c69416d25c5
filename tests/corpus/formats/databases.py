"""Databases in one file: SQLite and DuckDB."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import duckdb
import pandas as pd

from tests.corpus.hosts import counts
from tests.corpus.model import Carrier, TableCarrier


def sqlite(frame: pd.DataFrame, change: Callable[[sqlite3.Connection], object] | None = None) -> bytes:
    """Return a frame as a SQLite file's table `results`, after a change where one is given."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.sqlite"
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA secure_delete = OFF")
        frame.to_sql("results", connection, index=False)
        if change is not None:
            change(connection)
        connection.commit()
        connection.close()
        return path.read_bytes()


def duck(frame: pd.DataFrame, *statements: str) -> bytes:
    """Return a frame as a DuckDB file's table `results`, after these statements."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.duckdb"
        with duckdb.connect(str(path), config={"threads": 1}) as connection:
            connection.register("frame", frame)
            connection.execute("CREATE TABLE results AS SELECT * FROM frame")
            for statement in statements:
                connection.execute(statement)
        return path.read_bytes()


def _noted(text: str, random: Random) -> pd.DataFrame:
    frame = counts(random)
    return frame.assign(note=["", text, *[""] * (len(frame) - 2)])


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _named(text: str) -> str:
    return text.replace('"', "'")


def _executed(pattern: str) -> Callable[[str, Random], bytes]:
    """Return a writer that runs a statement with the text where it says {value} (a literal) or {name} (a name)."""

    def write(text: str, random: Random) -> bytes:
        statement = pattern.replace("{value}", _quoted(text)).replace("{name}", _named(text))
        return sqlite(counts(random), lambda connection: connection.execute(statement))

    return write


def _deleted(text: str, random: Random) -> bytes:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE notes (note TEXT)")
        connection.executemany("INSERT INTO notes VALUES (?)", [("checked",), (text,), ("done",)])
        connection.commit()
        connection.execute("DELETE FROM notes WHERE rowid = 2")

    return sqlite(counts(random), change)


def _dropped(text: str, random: Random) -> bytes:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE notes (note TEXT)")
        connection.executemany("INSERT INTO notes VALUES (?)", [(f"{place} {text}",) for place in range(60)])
        connection.commit()
        connection.execute("DROP TABLE notes")

    return sqlite(counts(random), change)


def _blob(text: str, random: Random) -> bytes:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE files (name TEXT, data BLOB)")
        connection.execute("INSERT INTO files VALUES ('a', ?)", (text.encode(),))

    return sqlite(counts(random), change)


def _duck(pattern: str) -> Callable[[str, Random], bytes]:
    def write(text: str, random: Random) -> bytes:
        return duck(counts(random), pattern.replace("{value}", _quoted(text)).replace("{name}", _named(text)))

    return write


CARRIERS = (
    Carrier("sqlite", "a cell", lambda text, random: sqlite(_noted(text, random)), open=True, lines=True),
    Carrier("sqlite", "a cell of bytes", _blob, fair="review"),
    Carrier("sqlite", "a table's name", _executed('CREATE TABLE "{name}" (n INTEGER)'), limit=120),
    Carrier("sqlite", "a column's name", _executed('ALTER TABLE results ADD COLUMN "{name}" INTEGER'), limit=120),
    Carrier("sqlite", "a view's definition", _executed("CREATE VIEW v AS SELECT * FROM results WHERE sex = '{value}'")),
    Carrier("sqlite", "a deleted row", _deleted, fair=None),
    Carrier("sqlite", "a dropped table", _dropped, fair=None, limit=400),
    Carrier("sqlite", "bytes after the end", lambda text, random: sqlite(counts(random)) + text.encode(), fair=None),
    Carrier("duckdb", "a cell", lambda text, random: duck(_noted(text, random)), open=True),
    Carrier("duckdb", "a comment on the table", _duck("COMMENT ON TABLE results IS '{value}'")),
    Carrier("duckdb", "a view's definition", _duck("CREATE VIEW v AS SELECT * FROM results WHERE sex = '{value}'")),
    Carrier("duckdb", "a table's name", _duck('CREATE TABLE "{name}" (n INTEGER)'), limit=120),
)
TABLES = (
    TableCarrier("sqlite", "a table", lambda frame, random: sqlite(frame)),
    TableCarrier("duckdb", "a table", lambda frame, random: duck(frame)),
)
