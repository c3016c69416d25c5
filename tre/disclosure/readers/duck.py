"""DuckDB files, opened read-only by DuckDB with everything that reaches outside the file switched off."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from tre.disclosure.contents import Contents, Table, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.pictures import keep_trailing
from tre.disclosure.readers.statements import note_stored

# https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview
_CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "threads": "1",
    "memory_limit": "1GB",
    "temp_directory": "",
}
_SAID = (
    "SELECT comment FROM duckdb_tables() UNION ALL SELECT comment FROM duckdb_columns() UNION ALL "
    "SELECT sql FROM duckdb_tables() UNION ALL SELECT sql FROM duckdb_views() WHERE NOT internal UNION ALL "
    "SELECT macro_definition FROM duckdb_functions() WHERE NOT internal UNION ALL "
    "SELECT sql FROM duckdb_indexes() UNION ALL SELECT sql FROM duckdb_sequences() UNION ALL "
    "SELECT schema_name FROM duckdb_schemas() WHERE NOT internal UNION ALL "
    "SELECT type_name || ' ' || array_to_string(labels, ' ') FROM duckdb_types() WHERE NOT internal"
)
_STORED = (
    "SELECT sql FROM duckdb_views() WHERE NOT internal UNION ALL "
    "SELECT coalesce(macro_definition, '') FROM duckdb_functions() WHERE NOT internal"
)
_HEADER = 4096  # bytes of the main header and of each of the two of the database, of which the newer one counts
_HEADERS = 3 * _HEADER


def read_duckdb(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read every table, and the names, comments and definitions around them; views and macros are never run.

    Blocks that are free keep the rows that were deleted or dropped, compressed, and nothing here reads those.

    Raises
    ------
    Unreadable
        It is damaged, of another version, or has more than the policy's ``cells``.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "base"
        path.write_bytes(data)
        try:
            with duckdb.connect(str(path), read_only=True, config=_CLOSED) as base:
                base.execute("SET lock_configuration=true")
                said = [str(text) for (text,) in base.execute(_SAID).fetchall() if text]
                contents.add_text(f"{where} schema".strip(), "\n".join(said))
                note_stored([str(sql) for (sql,) in base.execute(_STORED).fetchall()], where, contents)
                _read_tables(base, where, contents, policy)
                ((free,),) = base.execute("SELECT free_blocks FROM pragma_database_size()").fetchall()
        except duckdb.Error as error:
            raise Unreadable("the database is damaged or of another version") from error
    if free:
        contents.hits.append(Hit("hidden-content", "free-blocks", where, "deleted rows may be in them", free))
    keep_trailing(data[_end(data) :], where, contents)


def _end(data: bytes) -> int:
    """Return where the last block ends: the headers' iteration, two pointers, number of blocks, and their size."""
    told = [struct.unpack_from("<QQQQQ", data, at * _HEADER + 8) for at in (1, 2)]
    _, _, _, blocks, size = max(told)
    return int(_HEADERS + blocks * size)


def _read_tables(base: Any, where: str, contents: Contents, policy: Policy) -> None:
    left = policy.limits["cells"]
    names = base.execute("SELECT schema_name, table_name, estimated_size, column_count FROM duckdb_tables()").fetchall()
    for schema, name, rows, columns in names:
        left -= max(rows, 0) * columns
        if left < 0:
            raise Unreadable("it has more cells than inspection reads", rule="too-big")
        found = base.execute(f"SELECT * FROM {_quoted(schema)}.{_quoted(name)}")  # noqa: S608 - quoted names
        heads = [each[0] for each in found.description]
        contents.tables.append(Table.of_rows(f"{where} table {schema}.{name}".strip(), heads, found.fetchall()))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
