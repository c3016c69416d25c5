"""Looks at what was written, not at what was meant: no column that never leaves landing, no warehouse pseudonym."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as parquet

from spark_jobs.errors import JobRefused
from spark_jobs.provisioning.cohort import PSEUDONYM
from spark_jobs.provisioning.engines import Engine
from spark_jobs.provisioning.persons import OWN
from spark_jobs.provisioning.selection import Written
from spark_jobs.pseudonymise import LENGTH, PATTERN

_ESCAPED = PATTERN.replace("{", "{{").replace("}", "}}")  # as braces stand in a query
# The length is asked for too: '$' also matches before a line's end that closes the text.
_SHAPED = f"coalesce(length({OWN}) = {LENGTH} AND regexp_like({OWN}, '^{_ESCAPED}$'), false)"


def prove(engine: Engine, written: Iterable[Written]) -> None:
    """Refuse an extract that holds what it must not.

    Every pseudonym in it must be one that the project's key made; those are looked at once, person by person, and the
    tables' rows are held against them.

    Raises
    ------
    JobRefused
        Naming the table or tables.
    """
    linked: dict[int, list[Written]] = {}
    for table in written:
        _check_columns(table)
        if table.own is not None:
            linked.setdefault(id(table.own), []).append(table)
    for tables in linked.values():
        _prove_pseudonyms(engine, tables)


def _check_columns(table: Written) -> None:
    contract = table.selection.contract
    held = {name for path in table.folder.iterdir() for name in parquet.read_schema(path).names}
    never = {field.name for field in contract.fields if not field.published} - {PSEUDONYM}
    if held & never:
        raise JobRefused("The extract would hold a column that never leaves landing", where=contract.dataset)
    if (table.own is not None) != (PSEUDONYM in held):
        what = "The extract would hold a pseudonym that was not asked for, or none"
        raise JobRefused(what, where=contract.dataset)


def _prove_pseudonyms(engine: Engine, tables: list[Written]) -> None:
    """Prove the tables that share their persons' pseudonyms: the persons first, then every row against them."""
    folders = {f"table_{number}": table.folder for number, table in enumerate(tables)}
    rows = " UNION ALL ".join(f"SELECT {PSEUDONYM} FROM {{{name}}}" for name in folders)
    proofs: tuple[tuple[str, str, dict[str, Path]], ...] = (
        ("something that is no pseudonym", f"FROM {{own}} o WHERE NOT {_SHAPED}", {}),
        ("a pseudonym of the warehouse", f"FROM {{own}} p JOIN {{own}} o ON p.{OWN} = o.{PSEUDONYM}", {}),
        ("a pseudonym that is not this project's",
         f"FROM ({rows}) r ANTI JOIN {{own}} o ON r.{PSEUDONYM} = o.{OWN}", folders),
    )  # fmt: skip
    for what, where, more in proofs:
        (found,) = engine.ask(f"SELECT {engine.beside('o')} count(*) AS rows {where}", own=tables[0].own, **more)
        if found["rows"]:
            named = ", ".join(table.selection.contract.dataset for table in tables)
            raise JobRefused(f"The extract would hold {what}", where=named)
