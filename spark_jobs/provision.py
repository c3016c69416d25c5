"""Makes a project's extract: only agreed columns, rows and dates, of the agreed cohort, in the project's pseudonyms.

The project's pseudonym is an HMAC of the warehouse's under the project's own key, so that two projects cannot be
joined and neither can be joined with the warehouse. The extract appears whole or not at all: the manifest is written
into a staged folder last, and the folder is renamed. The same specification over the same versions of the tables gives
the same bytes, wherever it is run: see docs/decisions/0011.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pyspark
from deltalake.exceptions import DeltaError
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs import opt_out, parallel, tables
from spark_jobs.contracts import Contract, load_contracts
from spark_jobs.errors import JobRefused
from spark_jobs.provisioning import changes, cohort, generalise, risk
from spark_jobs.provisioning.cohort import PEOPLE, PSEUDONYM
from spark_jobs.provisioning.persons import LINKAGES, OWN, PLACE, own, sampled
from spark_jobs.provisioning.prove import Written, prove
from spark_jobs.provisioning.write import columns_of, files_for, write
from spark_jobs.session import plans_for, session

MANIFEST = "manifest.json"
# What a specification is, apart from the folders and the project: an extract is reproduced from these alone.
SPECIFICATION = ("cohort", "versions", "opt_outs", "generation", "sampling", "risk", "tables")
_BROADCAST_PERSONS = 500_000  # some 80 bytes each on every executor


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Make an extract and return its manifest.

    Parameters
    ----------
    spec : dict
        ``warehouse``, ``contracts``, ``out`` (folders), ``previous`` (the folder of the extract before, or None),
        ``project``, ``extract`` (number), and the specification: ``cohort`` (see
        :func:`spark_jobs.provisioning.cohort.persons`), ``versions`` (of ``people`` and, where an area is generalised,
        ``small_area``), ``opt_outs`` (which are applied: see :meth:`spark_jobs.opt_out.Register.read`), ``generation``
        (of the key), ``sampling`` (see :func:`spark_jobs.provisioning.persons.sampled`), ``risk`` (see
        :class:`spark_jobs.provisioning.risk.Bounds`), and ``tables``: each with ``dataset``, ``version``, ``columns``,
        ``from`` and ``to`` (ISO dates or None; both days belong to the window), ``linkage`` (one of ``project``,
        ``table`` and ``none``) and ``generalise`` (see :mod:`spark_jobs.provisioning.generalise`).
    keys : dict
        ``project-pseudonym``.

    Raises
    ------
    JobRefused
        When a column is unknown or may never be shared, a table or a version is not there, a dataset without dates is
        bounded by dates, or the cohort or a rule is refused.
    """
    out = Path(spec["out"])
    if (out / MANIFEST).exists():
        finished: dict[str, Any] = json.loads((out / MANIFEST).read_text())
        return finished
    contracts = load_contracts(Path(spec["contracts"]))
    for wanted in spec["tables"]:
        _check_wanted(wanted, contracts)
    staged = out.with_name(f".{out.name}.staged")
    shutil.rmtree(staged, ignore_errors=True)
    shutil.rmtree(out, ignore_errors=True)  # without a manifest it is what a cut-off run left
    staged.mkdir(parents=True)
    with session("provision", out.with_name(f".{out.name}.spark")) as spark:
        made = _Extract(spark, spec, contracts, keys["project-pseudonym"], staged).make(progress)
    manifest = {
        "project": spec["project"],
        "extract": spec["extract"],
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **made,
        "specification": {name: spec[name] for name in SPECIFICATION},
        "code": code_hash(),
    }
    (staged / MANIFEST).write_text(json.dumps(manifest, indent=2))
    os.rename(staged, out)
    return manifest


def code_hash() -> str:
    """Return the SHA-256 of the code that makes extracts, and of Spark's version: with it, the bytes are determined."""
    digest = hashlib.sha256(pyspark.__version__.encode())
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


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
    if wanted["linkage"] not in LINKAGES:
        raise JobRefused("There is no such linkage", where=wanted["dataset"], todo=f"Use one of: {', '.join(LINKAGES)}")
    generalise.check(wanted["generalise"], wanted["columns"], contract, contracts.get(generalise.AREAS))


class _Extract:
    """One extract on its way: its tables, its persons, and what is told of it."""

    def __init__(
        self, spark: SparkSession, spec: dict[str, Any], contracts: dict[str, Contract], key: bytes, staged: Path
    ) -> None:
        self._spark, self._spec, self._contracts, self._key, self._staged = spark, spec, contracts, key, staged
        self._warehouse = Path(spec["warehouse"])
        self._register = opt_out.Register.read(spark, self._warehouse, spec["opt_outs"])
        self._opened: dict[tuple[str, int], DataFrame] = {}

    def make(self, say: Callable[[str], None]) -> dict[str, Any]:
        """Write every table, look at what was written, and return what the manifest tells of it."""
        with plans_for(self._spark, sum(self._rows(each) for each in self._spec["tables"])):
            return self._made(say)

    def _made(self, say: Callable[[str], None]) -> dict[str, Any]:
        say("choosing the cohort")
        owns, count = self._persons()

        def table(wanted: dict[str, Any]) -> tuple[dict[str, Any], Written]:
            say(f"provisioning {wanted['dataset']}")
            mapped = owns.get(_linkage_of(wanted)) if self._is_linked(wanted) else None
            shown = mapped if wanted["linkage"] != "none" else None
            told = self._write(wanted, mapped, count)
            return told, Written(self._folder(wanted), self._contracts[wanted["dataset"]], shown)

        tables_made = parallel.each(table, self._spec["tables"])
        made, written = [told for told, _ in tables_made], [each for _, each in tables_made]
        say("checking the extract")
        prove(self._spark, written)
        say("measuring the risk of re-identification")
        return {
            "persons": count,
            "opt_outs": {"version": self._register.version, "national": self._register.national},
            "tables": made,
            "risk": self._risk(written),
            "changes": self._changes(made),
        }

    @cached_property
    def _people_version(self) -> int:
        return int(self._spec["versions"][PEOPLE])

    def _persons(self) -> tuple[dict[str, DataFrame], int]:
        """Return the persons of the extract with their pseudonyms, for each linkage, and their number.

        Everybody is in the people table that is named; who has opted out of this use is taken out before the cohort is
        sampled, and a cohort sees no practice's row of a person whose type 1 opt-out is in force.
        """
        visible = {each["dataset"]: self._read(each["dataset"], each["version"]) for each in self._spec["tables"]}
        people = self._read(PEOPLE, self._people_version)
        dates = {name: each.date_column for name, each in self._contracts.items() if each.date_column}
        chosen = cohort.persons(self._spark, self._spec["cohort"], {**visible, PEOPLE: people}, dates)
        persons = sampled(self._register.cohort(chosen), self._spec["sampling"], self._key)
        linkages = {_linkage_of(wanted) for wanted in self._spec["tables"] if self._is_linked(wanted)}
        if len(linkages) > 1:  # else they are read once, by the one linkage
            persons = persons.persist()
        owns = {linkage: own(persons, self._key, linkage).persist() for linkage in sorted(linkages)}
        count = next(iter(owns.values()), persons).count()
        small = count <= _BROADCAST_PERSONS
        return {linkage: F.broadcast(each) if small else each for linkage, each in owns.items()}, count

    def _is_linked(self, wanted: dict[str, Any]) -> bool:
        return PSEUDONYM in self._read(wanted["dataset"], wanted["version"]).columns

    def _read(self, dataset: str, version: int) -> DataFrame:
        """Return a version of a table as type 1 opt-outs leave it; opened once, since that reads a file's footer."""
        try:
            if (dataset, version) not in self._opened:
                rows = tables.read(self._spark, self._warehouse / dataset, version)
                withheld = PSEUDONYM in rows.columns
                self._opened[dataset, version] = self._register.table(rows, dataset, version) if withheld else rows
            return self._opened[dataset, version]
        except (DeltaError, AnalysisException):  # there is none, or its files were removed since
            raise JobRefused(
                "The warehouse holds no such table or version", where=dataset, todo="Build the warehouse first"
            ) from None

    def _rows(self, wanted: dict[str, Any]) -> int:
        self._read(wanted["dataset"], wanted["version"])  # refuses what is not there
        return tables.rows(self._warehouse / wanted["dataset"], wanted["version"])

    def _folder(self, wanted: dict[str, Any]) -> Path:
        return self._staged / str(wanted["dataset"])

    def _write(self, wanted: dict[str, Any], mapped: DataFrame | None, persons: int) -> dict[str, Any]:
        contract = self._contracts[wanted["dataset"]]
        frame, rules = self._table(wanted, mapped, contract), wanted["generalise"]
        rows = self._rows(wanted)
        if mapped is not None:
            rows = rows * persons // max(1, tables.rows(self._warehouse / PEOPLE, self._people_version))
        files = write(frame, self._folder(wanted), files_for(rows))
        return {
            "name": wanted["dataset"], "rows": sum(file["rows"] for file in files),
            "columns": columns_of(frame, contract, rules), "files": files, "source_version": wanted["version"],
            "contract": contract.version, "linkage": wanted["linkage"] if mapped is not None else None,
        }  # fmt: skip

    def _table(self, wanted: dict[str, Any], mapped: DataFrame | None, contract: Contract) -> DataFrame:
        frame = self._read(wanted["dataset"], wanted["version"])
        for bound, keeps in (("from", ">="), ("to", "<=")):
            if wanted[bound]:
                frame = frame.where(F.expr(f"cast(`{contract.date_column}` AS date) {keeps} date'{wanted[bound]}'"))
        columns = [F.col(f"`{name}`") for name in wanted["columns"] if name != PSEUDONYM]
        if mapped is not None and wanted["linkage"] == "none":
            frame = frame.join(mapped, PSEUDONYM, "left_semi").select(*columns)
        elif mapped is not None:
            frame = frame.join(mapped, PSEUDONYM).select(F.col(OWN).alias(PSEUDONYM), *columns, PLACE)
        else:
            frame = frame.select(*columns)
        areas = generalise.AREAS in self._spec["versions"]
        reference = self._read(generalise.AREAS, self._spec["versions"][generalise.AREAS]) if areas else None
        return generalise.apply(frame, wanted["generalise"], reference)

    def _risk(self, written: Iterable[Written]) -> dict[str, Any]:
        bounds = risk.Bounds(**self._spec["risk"])
        reports = parallel.each(
            lambda table: risk.report(self._spark.read.parquet(str(table.folder)), table.contract, bounds), written
        )
        told = [each for each in reports if each is not None]
        return {"floor": bounds.floor, "below": risk.below(told, bounds.floor), "tables": told}

    def _changes(self, made: list[dict[str, Any]]) -> dict[str, Any] | None:
        if self._spec["previous"] is None:
            return None
        before = Path(self._spec["previous"])
        told = json.loads((before / MANIFEST).read_text())
        changed = changes.between(self._spark, before, self._staged, told["tables"], made)
        return {"since": told["extract"], "tables": changed}


def _linkage_of(wanted: dict[str, Any]) -> str:
    """Return the table that its pseudonyms are for alone, or nothing for the project's own."""
    return str(wanted["dataset"]) if wanted["linkage"] == "table" else ""
