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
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import BooleanType

from spark_jobs import opt_out, tables
from spark_jobs.contracts import Contract, load_contracts
from spark_jobs.errors import JobRefused
from spark_jobs.pseudonymise import PATTERN, with_pseudonym
from spark_jobs.session import session

PEOPLE = "people"
_PSEUDONYM = "pseudonym"
_NO_CONTEXT = ("select", ";", "--", "/*", "from ", "java_method", "reflect")


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Make an extract and return its manifest.

    Parameters
    ----------
    spec : dict
        ``warehouse``, ``contracts``, ``out`` (folders), ``project``, ``extract`` (number), ``cohort`` with ``where``
        (a condition on the people table, or empty), ``national_opt_out`` (whether it applies to this use: it does when
        this is not told), ``as_of`` (the day whose opt-outs are applied, or None for today), and ``tables``: each with
        ``dataset``, ``version``, ``columns``, ``date_column``, ``from`` and ``to`` (ISO dates or None).
    keys : dict
        ``project-pseudonym``.

    Raises
    ------
    JobRefused
        When a column is unknown or may never be shared, a table is not there, or the cohort is no condition.
    """
    out, national = Path(spec["out"]), bool(spec.get("national_opt_out", True))
    if (out / "manifest.json").exists():
        finished: dict[str, Any] = json.loads((out / "manifest.json").read_text())
        return finished
    contracts = load_contracts(Path(spec["contracts"]))
    for wanted in spec["tables"]:
        _check_columns(wanted, contracts)
    staged = out.with_name(f".{out.name}.staged")
    shutil.rmtree(staged, ignore_errors=True)
    shutil.rmtree(out, ignore_errors=True)  # without a manifest it is what a cut-off run left
    staged.mkdir(parents=True)
    with session("provision", out.with_name(f".{out.name}.spark")) as spark:
        register = opt_out.Register.read(spark, Path(spec["warehouse"]), _day(spec))
        asked_for = _cohort(spark, Path(spec["warehouse"]), spec["cohort"]["where"])
        cohort = register.cohort(asked_for, national).persist()
        made = []
        for wanted in spec["tables"]:
            progress(f"provisioning {wanted['dataset']}")
            frame = _table(spark, Path(spec["warehouse"]), wanted, cohort, register, keys)
            made.append(_write(frame, staged, wanted, contracts[wanted["dataset"]]))
        progress("checking the extract")
        _prove(spark, staged, made, cohort, contracts)
        persons = cohort.count()
    manifest = {
        "project": spec["project"],
        "extract": spec["extract"],
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "persons": persons,
        "tables": made,
        "opt_outs": {"version": register.version, "national": national},
    }
    (staged / "manifest.json").write_text(json.dumps(manifest, indent=2))
    os.rename(staged, out)
    return manifest


def _day(spec: dict[str, Any]) -> date:
    return date.fromisoformat(spec["as_of"]) if spec.get("as_of") else date.today()


def _check_columns(wanted: dict[str, Any], contracts: dict[str, Contract]) -> None:
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


def _newest_people(spark: SparkSession, warehouse: Path) -> DataFrame:
    if tables.newest_version(warehouse / PEOPLE) is None:
        raise JobRefused("The warehouse is empty", where=PEOPLE, todo="Build the warehouse first")
    return tables.read(spark, warehouse / PEOPLE)


def _cohort(spark: SparkSession, warehouse: Path, where: str) -> DataFrame:
    """Return the warehouse pseudonyms of the persons in the cohort.

    It is taken from the newest people table.
    """
    people = _newest_people(spark, warehouse)
    if not where.strip():
        return people.select(_PSEUDONYM)
    lowered = where.lower()
    if any(word in lowered for word in _NO_CONTEXT):
        raise JobRefused("The cohort must be a plain condition on the people table", where="cohort")
    try:
        condition = F.expr(where)
        if not isinstance(people.select(condition).schema[0].dataType, BooleanType):
            raise JobRefused("The cohort is no condition: it does not say yes or no", where="cohort")
        return people.where(condition).select(_PSEUDONYM)
    except (AnalysisException, ParseException):
        columns = ", ".join(people.columns)
        raise JobRefused(
            "The cohort is no condition on the people table", where="cohort", todo=f"Use: {columns}"
        ) from None


def _table(
    spark: SparkSession,
    warehouse: Path,
    wanted: dict[str, Any],
    cohort: DataFrame,
    register: opt_out.Register,
    keys: dict[str, bytes],
) -> DataFrame:
    newest = tables.newest_version(warehouse / wanted["dataset"])
    if newest is None:
        raise JobRefused("The warehouse holds no such table", where=wanted["dataset"], todo="Build the warehouse first")
    frame = tables.read(spark, warehouse / wanted["dataset"], wanted["version"])
    frame = register.table(frame, wanted["dataset"], newest=wanted["version"] == newest)
    for bound, keeps in (("from", ">="), ("to", "<=")):
        if wanted.get(bound) and wanted["date_column"]:
            frame = frame.where(F.expr(f"cast(`{wanted['date_column']}` AS date) {keeps} date'{wanted[bound]}'"))
    columns = [F.col(f"`{name}`") for name in wanted["columns"] if name != _PSEUDONYM]
    if _PSEUDONYM not in frame.columns:
        return frame.select(*columns)
    frame = frame.join(cohort, _PSEUDONYM, "left_semi").select(F.col(_PSEUDONYM).alias("_person"), *columns)
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
    spark: SparkSession, staged: Path, made: list[dict[str, Any]], cohort: DataFrame, contracts: dict[str, Contract]
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
        never = {field.name for field in contract.fields if not field.published} - {_PSEUDONYM}
        if set(frame.columns) & never:
            raise JobRefused("The extract would hold a column that never leaves landing", where=each["name"])
        if _PSEUDONYM not in frame.columns:
            continue
        held = frame.select(_PSEUDONYM).distinct()
        if held.join(cohort, _PSEUDONYM).limit(1).count():
            raise JobRefused("The extract would hold a pseudonym of the warehouse", where=each["name"])
        if held.where(~F.col(_PSEUDONYM).rlike(f"^{PATTERN}$")).limit(1).count():
            raise JobRefused("The extract would hold something that is no pseudonym", where=each["name"])
