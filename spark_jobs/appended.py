"""Appends batches to a versioned table, each once: the batch's number stands in the transaction that adds its rows.

See the Delta transaction protocol, "Transaction Identifiers". :mod:`spark_jobs.tables` reads such a table as any other.
"""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.schema import Schema
from deltalake.transaction import create_table_with_add_actions
from pyspark.sql import DataFrame, Observation

from spark_jobs import commits
from spark_jobs.tables import Published, add_action, check_there, counted, newest, rows_in

MOST_FILES = 200  # beyond so many small files the table is compacted


def holds(folder: Path, stream: str, number: int) -> bool:
    """Return whether the table holds this batch of this stream."""
    table = newest(folder)
    last = None if table is None else table.transaction_version(stream)
    return last is not None and last >= number


def append(frame: DataFrame, folder: Path, stream: str, number: int) -> Published | None:
    """Add a batch's rows in one transaction; a batch without rows changes nothing.

    Returns
    -------
    Published or None
        The table's newest version with all its rows.
    """
    with commits.alone(folder):
        staged, seen = folder / f"data-{uuid.uuid4().hex}", Observation()
        counted(seen, frame).write.parquet(str(staged))
        check_there(seen, rows_in(staged), folder)
        parts = sorted(staged.glob("*.parquet"))
        actions = [add_action(path, folder) for path in parts if parquet.read_metadata(path).num_rows]
        if actions:
            return _appended(staged, folder, actions, Transaction(stream, number))
        shutil.rmtree(staged)
        return None


def _appended(staged: Path, folder: Path, actions: list[Any], batch: Transaction) -> Published:
    parts = sorted(staged.glob("*.parquet"))
    properties = CommitProperties(app_transactions=[batch])
    schema, table = Schema.from_arrow(parquet.read_schema(parts[0])), newest(folder)
    if table is None:
        create_table_with_add_actions(
            str(folder), schema, actions, mode="error", partition_by=[], commit_properties=properties,
            storage_options=commits.options(),
        )  # fmt: skip
    else:
        table.create_write_transaction(
            actions, mode="append", schema=schema, partition_by=[], commit_properties=properties
        )
    made = DeltaTable(folder, storage_options=commits.options())
    commits.check_own(folder, made.version(), staged.name)
    if made.get_add_actions().num_rows > MOST_FILES:
        made.optimize.compact()
    records = made.get_add_actions(flatten=True)["num_records"].to_pylist()
    return Published(made.version(), sum(records), new=True)
