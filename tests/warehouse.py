"""Warehouse tables and specifications for tests of the data plane, under the true contracts."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from spark_jobs.contracts import load_contracts
from tests.conftest import REPOSITORY

CONTRACTS = REPOSITORY / "policies" / "contracts"


def warehouse_rows(dataset: str, spark: SparkSession, *told: dict) -> DataFrame:
    """Return rows of a warehouse table under its contract; what a row does not tell is null."""
    contract = load_contracts(CONTRACTS)[dataset]
    fields = {"pseudonym": "string"} | {each.name: each.type for each in contract.published()}
    schema = ", ".join(f"`{name}` {kind}" for name, kind in fields.items())
    return spark.createDataFrame([tuple(row.get(name) for name in fields) for row in told], schema)


def table(dataset: str, *columns: str, **more: object) -> dict:
    """Return what a specification says of one table."""
    plain = {"version": 0, "from": None, "to": None, "linkage": "project", "generalise": {}}
    return {"dataset": dataset, "columns": list(columns), **plain, **more}


def specification(warehouse: Path, out: Path, *tables: dict, **more: object) -> dict:
    """Return the whole specification of an extract."""
    plain = {
        "warehouse": str(warehouse), "contracts": str(CONTRACTS), "out": str(out), "previous": None, "project": "p",
        "extract": 1, "cohort": "", "versions": {"people": 0}, "sampling": None, "tables": list(tables),
        "risk": {"floor": 5, "columns": 8, "combinations": 40},
    }  # fmt: skip
    return {**plain, **more}
