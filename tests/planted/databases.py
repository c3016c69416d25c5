"""SQLite, DuckDB, Stata, SPSS, SAS transport, R, each by its own library; SAS by hand."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tests.planted.sas import sas7bdat

Plant = Mapping[str, str]


def _frame(plant: Plant) -> pd.DataFrame:
    return pd.DataFrame({"age_band": [plant.get("cell", "20-29"), "30-39"], "count": [120.0, 130.0]})


def _written(write: Callable[[str], Any], ending: str = "") -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file{ending}"
        write(str(path))
        return path.read_bytes()


def sqlite(plant: Plant) -> bytes:
    said = plant.get
    base = sqlite3.connect(":memory:", isolation_level=None)
    base.execute("PRAGMA secure_delete=OFF")  # some systems have it on
    base.execute(f'CREATE TABLE "{said("table name", "counts")}" (band TEXT, "{said("column name", "n")}" INTEGER)')
    base.execute(f'INSERT INTO "{said("table name", "counts")}" VALUES (?, 120), (?, 130)', (said("cell", "a"), "b"))
    base.execute("CREATE TABLE blobs (body BLOB)")
    base.execute("INSERT INTO blobs VALUES (?)", (f"Results\n{said('bytes', 'none')}\n".encode(),))
    if "view" in plant:
        base.execute(f"CREATE VIEW v AS SELECT '{plant['view']}' AS a")
    if "deleted row" in plant:
        base.execute("CREATE TABLE old (a TEXT)")
        base.execute("INSERT INTO old VALUES (?)", (plant["deleted row"] + " gone",))
        base.execute("DELETE FROM old")
    if "dropped table" in plant:
        base.execute("CREATE TABLE old (a TEXT)")
        base.execute("INSERT INTO old VALUES (?)", (plant["dropped table"],))
        base.execute("DROP TABLE old")
    return bytes(base.serialize()) + plant.get("appended", "").encode()


def duckdb(plant: Plant) -> bytes:
    import duckdb as library

    said = plant.get

    def write(path: str) -> None:
        with library.connect(path) as base:
            base.execute(f'CREATE TABLE counts (band TEXT, "{said("column name", "n")}" INTEGER)')
            base.execute("INSERT INTO counts VALUES (?, 120), ('b', 130)", [said("cell", "a")])
            base.execute(f"COMMENT ON TABLE counts IS '{said('comment', 'x')}'")
            base.execute(f"COMMENT ON COLUMN counts.band IS '{said('column comment', 'x')}'")
            if "view" in plant:
                base.execute(f"CREATE VIEW v AS SELECT '{plant['view']}' AS a")
            if "macro" in plant:
                base.execute(f"CREATE MACRO m() AS '{plant['macro']}'")
            if "enum" in plant:
                base.execute(f"CREATE TYPE e AS ENUM ('{plant['enum']}')")

    return _written(write)


def stata(plant: Plant) -> bytes:
    import pyreadstat

    labels = [plant.get("variable label", "band"), "count"]
    values = {"count": {1: plant.get("value label", "one")}}
    return _written(
        lambda path: pyreadstat.write_dta(_frame(plant), path, file_label=plant.get("file label", "x"),
                                          column_labels=labels, variable_value_labels=values)
    )  # fmt: skip


def spss(plant: Plant) -> bytes:
    import pyreadstat

    labels = [plant.get("variable label", "band"), "count"]
    values = {"count": {1.0: plant.get("value label", "one")}}
    return _written(
        lambda path: pyreadstat.write_sav(_frame(plant), path, file_label=plant.get("file label", "x"),
                                          note=plant.get("note", "x"), column_labels=labels, variable_value_labels=values)
    )  # fmt: skip


def xport(plant: Plant) -> bytes:
    import pyreadstat

    labels = [plant.get("variable label", "band"), "count"]
    return _written(
        lambda path: pyreadstat.write_xport(_frame(plant), path, file_label=plant.get("file label", "x"),
                                            column_labels=labels, table_name="COUNTS")
    )  # fmt: skip


def por(plant: Plant) -> bytes:
    import pyreadstat

    labels = [plant.get("variable label", "band"), "count"]
    return _written(lambda path: pyreadstat.write_por(_frame(plant), path, column_labels=labels))


def sas(plant: Plant) -> bytes:
    return sas7bdat(
        {plant.get("column name", "age_band"): [plant.get("cell", "20-29"), "30-39"], "count": [120.0, 130.0]}
    )


def rds(plant: Plant) -> bytes:
    import rdata

    value = {"frame": _frame(plant), plant.get("name", "note"): plant.get("string", "x"), "more": ["a", "b"]}
    return _written(lambda path: rdata.write_rds(path, value), ".rds")


def rda(plant: Plant) -> bytes:
    import rdata

    value = {plant.get("object name", "counts"): _frame(plant)}
    return _written(lambda path: rdata.write_rda(path, value), ".rda")


KINDS = {
    "sqlite": (
        sqlite,
        ("table name", "column name", "cell", "bytes", "view", "deleted row", "dropped table", "appended"),
        (),
    ),
    "duckdb": (duckdb, ("column name", "cell", "comment", "column comment", "view", "macro", "enum"), ()),
    "stata": (stata, ("cell", "variable label", "value label", "file label"), ()),
    "spss": (spss, ("cell", "variable label", "value label", "file label", "note"), ()),
    "sas transport": (xport, ("cell", "variable label", "file label"), ()),
    "spss portable": (por, ("cell", "variable label"), ()),
    "sas": (sas, ("column name", "cell"), ()),
    "rds": (rds, ("cell", "name", "string"), ()),
    "rdata": (rda, ("cell", "object name"), ()),
}
