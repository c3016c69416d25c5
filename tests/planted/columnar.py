"""Parquet and Arrow IPC, by Arrow."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Plant = Mapping[str, str]
_CORNERS = ("column name", "cell", "nested cell", "category of no row", "metadata", "column metadata")


def _table(plant: Plant) -> pa.Table:
    said = plant.get
    bands = pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array(["a", "b", said("category of no row", "c")]))
    notes = pa.array(["x", said("beneath a missing value", "")])
    missing = pa.array([True, False]).buffers()[1]
    columns: dict[str, Any] = {
        "band": [said("cell", "20-29"), "30-39"],
        said("column name", "count"): [120, 130],
        "parts": [{"note": said("nested cell", "x")}, {"note": "y"}],
        "group": bands,
        "remark": pa.StringArray.from_buffers(2, *notes.buffers()[1:], missing, 1),
    }
    table = pa.table(columns)
    field = table.schema.field(0).with_metadata({"note": said("column metadata", "x")})
    schema = table.schema.set(0, field).with_metadata({"note": said("metadata", "x")})
    return table.cast(schema)


def parquet(plant: Plant) -> bytes:
    packed = io.BytesIO()
    pq.write_table(_table(plant), packed)
    return packed.getvalue()


def arrow_file(plant: Plant) -> bytes:
    packed, table = io.BytesIO(), _table(plant)
    with pa.ipc.new_file(packed, table.schema) as writer:
        writer.write_table(table)
    return packed.getvalue()


def arrow_stream(plant: Plant) -> bytes:
    packed, table = io.BytesIO(), _table(plant)
    with pa.ipc.new_stream(packed, table.schema) as writer:
        writer.write_table(table)
    return packed.getvalue()


KINDS = {
    "parquet": (parquet, _CORNERS, ()),
    "arrow": (arrow_file, (*_CORNERS, "beneath a missing value"), ()),
    "arrow stream": (arrow_stream, (*_CORNERS, "beneath a missing value"), ()),
}
