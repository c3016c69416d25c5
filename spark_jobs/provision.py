"""Makes a project's extract: only agreed columns, rows and dates, of the agreed cohort, in the project's pseudonyms.

The project's pseudonym is an HMAC of the warehouse's under the project's own key, so that two projects cannot be
joined and neither can be joined with the warehouse. The extract appears whole or not at all: the manifest is written
into a staged folder last, and the folder is renamed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs import tables
from spark_jobs.contracts import Contract, load_contracts
from spark_jobs.errors import JobRefused
from spark_jobs.provisioning import cohort
from spark_jobs.provisioning.cohort import PEOPLE, PSEUDONYM
from spark_jobs.pseudonymise import PATTERN, with_pseudonym
from spark_jobs.session import session


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Make an extract and return its manifest.

    Parameters
    ----------
    spec : dict
        ``warehouse``, ``contracts``, ``out`` (folders), ``project``, ``extract`` (number), ``cohort`` (see
        :func:`spark_jobs.provisioning.cohort.persons`), and ``tables``: each with ``dataset``, ``version``,
        ``columns``, ``from`` and ``to`` (ISO dates or None; both days belong to the window).
    keys : dict
        ``project-pseudonym``.

    Raises
    ------
    JobRefused
        When a column is unknown or may never be shared, a table is not there, a dataset without dates is bounded by
        dates, or the cohort is refused.
    """
    out = Path(spec["out"])
    if (out / "manifest.json").exists():
        finished: dict[str, Any] = json.loads((out / "manifest.json").read_text())
        return finished
    contracts = load_contracts(Path(spec["contracts"]))
    for wanted in spec["tables"]:
        _check_wanted(wanted, contracts)
    staged = out.with_name(f".{out.name}.staged")
    shutil.rmtree(staged, ignore_errors=True)
    shutil.rmtree(out, ignore_errors=True)  # without a manifest it is what a cut-off run left
    staged.mkdir(parents=True)
    with session("provision") as spark:
        warehouse = Path(spec["warehouse"])
        persons = cohort.persons(spark, spec["cohort"], _visible(spark, warehouse, spec["tables"])).persist()
        made = []
        for wanted in spec["tables"]:
            progress(f"provisioning {wanted['dataset']}")
            frame = _table(spark, warehouse, wanted, persons, contracts[wanted["dataset"]], keys)
            made.append(_write(frame, staged, wanted, contracts[wanted["dataset"]]))
        progress("checking the extract")
        _prove(spark, staged, made, persons, contracts)
        count = persons.count()
    manifest = {
        "project": spec["project"],
        "extract": spec["extract"],
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "persons": count,
        "tables": made,
    }
    (staged / "manifest.json").write_text(json.dumps(manifest, indent=2))
    os.rename(staged, out)
    return manifest


def _check_wanted(wanted: dict[str, Any], contracts: dict[str, Contract]) -> None:
    contract = contracts.get(wanted["dataset"])
    if contract is None:
        raise JobRefused("There is no data contract of this name", where=wanted["dataset"])
    if not wanted["columns"]:
        raise JobRefused("No column was agreed", where=wanted["dataset"])
    for name in wanted["columns"]:
        if name not in contract.by_name:
            raise JobRefused(
                f"The contract has no column '{name}'", where=wanted["dataset"], todo="Correct the agreement"
            )
        if not contract.by_name[name].published:
            kind = contract.by_name[name].classification.replace("_", " ")
            raise JobRefused(f"The column '{name}' is {kind} and never leaves landing", where=wanted["dataset"])
    dated = contract.date_column in {field.name for field in contract.published()}
    if (wanted["from"] or wanted["to"]) and not dated:
        raise JobRefused(
            "The dataset has no date to bound its rows by", where=wanted["dataset"], todo="Agree on it without dates"
        )


def _visible(spark: SparkSession, warehouse: Path, wanted: list[dict[str, Any]]) -> dict[str, DataFrame]:
    """Return the tables that a cohort can see: people, and the agreed datasets.

    People is the newest, from which who has opted out since is gone: so opt-outs are applied again, whichever version
    of the other tables is provisioned.
    """
    if tables.newest_version(warehouse / PEOPLE) is None:
        raise JobRefused("The warehouse is empty", where=PEOPLE, todo="Build the warehouse first")
    visible = {each["dataset"]: _read(spark, warehouse, each) for each in wanted}
    return {**visible, PEOPLE: tables.read(spark, warehouse / PEOPLE)}


def _read(spark: SparkSession, warehouse: Path, wanted: dict[str, Any]) -> DataFrame:
    if tables.newest_version(warehouse / wanted["dataset"]) is None:
        raise JobRefused("The warehouse holds no such table", where=wanted["dataset"], todo="Build the warehouse first")
    return tables.read(spark, warehouse / wanted["dataset"], wanted["version"])


def _table(
    spark: SparkSession,
    warehouse: Path,
    wanted: dict[str, Any],
    persons: DataFrame,
    contract: Contract,
    keys: dict[str, bytes],
) -> DataFrame:
    frame = _read(spark, warehouse, wanted)
    for bound, keeps in (("from", ">="), ("to", "<=")):
        if wanted[bound]:
            frame = frame.where(F.expr(f"cast(`{contract.date_column}` AS date) {keeps} date'{wanted[bound]}'"))
    columns = [F.col(f"`{name}`") for name in wanted["columns"] if name != PSEUDONYM]
    if PSEUDONYM not in frame.columns:
        return frame.select(*columns)
    frame = frame.join(persons, PSEUDONYM, "left_semi").select(F.col(PSEUDONYM).alias("_person"), *columns)
    return with_pseudonym(frame, "_person", keys["project-pseudonym"])


def _write(frame: DataFrame, staged: Path, wanted: dict[str, Any], contract: Contract) -> dict[str, Any]:
    folder = staged / wanted["dataset"]
    frame.repartition(max(1, frame.rdd.getNumPartitions() // 4)).write.parquet(str(folder))
    for leftover in (*folder.glob("_*"), *folder.glob(".*")):
        leftover.unlink()
    rows = frame.sparkSession.read.schema(frame.schema).parquet(str(folder)).count()
    columns = []
    for field in frame.schema:
        told = contract.by_name.get(field.name)
        columns.append(
            {
                "name": field.name,
                "type": field.dataType.simpleString(),
                "description": told.description if told else "The person's pseudonym in this project",
                "classification": told.classification if told else "safe",
            }
        )
    files = sorted(path.name for path in folder.iterdir())
    return {
        "name": wanted["dataset"], "rows": rows, "columns": columns, "files": files,
        "source_version": wanted["version"], "contract": contract.version,
    }  # fmt: skip


def _prove(
    spark: SparkSession, staged: Path, made: list[dict[str, Any]], persons: DataFrame, contracts: dict[str, Contract]
) -> None:
    """Look at what was written, not at what was meant: no direct identifier, no warehouse pseudonym.

    Raises
    ------
    JobRefused
        When the extract holds what it must not; nothing of it stays.
    """
    for each in made:
        frame = spark.read.parquet(str(staged / each["name"]))
        contract = contracts[each["name"]]
        never = {field.name for field in contract.fields if not field.published} - {PSEUDONYM}
        if set(frame.columns) & never:
            raise JobRefused("The extract would hold a column that never leaves landing", where=each["name"])
        if PSEUDONYM not in frame.columns:
            continue
        held = frame.select(PSEUDONYM).distinct()
        if held.join(persons, PSEUDONYM).limit(1).count():
            raise JobRefused("The extract would hold a pseudonym of the warehouse", where=each["name"])
        if held.where(~F.col(PSEUDONYM).rlike(f"^{PATTERN}$")).limit(1).count():
            raise JobRefused("The extract would hold something that is no pseudonym", where=each["name"])
