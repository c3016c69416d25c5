"""Parquet and Arrow files."""

from __future__ import annotations

import io
from random import Random

import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

from tests.corpus.hosts import counts
from tests.corpus.model import Carrier, TableCarrier


def parquet(table: pa.Table) -> bytes:
    """Return a table as a Parquet file."""
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def arrow(table: pa.Table) -> bytes:
    """Return a table as an Arrow (Feather) file."""
    out = io.BytesIO()
    feather.write_feather(table, out)
    return out.getvalue()


def stream(table: pa.Table) -> bytes:
    """Return a table as an Arrow stream."""
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def as_arrow(frame: pd.DataFrame) -> pa.Table:
    """Return a frame as an Arrow table, in which a column of numbers and words is one of words."""
    mixed = {name: str for name in frame if pd.api.types.infer_dtype(frame[name]) == "mixed-integer"}
    return pa.Table.from_pandas(frame.astype(mixed), preserve_index=False)


def _noted(text: str, random: Random) -> pa.Table:
    frame = counts(random)
    frame["note"] = ["", text, *[""] * (len(frame) - 2)]
    return as_arrow(frame)


def _binary(text: str, random: Random) -> bytes:
    frame = counts(random)
    frame["note"] = [b"", text.encode(), *[b""] * (len(frame) - 2)]
    return parquet(as_arrow(frame))


def _nested(text: str, random: Random) -> bytes:
    table = as_arrow(counts(random))
    notes = [{"tags": ["a", "b"], "by": "x"}] * (table.num_rows - 1) + [{"tags": ["a", text], "by": "y"}]
    return parquet(table.append_column("notes", pa.array(notes)))


def _metadata(text: str, random: Random) -> pa.Table:
    table = as_arrow(counts(random))
    return table.replace_schema_metadata({**(table.schema.metadata or {}), b"comment": text.encode()})


def _field_metadata(text: str, random: Random) -> bytes:
    table = as_arrow(counts(random))
    fields = [field.with_metadata({b"comment": text.encode()}) for field in table.schema]
    return parquet(table.cast(pa.schema(fields)))


def _column(text: str, random: Random) -> bytes:
    return parquet(as_arrow(counts(random).rename(columns={"events": text})))


def _dictionary(text: str, random: Random) -> bytes:
    """Return an Arrow file whose dictionary holds a value that no row has."""
    table = as_arrow(counts(random))
    coded = pa.DictionaryArray.from_arrays(pa.array([0] * table.num_rows, pa.int8()), pa.array(["all", text]))
    return arrow(table.append_column("site", coded))


CARRIERS = (
    Carrier("parquet", "a cell", lambda text, random: parquet(_noted(text, random)), open=True, lines=True),
    Carrier("parquet", "a cell of bytes", _binary),
    Carrier("parquet", "a nested value", _nested),
    Carrier("parquet", "the file's metadata", lambda text, random: parquet(_metadata(text, random))),
    Carrier("parquet", "a column's metadata", _field_metadata),
    Carrier("parquet", "a column's name", _column, limit=120),
    Carrier("arrow", "a cell", lambda text, random: arrow(_noted(text, random)), open=True),
    Carrier("arrow", "the file's metadata", lambda text, random: arrow(_metadata(text, random))),
    Carrier("arrow", "a dictionary's value that no row has", _dictionary),
    Carrier("arrows", "a cell", lambda text, random: stream(_noted(text, random)), open=True),
)
TABLES = (
    TableCarrier("parquet", "a table", lambda frame, random: parquet(as_arrow(frame))),
    TableCarrier("arrow", "a table", lambda frame, random: arrow(as_arrow(frame))),
)
