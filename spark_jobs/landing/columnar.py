"""Reads Parquet, whatever types its columns have, as the text that the contract's rules judge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from spark_jobs.contracts import Contract
from spark_jobs.errors import JobRefused
from spark_jobs.landing.canonical import BATCH, Writer
from spark_jobs.landing.incoming import MOST_EXPANSION
from spark_jobs.manifest import SentFile

_READABLE = (
    pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal,
    pa.types.is_boolean, pa.types.is_date, pa.types.is_timestamp, pa.types.is_null,
)  # fmt: skip


def read(path: Path, told: SentFile, contract: Contract, out: Writer) -> int:
    """Write the file's rows, and return how many there are.

    Raises
    ------
    JobRefused
        When it is no whole Parquet file, its columns are not the contract's, or one has a type that is no text,
        number, date or time.
    """
    wanted = [field.name for field in contract.fields]
    count = 0
    try:
        with parquet.ParquetFile(path) as file:
            _check(file, wanted, told)
            for batch in file.iter_batches(BATCH, columns=wanted):
                out.write(told.name, count + 1, [_text(batch.column(name)) for name in wanted])
                count += batch.num_rows
    except (pa.ArrowException, OSError):
        raise JobRefused("The file is no whole Parquet file", where=told.name, todo="Write it again") from None
    return count


def _check(file: Any, wanted: list[str], told: SentFile) -> None:
    schema, metadata = file.schema_arrow, file.metadata
    if missing := [name for name in wanted if schema.names.count(name) != 1]:
        raise JobRefused(f"The column '{missing[0]}' is missing", where=told.name, todo="Send the contract's columns")
    if len(schema.names) != len(wanted):
        what = f"There are {len(schema.names)} columns instead of {len(wanted)}"
        raise JobRefused(what, where=told.name, todo="Send the contract's columns")
    for field in schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if not any(is_kind(kind) for is_kind in _READABLE):
            where = f"{told.name}, field {field.name}"
            raise JobRefused("A column has a type that no contract has", where=where, todo="Send text or numbers")
    groups = range(metadata.num_row_groups)
    if sum(metadata.row_group(each).total_byte_size for each in groups) > MOST_EXPANSION * told.bytes:
        what = f"The file would unpack to more than {MOST_EXPANSION} times its size"
        raise JobRefused(what, where=told.name, todo="Send it in parts")


def _text(column: Any) -> Any:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column.cast(pa.string())
