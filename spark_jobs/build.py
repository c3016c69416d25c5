"""Builds the warehouse from everything that has landed: validate, link, pseudonymise, apply opt-outs, publish.

The identifiers stop here: what is published holds a pseudonym, no direct identifier, no free text and no date of
birth. Built again from the same submissions, every table keeps its version.
"""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs import consistency, fhir, filters, landed, link, quality, tables, validate, versions
from spark_jobs.check_digits import is_nhs_number
from spark_jobs.contracts import ROLES, Contract, load_contracts
from spark_jobs.errors import JobRefused
from spark_jobs.manifest import Manifest, read
from spark_jobs.people import PEOPLE, people
from spark_jobs.pseudonymise import with_pseudonym
from spark_jobs.session import session

Say = Callable[[str], None]


@dataclass(frozen=True)
class _Zone:
    """The folders of the landing zone that a build works in."""

    landing: Path

    @property
    def work(self) -> Path:
        return self.landing / "work"

    @property
    def quarantine(self) -> Path:
        return self.landing / "quarantine"

    @property
    def spine(self) -> Path | None:
        pointer = self.landing / "spine" / "current"
        return self.landing / "spine" / pointer.read_text().strip() if pointer.exists() else None

    def next_spine(self) -> Path:
        """Return the folder of the spine that this build makes."""
        number = int(self.spine.name) + 1 if self.spine else 1
        return self.landing / "spine" / str(number)

    def adopt_spine(self, spine: Path) -> None:
        """Make a finished spine the current one, in one step."""
        staged = self.landing / "spine" / ".current.part"
        staged.write_text(spine.name)
        os.replace(staged, self.landing / "spine" / "current")


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Say) -> dict[str, Any]:
    """Build the warehouse.

    Parameters
    ----------
    spec : dict
        ``landing``, ``warehouse``, ``filters``, ``contracts`` (folders), ``quality`` (its rules), ``unmeasured`` (the
        submissions whose quality was never measured), ``truth`` (folder or None) and ``as_of`` (ISO date or None for
        today).
    keys : dict
        ``warehouse-pseudonym`` and ``exact-match``.

    Returns
    -------
    dict
        ``tables``, ``quarantine`` (rows by dataset and reason), ``measures`` and ``faults`` (of quality, as numbers),
        ``linkage`` (against the truth, or None), ``opted_out`` (persons) and ``filters`` (identifiers by kind).

    Raises
    ------
    JobRefused
        When nothing has landed.
    """
    zone, warehouse = _Zone(Path(spec["landing"])), Path(spec["warehouse"])
    contracts = load_contracts(Path(spec["contracts"]))
    as_of = date.fromisoformat(spec["as_of"]) if spec.get("as_of") else date.today()
    versions.check_held(contracts.values(), zone.landing)
    rules = quality.load_rules(Path(spec["quality"]))
    submissions = _submissions(zone)
    shutil.rmtree(zone.work, ignore_errors=True)
    with session("build") as spark:
        good, quarantined = _validated(spark, zone, submissions, contracts, as_of, progress)
        measures = _measured(spark, zone, submissions, contracts, rules, as_of, spec["unmeasured"])
        records = _records(good, contracts, zone)
        spine = _spine(zone, progress)
        known = spark.read.parquet(str(spine)).select("provider", "local_id", "person").persist()
        opted_out = _opted_out(good, records, known).persist()
        progress("writing the exact-match filters")
        held = filters.write(records, keys["exact-match"], Path(spec["filters"]), zone.work / "filters")
        made = _publish(good, known, opted_out, contracts, warehouse, keys["warehouse-pseudonym"], zone, progress)
        progress("measuring quality")
        measures += consistency.across_providers(records, known, rules)
        published = {each["dataset"]: each["version"] for each in made}
        days = consistency.of_days(spark, warehouse, published, contracts, rules)
        faults = quality.faults(spark, zone.quarantine)
        persons = opted_out.count()
    truth = Path(spec["truth"]) if spec.get("truth") else None
    linkage = link.evaluate(spine, truth) if truth else None
    shutil.rmtree(zone.work, ignore_errors=True)
    for each in made:
        each["quarantined"] = quarantined.get(each["dataset"], 0)
        if dated := days.get(each["dataset"]):
            each |= {"first_year": dated.first_year, "last_year": dated.last_year}
            measures += dated.measures
    return {
        "tables": made,
        "quarantine": quality.by_reason(faults),
        "measures": [asdict(each) for each in quality.summed(measures)],
        "faults": [each for each in faults if each["submission"] in spec["unmeasured"]],
        "linkage": linkage,
        "opted_out": persons,
        "filters": {"kinds": held},
    }


def _submissions(zone: _Zone) -> dict[Path, Manifest]:
    folders = sorted((zone.landing / "submissions").glob("[!.]*"))
    if not folders:
        raise JobRefused("Nothing has landed", where="landing", todo="Land a submission first")
    return {folder: read(folder) for folder in folders}


def _validated(
    spark: SparkSession,
    zone: _Zone,
    submissions: dict[Path, Manifest],
    contracts: dict[str, Contract],
    as_of: date,
    say: Say,
) -> tuple[dict[str, DataFrame], dict[str, int]]:
    """Write the rows of each dataset to the work folder as judged, once, and the bad ones to quarantine."""
    frames: dict[str, list[DataFrame]] = defaultdict(list)
    for folder, manifest in submissions.items():
        for dataset, version in sorted({(file.dataset, file.contract_version) for file in manifest.files}):
            contract = versions.current(contracts, dataset, manifest.submission)
            frames[dataset].append(_as_sent(spark, folder, manifest, contract, version))
    shutil.rmtree(zone.quarantine, ignore_errors=True)
    good, quarantined = {}, {}
    for dataset, parts in sorted(frames.items()):
        say(f"validating {dataset}")
        judged = validate.judge(reduce(DataFrame.unionByName, parts), contracts[dataset], as_of)
        judged.write.parquet(str(zone.work / "judged" / dataset))
        held = spark.read.parquet(str(zone.work / "judged" / dataset))
        quarantined[dataset] = _quarantine(validate.bad(held), zone, dataset)
        good[dataset] = validate.good(held, contracts[dataset])
    return good, quarantined


def _as_sent(spark: SparkSession, folder: Path, manifest: Manifest, contract: Contract, version: str) -> DataFrame:
    """Return the rows of a dataset that follow one version of its contract, in the form of the current one."""
    sent = (contract.dataset, version)
    files = [file for file in manifest.files if (file.dataset, file.contract_version) == sent]
    paths = [str(folder / file.name) for file in files]
    if files[0].format == "ndjson":
        rows = fhir.read(spark, contract.dataset, paths)
    else:
        schema = ", ".join(f"`{field.name}` string" for field in contract.under(version).fields)
        rows = spark.read.csv(
            paths, schema=schema, header=True, enforceSchema=True, quote='"', escape='"', multiLine=True
        )
    told = {"provider": manifest.provider, "submission": manifest.submission, "landed": landed.number(folder)}
    return versions.in_form(rows, contract).withColumns({name: F.lit(value) for name, value in told.items()})


def _quarantine(bad: DataFrame, zone: _Zone, dataset: str) -> int:
    folder = zone.quarantine / dataset
    bad.write.mode("append").parquet(str(folder))
    return bad.sparkSession.read.schema(bad.schema).parquet(str(folder)).count()


def _measured(
    spark: SparkSession, zone: _Zone, submissions: dict[Path, Manifest], contracts: dict[str, Contract],
    rules: quality.Rules, as_of: date, unmeasured: list[str],
) -> list[quality.Measure]:  # fmt: skip
    """Return the measures of each dataset from its rows as judged."""
    created = {manifest.submission: manifest.created for manifest in submissions.values()}
    found: list[quality.Measure] = []
    for folder in sorted((zone.work / "judged").glob("*")):
        judged, contract = spark.read.parquet(str(folder)), contracts[folder.name]
        found += quality.measure(judged, contract, rules, as_of=as_of, created=created, unmeasured=unmeasured)
    return found


def _records(good: dict[str, DataFrame], contracts: dict[str, Contract], zone: _Zone) -> DataFrame:
    """Write one record for each provider's local number: the identifiers that most of its rows carry."""
    views = []
    for dataset, frame in good.items():
        roles = contracts[dataset].identifiers
        if roles and contracts[dataset].person_level:
            columns = [F.col(roles[role]).alias(role) if role in roles else F.lit(None).alias(role) for role in ROLES]
            views.append(frame.select("provider", F.col(contracts[dataset].local_key).alias("local_id"), *columns))
    everyone = reduce(DataFrame.unionByName, views)
    records = everyone.groupBy("provider", "local_id").agg(*(F.mode(role, True).alias(role) for role in ROLES))
    verified = records.withColumn("nhs_number", F.when(is_nhs_number(F.col("nhs_number")), F.col("nhs_number")))
    path = str(zone.work / "records")
    verified.write.parquet(path)
    return verified.sparkSession.read.parquet(path)


def _spine(zone: _Zone, progress: Say) -> Path:
    before, made = zone.spine, zone.next_spine()
    shutil.rmtree(made, ignore_errors=True)
    link.link(zone.work / "records", before, made, int(made.name), progress)
    zone.adopt_spine(made)
    return made


def _opted_out(good: dict[str, DataFrame], records: DataFrame, known: DataFrame) -> DataFrame:
    """Return the persons who opted out of uses beyond their own care (National Data Opt-out, NHS England)."""
    persons = records.join(known, ["provider", "local_id"]).select("nhs_number", "person")
    if "opt_outs" not in good:
        return persons.select("person").limit(0)
    return good["opt_outs"].select("nhs_number").join(persons, "nhs_number").select("person").distinct()


def _publish(
    good: dict[str, DataFrame], known: DataFrame, opted_out: DataFrame, contracts: dict[str, Contract],
    warehouse: Path, key: bytes, zone: _Zone, progress: Say,
) -> list[dict[str, Any]]:  # fmt: skip
    made = []
    for dataset, frame in sorted(good.items()):
        contract = contracts[dataset]
        if not contract.published():
            continue
        progress(f"publishing {dataset}")
        if contract.person_level:
            frame = _of_known_persons(frame, known, contract, zone)
            frame = frame.join(opted_out, "person", "left_anti")
            frame = with_pseudonym(frame.select("person", *_published(contract)), "person", key)
        else:
            frame = frame.select(*_published(contract))
        made.append(_told(dataset, tables.publish(frame, warehouse / dataset)))
    progress("publishing people")
    everyone = people(good, known, contracts).join(opted_out, "person", "left_anti")
    made.append(_told(PEOPLE, tables.publish(with_pseudonym(everyone, "person", key), warehouse / PEOPLE)))
    return made


def _published(contract: Contract) -> list[str]:
    return [field.name for field in contract.published()]


def _told(dataset: str, published: tables.Published) -> dict[str, Any]:
    return {"dataset": dataset, "version": published.version, "rows": published.rows}


def _of_known_persons(frame: DataFrame, known: DataFrame, contract: Contract, zone: _Zone) -> DataFrame:
    """Return the rows with their person; a row of a local number that nobody registered goes to quarantine."""
    keyed = frame.withColumnRenamed(contract.local_key, "local_id").join(known, ["provider", "local_id"], "left")
    lost = (
        keyed.where("person IS NULL")
        .drop("person")
        .withColumn("reason", F.lit(f"{contract.local_key}: no such person"))
    )
    columns = [F.col(name).cast("string").alias(name) for name in lost.columns]
    lost.select(*columns).write.mode("append").parquet(str(zone.quarantine / contract.dataset))
    return keyed.where("person IS NOT NULL")
