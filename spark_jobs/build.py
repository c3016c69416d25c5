"""Builds the warehouse from everything that has landed: validate, link, apply type 1 opt-outs, pseudonymise, publish.

The identifiers stop here: what is published holds a pseudonym, no direct identifier, no free text and no date of
birth. Built again from the same submissions, every table keeps its version.
"""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs import fhir, filters, free_text, link, opt_out, tables, validate
from spark_jobs.contracts import Contract, load_contracts
from spark_jobs.errors import JobRefused
from spark_jobs.manifest import Manifest, read
from spark_jobs.nhs_number import checks, digits
from spark_jobs.pseudonymise import with_pseudonym
from spark_jobs.session import scratch_folder, session

Say = Callable[[str], None]
PEOPLE = "people"
PSEUDONYM_KEY = "warehouse-pseudonym"
_IDENTITY = ("nhs_number", "forename", "surname", "sex", "birth_date", "postcode")


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
        ``landing``, ``warehouse``, ``filters``, ``contracts`` (folders), ``truth`` (folder or None), ``as_of``
        (ISO date or None for today) and ``generation`` (of the pseudonym key; 1 when it is not told).
    keys : dict
        ``warehouse-pseudonym``, ``exact-match``, and ``warehouse-pseudonym.N`` for each earlier generation N.

    Returns
    -------
    dict
        ``tables``, ``quarantine`` (rows by dataset and reason), ``linkage`` (against the truth, or None),
        ``opted_out`` (persons) and ``filters``: ``kinds`` (identifiers held) and ``false_positive_rate``.

    Raises
    ------
    JobRefused
        When nothing has landed, or an opt-out cannot be read.
    """
    zone, warehouse = _Zone(Path(spec["landing"])), Path(spec["warehouse"])
    contracts = load_contracts(Path(spec["contracts"]))
    as_of = date.fromisoformat(spec["as_of"]) if spec.get("as_of") else date.today()
    submissions = _submissions(zone)
    with scratch_folder(zone.work), session("build", zone.work / "spark") as spark:
        sent = _opt_outs(spark, submissions, contracts)
        good, quarantined = _validated(spark, zone, submissions, contracts, as_of, progress)
        records = _records(good, contracts, zone)
        spine = _spine(zone, progress)
        known = spark.read.parquet(str(spine)).select("provider", "local_id", "person").persist()
        held = opt_out.numbers_held(_identified(spark, zone, good, contracts))
        opt_outs = opt_out.persons(opt_out.statements(sent), held, known).persist()
        progress("writing the exact-match filters")
        written = filters.write(records, keys["exact-match"], Path(spec["filters"]), zone.work / "filters")
        good = opt_out.without_type_1(good, contracts, known, opt_outs, as_of)
        names = free_text.Names.held(records, known, zone.work / "names")
        made = _publish(good, known, names, contracts, warehouse, keys[PSEUDONYM_KEY], zone, progress)
        register = opt_out.publish(opt_outs, _generations(spec, keys), warehouse / opt_out.OPT_OUTS)
        made.append(_told(opt_out.OPT_OUTS, register))
        summary = _quarantine_summary(spark, zone)
        persons = reduce(DataFrame.union, (opt_out.in_force(opt_outs, kind, as_of) for kind in opt_out.KINDS))
        opted_out = persons.select("person").distinct().count()
    truth = Path(spec["truth"]) if spec.get("truth") else None
    linkage = link.evaluate(spine, truth) if truth else None
    for each in made:
        each["quarantined"] = quarantined.get(each["dataset"], 0)
    return {
        "tables": made,
        "quarantine": summary,
        "linkage": linkage,
        "opted_out": opted_out,
        "filters": written,
    }


def _generations(spec: dict[str, Any], keys: dict[str, bytes]) -> dict[int, bytes]:
    """Return the warehouse's pseudonym keys by generation: this build's, and the earlier ones that it was given."""
    newest = int(spec.get("generation", 1))
    earlier = {n: keys[f"{PSEUDONYM_KEY}.{n}"] for n in range(1, newest) if f"{PSEUDONYM_KEY}.{n}" in keys}
    return {**earlier, newest: keys[PSEUDONYM_KEY]}


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
    """Write the good rows of each dataset to the work folder and the bad ones to quarantine."""
    frames: dict[str, list[DataFrame]] = defaultdict(list)
    for folder, manifest in submissions.items():
        for dataset in sorted({file.dataset for file in manifest.files}):
            frames[dataset].append(_as_sent(spark, folder, manifest, contracts[dataset]))
    shutil.rmtree(zone.quarantine, ignore_errors=True)
    good, quarantined = {}, {}
    for dataset, parts in sorted(frames.items()):
        say(f"validating {dataset}")
        kept, bad = validate.split(reduce(DataFrame.unionByName, parts), contracts[dataset], as_of)
        kept.write.parquet(str(zone.work / "good" / dataset))
        quarantined[dataset] = _quarantine(bad, zone, dataset)
        good[dataset] = spark.read.parquet(str(zone.work / "good" / dataset))
    return good, quarantined


def _as_sent(spark: SparkSession, folder: Path, manifest: Manifest, contract: Contract) -> DataFrame:
    files = [file for file in manifest.files if file.dataset == contract.dataset]
    paths = [str(folder / file.name) for file in files]
    if files[0].format == "ndjson":
        rows = fhir.read(spark, contract.dataset, paths)
    else:
        schema = ", ".join(f"`{field.name}` string" for field in contract.fields)
        rows = spark.read.csv(
            paths, schema=schema, header=True, enforceSchema=True, quote='"', escape='"', multiLine=True
        )
    told = {"provider": manifest.provider, "submission": manifest.submission, "created": manifest.created}
    return rows.select(*(F.lit(value).alias(name) for name, value in told.items()), *rows.columns)


def _opt_outs(spark: SparkSession, submissions: dict[Path, Manifest], contracts: dict[str, Contract]) -> DataFrame:
    """Return the opt-outs as sent: which of them holds is not validation's to say."""
    contract = contracts[opt_out.OPT_OUTS]
    schema = ", ".join(f"`{name}` string" for name in (*validate.SOURCE, *(field.name for field in contract.fields)))
    parts = [
        _as_sent(spark, folder, manifest, contract)
        for folder, manifest in submissions.items()
        if any(file.dataset == contract.dataset for file in manifest.files)
    ]
    sent = reduce(DataFrame.unionByName, parts, spark.createDataFrame([], schema))
    opt_out.check_readable(sent)
    return sent


def _identified(
    spark: SparkSession, zone: _Zone, good: dict[str, DataFrame], contracts: dict[str, Contract]
) -> Iterator[tuple[Contract, DataFrame]]:
    """Yield the rows of each dataset, the good ones and those in quarantine."""
    for dataset, frame in good.items():
        yield contracts[dataset], frame
        yield contracts[dataset], spark.read.parquet(str(zone.quarantine / dataset))


def _quarantine(bad: DataFrame, zone: _Zone, dataset: str) -> int:
    folder = zone.quarantine / dataset
    bad.write.mode("append").parquet(str(folder))
    return bad.sparkSession.read.schema(bad.schema).parquet(str(folder)).count()


def _quarantine_summary(spark: SparkSession, zone: _Zone) -> list[dict[str, Any]]:
    """Return the rows in quarantine by dataset and reason; few, however many rows there are."""
    summary = []
    for folder in sorted(zone.quarantine.glob("*")):
        for reason, rows in spark.read.parquet(str(folder)).groupBy("reason").count().collect():
            summary.append({"dataset": folder.name, "reason": reason, "rows": rows})
    return summary


def _records(good: dict[str, DataFrame], contracts: dict[str, Contract], zone: _Zone) -> DataFrame:
    """Write one record for each provider's local number: the identifiers that most of its rows carry."""
    views = []
    for dataset, frame in good.items():
        roles = contracts[dataset].identifiers
        if roles:
            columns = [
                F.col(roles[role]).alias(role) if role in roles else F.lit(None).alias(role) for role in _IDENTITY
            ]
            views.append(frame.select("provider", F.col(contracts[dataset].local_key).alias("local_id"), *columns))
    everyone = reduce(DataFrame.unionByName, views).withColumn("nhs_number", digits(F.col("nhs_number")))
    records = everyone.groupBy("provider", "local_id").agg(*(F.mode(role, True).alias(role) for role in _IDENTITY))
    verified = records.withColumn("nhs_number", F.when(checks(F.col("nhs_number")), F.col("nhs_number")))
    path = str(zone.work / "records")
    verified.write.parquet(path)
    return verified.sparkSession.read.parquet(path)


def _spine(zone: _Zone, progress: Say) -> Path:
    before, made = zone.spine, zone.next_spine()
    shutil.rmtree(made, ignore_errors=True)
    link.link(zone.work / "records", before, made, int(made.name), progress)
    zone.adopt_spine(made)
    return made


def _publish(
    good: dict[str, DataFrame], known: DataFrame, names: free_text.Names, contracts: dict[str, Contract],
    warehouse: Path, key: bytes, zone: _Zone, progress: Say,
) -> list[dict[str, Any]]:  # fmt: skip
    made = []
    for dataset, frame in sorted(good.items()):
        contract = contracts[dataset]
        if not contract.published():
            continue
        progress(f"publishing {dataset}")
        if contract.person_level:
            frame = names.taken_out(_of_known_persons(frame, known, contract, zone), contract)
            frame = with_pseudonym(frame.select("person", *_published(contract)), "person", key)
        else:
            frame = frame.select(*_published(contract))
        made.append(_told(dataset, tables.publish(frame, warehouse / dataset)))
    progress("publishing people")
    people = _people(good, known, contracts)
    made.append(_told(PEOPLE, tables.publish(with_pseudonym(people, "person", key), warehouse / PEOPLE)))
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


def _people(good: dict[str, DataFrame], known: DataFrame, contracts: dict[str, Contract]) -> DataFrame:
    """Return one row for each person: what most providers say, the practice's own details, and the day of death."""
    wanted = {"birth_year": "int", "sex": "string", "ethnicity": "string", "lsoa": "string", "practice_code": "string",
              "died_on": "date"}  # fmt: skip
    views = []
    for dataset, frame in good.items():
        contract = contracts[dataset]
        roles = contract.identifiers
        if not roles:
            continue
        there = {"birth_year": F.year(roles["birth_date"]), "sex": F.col(roles["sex"])}
        there |= {
            name: F.col(name) for name in ("ethnicity", "lsoa", "practice_code", "died_on") if name in contract.by_name
        }
        columns = [there.get(name, F.lit(None)).cast(kind).alias(name) for name, kind in wanted.items()]
        views.append(frame.select("provider", F.col(contract.local_key).alias("local_id"), *columns).distinct())
    everyone = reduce(DataFrame.unionByName, views).join(known, ["provider", "local_id"])
    return everyone.groupBy("person").agg(*(F.mode(name, True).alias(name) for name in wanted))
