"""Versioned tables: Spark writes Parquet, and delta-rs commits the files as one transaction of a Delta table.

See the Delta transaction protocol, https://github.com/delta-io/delta/blob/master/PROTOCOL.md, and
docs/decisions/0002. A table's folder is never read as Parquet: files that no version holds may lie in it.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import TableNotFoundError
from deltalake.schema import Schema
from deltalake.transaction import AddAction, create_table_with_add_actions
from pyarrow import dataset
from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from spark_jobs import commits
from spark_jobs.errors import JobRefused

_FINGERPRINT = "tre.fingerprint"
_ROWS = "tre.rows"
_WRITTEN = "written"
_SALTS = (1, 2)
_ROW_GROUP = 100_000  # rows: so that Spark reads a file in as many parts as it has cores
_PIECES = {0: " & 4194303", 22: " & 4194303", 44: ""}  # of a hash of 64 bits: where it begins, and the mask of 22 bits


@dataclass(frozen=True)
class Published:
    """One version of a table: its number, its rows, and whether this call made it."""

    version: int
    rows: int
    new: bool


def publish(frame: DataFrame, folder: Path) -> Published:
    """Make the frame the newest version of the table in the folder, unless it holds just these rows already.

    The version appears in one step or not at all; files of a cut-off run belong to no version and are removed.
    """
    with commits.alone(folder):
        staged, observed = folder / f"data-{uuid.uuid4().hex}", Observation()
        _digested(frame, observed).write.parquet(str(staged))
        rows = rows_in(staged)
        check_there(observed, rows, folder)
        return _adopted(staged, folder, _fingerprint(frame, observed.get, rows), rows)


def publish_here(rows: pa.Table, digest: str, folder: Path) -> Published:
    """Do as :func:`publish` does with rows that this process holds.

    Parameters
    ----------
    digest : str
        Of the rows, whatever their order.
    """
    schema = ",".join(f"{field.name}:{field.type}" for field in rows.schema)
    with commits.alone(folder):
        staged = folder / f"data-{uuid.uuid4().hex}"
        staged.mkdir(parents=True)
        parquet.write_table(rows, staged / "part-0.parquet", compression="zstd", row_group_size=_ROW_GROUP)
        return _adopted(staged, folder, f"{schema}|{digest}|{rows.num_rows}", rows.num_rows)


def counted(seen: Observation, frame: DataFrame, *more: Column) -> DataFrame:
    """Return the frame so that its being written counts its rows, for :func:`check_there`, and what else is told."""
    return frame.observe(seen, F.count(F.lit(1)).alias(_WRITTEN), *more)


def check_there(seen: Observation, there: int, folder: Path) -> None:
    """Refuse what is there when it is not all that was written: a node may have written to a disk of its own.

    Raises
    ------
    JobRefused
        Naming the table.
    """
    written = seen.get.get(_WRITTEN) or 0
    if written != there:
        what = f"The executors wrote {written} rows and {there} are there"
        raise JobRefused(what, where=folder.name, todo="Look whether every node sees the warehouse")


def _adopted(staged: Path, folder: Path, fingerprint: str, rows: int) -> Published:
    """Make the staged files the table's newest version, unless it holds just these rows already."""
    before = newest(folder)
    if before is not None and _metadata(before).get(_FINGERPRINT) == fingerprint:
        shutil.rmtree(staged)
        return Published(before.version(), rows, new=False)
    _sync([*staged.glob("*.parquet"), staged, folder])  # the log must name no file that a power cut takes
    _commit(folder, staged, before, {_FINGERPRINT: fingerprint, _ROWS: str(rows)})
    version, log = DeltaTable(folder).version(), folder / "_delta_log"
    commits.check_own(folder, version, staged.name)
    _sync([log / f"{version:020}.json", log])
    _remove_unowned(folder)
    return Published(version, rows, new=True)


def read(spark: SparkSession, folder: Path, version: int | None = None) -> DataFrame:
    """Return a version of a table (the newest by default), from the files that the version holds.

    Raises
    ------
    deltalake.exceptions.TableNotFoundError
        When there is no such table or version.
    JobRefused
        When the version's files have been erased (:mod:`spark_jobs.vacuum`).
    """
    table = DeltaTable(folder, version=version)
    files = _files(table, folder)
    # Of its own accord Spark would ask the files, in a job of its own.
    schema = StructType.fromJson(json.loads(table.schema().to_json()))
    return spark.read.schema(schema).parquet(*files)


def arrow(folder: Path, version: int) -> dataset.FileSystemDataset:
    """Return a version of a table as :func:`read` does, for this process to read without Spark.

    Raises
    ------
    deltalake.exceptions.TableNotFoundError
        When there is no such table or version.
    JobRefused
        When the version's files have been erased (:mod:`spark_jobs.vacuum`).
    """
    table = DeltaTable(folder, version=version)
    return dataset.dataset(_files(table, folder), schema=pa.schema(table.schema().to_arrow()), format="parquet")


def _files(table: DeltaTable, folder: Path) -> list[str]:
    files = [str(folder / action) for action in table.get_add_actions(flatten=True)["path"].to_pylist()]
    if not all(Path(file).exists() for file in files):
        what = f"Version {table.version()} of the table has been erased"
        raise JobRefused(what, where=folder.name, todo="Use a newer version")
    return files


def newest_version(folder: Path) -> int | None:
    """Return the number of a table's newest version, or None when there is no table."""
    table = newest(folder)
    return None if table is None else table.version()


def rows(folder: Path, version: int) -> int:
    """Return the number of rows of a version, from its log alone."""
    return extent(folder, version)[0]


def extent(folder: Path, version: int) -> tuple[int, int]:
    """Return the numbers of rows and of bytes of a version, from its log alone."""
    told = DeltaTable(folder, version=version).get_add_actions(flatten=True)
    return sum(told["num_records"].to_pylist()), sum(told["size_bytes"].to_pylist())


def rows_in(folder: Path) -> int:
    """Return the number of rows of a folder of Parquet, from the files' footers alone."""
    return sum(parquet.read_metadata(path).num_rows for path in folder.glob("*.parquet"))


def newest(folder: Path) -> DeltaTable | None:
    """Return the table at its newest version, or None when there is no table."""
    try:
        return DeltaTable(folder, storage_options=commits.options())
    except TableNotFoundError:
        return None


def _metadata(table: DeltaTable) -> dict[str, str]:
    return dict(table.history(1)[0])


def _digested(frame: DataFrame, seen: Observation) -> DataFrame:
    """Return the frame so that its being written digests it twice: see :func:`_digest`."""
    quoted = (f"`{name.replace('`', '``')}`" for name in frame.columns)
    cells = ", ".join(f"{name}, isnull({name})" for name in quoted)
    hashed = frame.select("*", *(F.expr(f"xxhash64({salt}, {cells})").alias(f"_hash_{salt}") for salt in _SALTS))
    sums = (
        F.expr(f"sum(shiftright(_hash_{salt}, {shift}){kept})").alias(f"{salt}_{shift}")
        for salt in _SALTS
        for shift, kept in _PIECES.items()
    )
    return counted(seen, hashed, *sums).drop(*(f"_hash_{salt}" for salt in _SALTS))


def _digest(seen: Mapping[str, Any], salt: int) -> int | None:
    """Return a digest of rows, whatever their order: the sum of hashes that know a null from any value.

    Spark adds up each hash in three pieces, which no number of rows brings beyond 64 bits, and this puts them together.
    """
    sums = [seen.get(f"{salt}_{shift}") for shift in _PIECES]
    return None if None in sums else sum(each << shift for each, shift in zip(sums, _PIECES, strict=True) if each)


def _fingerprint(frame: DataFrame, digests: Mapping[str, Any], rows: int) -> str:
    schema = ",".join(f"{field.name}:{field.dataType.simpleString()}" for field in frame.schema)
    return "|".join([schema, *(str(_digest(digests, salt)) for salt in _SALTS), str(rows)])


def _commit(folder: Path, staged: Path, before: DeltaTable | None, metadata: dict[str, str]) -> None:
    parts = sorted(path for path in staged.glob("*.parquet"))
    schema = Schema.from_arrow(parquet.read_schema(parts[0]))
    actions: list[Any] = [add_action(path, folder) for path in parts]
    properties = CommitProperties(custom_metadata=metadata)
    if before is None:
        create_table_with_add_actions(
            str(folder), schema, actions, mode="error", partition_by=[], commit_properties=properties,
            storage_options=commits.options(),
        )  # fmt: skip
    else:
        before.create_write_transaction(
            actions, mode="overwrite", schema=schema, partition_by=[], commit_properties=properties
        )


def add_action(path: Path, folder: Path) -> AddAction:
    """Return a written file as a table's log tells of it."""
    told = path.stat()
    stats = f'{{"numRecords": {parquet.read_metadata(path).num_rows}}}'
    where = path.relative_to(folder).as_posix()
    return AddAction(where, told.st_size, {}, int(told.st_mtime * 1000), True, stats)


def _remove_unowned(folder: Path) -> None:
    """Remove the folders that a cut-off run wrote and no version of the log names."""
    log = "".join(path.read_text() for path in (folder / "_delta_log").glob("*.json"))
    for path in folder.glob("data-*"):
        if path.name not in log:
            shutil.rmtree(path)


def _sync(paths: Iterable[Path]) -> None:
    """Have files and folders written to the disk: these alone, for all that the machine writes would be waited for."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
