"""Makes a project's extract: only agreed columns, rows and dates, of the agreed cohort, in the project's pseudonyms.

The project's pseudonym is an HMAC of the warehouse's under the project's own key, so that two projects cannot be
joined and neither can be joined with the warehouse. The extract appears whole or not at all: its folder is renamed,
which a mounted store does file by file, and then the manifest is put into it, without which it is none. The same
specification over the same versions of the tables gives the same bytes, wherever it is run: see docs/decisions/0011.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pyspark
from deltalake.exceptions import DeltaError
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession

from spark_jobs import opt_out, parallel, tables
from spark_jobs.contracts import Contract, load_contracts
from spark_jobs.errors import JobRefused
from spark_jobs.provisioning import changes, cohort, generalise, risk
from spark_jobs.provisioning.cohort import PEOPLE, PSEUDONYM
from spark_jobs.provisioning.engines import Engine
from spark_jobs.provisioning.few import Few, are_few
from spark_jobs.provisioning.many import Many
from spark_jobs.provisioning.persons import LINKAGES, sampled
from spark_jobs.provisioning.prove import prove
from spark_jobs.provisioning.selection import Selection, Written
from spark_jobs.session import plans_for, session

MANIFEST = "manifest.json"
# What a specification is, apart from the folders and the project: an extract is reproduced from these alone.
SPECIFICATION = ("cohort", "versions", "opt_outs", "generation", "sampling", "risk", "tables")
_ENGINES = (pyspark, pyarrow, duckdb)  # what an extract's bytes come out of


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
    shared = [Path(spec["warehouse"]), staged]
    with session("provision", out.with_name(f".{out.name}.spark"), shared) as spark:
        made = _Extract(spark, spec, contracts, keys["project-pseudonym"], staged).make(progress)
    manifest = {
        "project": spec["project"],
        "extract": spec["extract"],
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **made,
        "specification": {name: spec[name] for name in SPECIFICATION},
        "code": code_hash(),
    }
    os.rename(staged, out)
    part = out / f".{MANIFEST}.part"
    part.write_text(json.dumps(manifest, indent=2))
    os.replace(part, out / MANIFEST)
    return manifest


def code_hash() -> str:
    """Return the SHA-256 of the code that makes extracts, and of its engines' versions: they determine the bytes."""
    digest = hashlib.sha256(" ".join(engine.__version__ for engine in _ENGINES).encode())
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
        selections = [self._selection(wanted) for wanted in self._spec["tables"]]
        people = self._extent(PEOPLE, int(self._spec["versions"][PEOPLE]))
        extents = [self._extent(each.name, each.wanted["version"]) for each in selections]
        rows = {each.name: found for each, (found, _) in zip(selections, extents, strict=True)}
        cells = [(rows[each.name], len(each.columns) + each.of_persons) for each in selections]
        out = tables.extent(self._warehouse / opt_out.OPT_OUTS, self._register.version)
        here = are_few(people[0], [*cells, (out[0], 1)], sum(size for _, size in (people, out, *extents)))
        # Of few rows Spark reads what the cohort asks for alone: people, and the tables that it names.
        named = [found for name, found in rows.items() if not here or name in str(self._spec["cohort"])]
        with plans_for(self._spark, people[0] + sum(named)):
            if here:
                with closing(Few(self._warehouse, self._key, self._staged)) as few:
                    return self._made(few, selections, say)
            many = Many(self._spark, self._warehouse, self._key, self._staged, people[0], rows)
            return self._made(many, selections, say)

    def _made(self, maker: Few | Many, selections: list[Selection], say: Callable[[str], None]) -> dict[str, Any]:
        persons, written = maker.make(self._cohort(), selections, say)
        say("checking the extract")
        prove(maker.engine, written)
        say("measuring the risk of re-identification")
        made = [each.manifest() for each in written]
        return {
            "persons": persons,
            "opt_outs": {"version": self._register.version, "national": self._register.national},
            "tables": made,
            "risk": self._risk(maker.engine, written),
            "changes": self._changes(made),
        }

    def _cohort(self) -> DataFrame:
        """Return the persons of the extract.

        Everybody is in the people table that is named; who has opted out of this use is taken out before the cohort is
        sampled, and a cohort sees no practice's row of a person whose type 1 opt-out is in force.
        """
        visible = {each["dataset"]: self._read(each["dataset"], each["version"]) for each in self._spec["tables"]}
        people = self._read(PEOPLE, int(self._spec["versions"][PEOPLE]))
        dates = {name: each.date_column for name, each in self._contracts.items() if each.date_column}
        chosen = cohort.persons(self._spark, self._spec["cohort"], {**visible, PEOPLE: people}, dates)
        return sampled(self._register.cohort(chosen), self._spec["sampling"], self._key)

    def _read(self, dataset: str, version: int) -> DataFrame:
        """Return a version of a table as type 1 opt-outs leave it; opened once, since that reads its log."""
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

    def _extent(self, dataset: str, version: int) -> tuple[int, int]:
        self._read(dataset, version)  # refuses what is not there
        return tables.extent(self._warehouse / dataset, version)

    def _selection(self, wanted: dict[str, Any]) -> Selection:
        dataset, version = wanted["dataset"], wanted["version"]
        of_persons = PSEUDONYM in self._read(dataset, version).columns
        withheld = self._register.withheld(dataset, version) if of_persons else None
        wider = any(rule["to"] == "area" for rule in wanted["generalise"].values())
        areas = int(self._spec["versions"][generalise.AREAS]) if wider else None
        if areas is not None:
            self._read(generalise.AREAS, areas)  # refuses what is not there
        return Selection(wanted, self._contracts[dataset], of_persons, withheld, areas)

    def _risk(self, engine: Engine, written: list[Written]) -> dict[str, Any]:
        bounds = risk.Bounds(**self._spec["risk"])

        def report(table: Written) -> dict[str, Any] | None:
            names = [column["name"] for column in table.columns]
            return risk.report(engine, table.folder, names, table.selection.contract, bounds)

        told = [each for each in parallel.each(report, written) if each is not None]
        return {"floor": bounds.floor, "below": risk.below(told, bounds.floor), "tables": told}

    def _changes(self, made: list[dict[str, Any]]) -> dict[str, Any] | None:
        if self._spec["previous"] is None:
            return None
        before = Path(self._spec["previous"])
        told = json.loads((before / MANIFEST).read_text())
        changed = changes.between(self._spark, before, self._staged, told["tables"], made)
        return {"since": told["extract"], "tables": changed}
