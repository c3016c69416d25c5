"""Writes a table of an extract so that the same rows give the same bytes, on one core or on a cluster.

Rows go to files by their pseudonym's first characters and are sorted there by every column, pseudonym first. The
number of files follows from the numbers of rows and persons, never from the machine; row groups have a fixed size; a
Parquet file of Spark's holds no time, and what stands in it by chance is put in order. So the SHA-256 of each file is a
property of the data.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.provisioning.footer import put_in_order
from spark_jobs.provisioning.persons import PLACE, PLACE_BITS

_ROWS_PER_FILE = 250_000
_MOST_FILES = 4096
_ROW_GROUP = 32 * 1024 * 1024  # bytes; small enough that Parquet's writers never have to shrink it for want of memory
_PART = re.compile(r"part-(\d{5})-")


def files_for(rows: int) -> int:
    """Return the number of files for about so many rows: a power of two."""
    files = 1
    while files * _ROWS_PER_FILE < rows and files < _MOST_FILES:
        files *= 2
    return files


def write(frame: DataFrame, folder: Path, files: int) -> list[dict[str, Any]]:
    """Write the frame into a folder and return its files: ``name``, ``rows``, ``bytes`` and ``sha256`` of each.

    Parameters
    ----------
    frame : DataFrame
        With the place of each row's pseudonym (``_place``), which is not written, where it has pseudonyms.
    files : int
        A power of two; see :func:`files_for`.
    """
    columns = [F.col(f"`{name}`") for name in frame.columns if name != PLACE]
    placed = frame.repartition(1) if files == 1 else frame.repartitionById(files, _file(frame, files))
    ordered = placed.select(*columns).sortWithinPartitions(*columns)
    ordered.write.option("parquet.block.size", _ROW_GROUP).option("compression", "zstd").parquet(str(folder))
    for leftover in (*folder.glob("_*"), *folder.glob(".*")):
        leftover.unlink()
    return [_named(path) for path in sorted(folder.iterdir())]


def _file(frame: DataFrame, files: int) -> Column:
    """Return the number of the file that a row goes to."""
    if PLACE in frame.columns:
        return F.shiftright(F.col(PLACE), PLACE_BITS - files.bit_length() + 1)
    return F.pmod(F.xxhash64(*(F.col(f"`{name}`") for name in frame.columns)), F.lit(files)).cast("int")


def _named(path: Path) -> dict[str, Any]:
    """Give a file the name that its place has, without Spark's random part, and tell of it."""
    part = _PART.match(path.name)
    name = path.with_name(f"part-{part.group(1) if part else '00000'}.parquet")
    os.rename(path, name)
    put_in_order(name)
    with name.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    rows = parquet.read_metadata(name).num_rows
    return {"name": name.name, "rows": rows, "bytes": name.stat().st_size, "sha256": digest}
