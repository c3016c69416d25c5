"""Builds the warehouse from everything that has landed: validate, link, apply type 1 opt-outs, pseudonymise, publish.

The identifiers stop here: what is published holds a pseudonym, no direct identifier, no free text and no date of
birth. Built again from the same submissions, every table keeps its version.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any

from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from spark_jobs import (
    arrivals,
    consistency,
    feedback,
    filters,
    free_text,
    known,
    linkage,
    majority,
    opt_out,
    parallel,
    quality,
    streamed_quality,
    tables,
    validate,
    versions,
)
from spark_jobs.check_digits import is_nhs_number
from spark_jobs.contracts import ROLES, Contract, load_contracts
from spark_jobs.errors import JobRefused
from spark_jobs.landed import Receipt
from spark_jobs.people import PEOPLE, people
from spark_jobs.register import DERIVED, STREAMED
from spark_jobs.session import plans_for, scratch_folder, session

Say = Callable[[str], None]
PSEUDONYM_KEY = "warehouse-pseudonym"


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
    def review(self) -> Path:
        return self.landing / "review"

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
        ``landing``, ``warehouse``, ``filters``, ``feedback`` and ``contracts`` (folders), ``quality`` (its rules),
        ``submissions`` (those to build from: each with its name and the datasets of it that are held), ``unmeasured``
        (the submissions whose quality was never measured), ``truth`` (folder or None), ``as_of`` (ISO date or None for
        today), ``decisions`` (of clerical review: each with ``pair`` and ``joined``) and ``generation`` (of the
        pseudonym key; 1 when it is not told).
    keys : dict
        ``warehouse-pseudonym``, ``exact-match``, and ``warehouse-pseudonym.N`` for each earlier generation N.

    Returns
    -------
    dict
        ``tables``, ``quarantine`` (rows by dataset and reason), ``measures`` and ``faults`` (of quality, as numbers),
        ``linkage`` (counts, and quality where the truth is known), ``model`` (linkage weights), ``shared`` (persons of
        each two providers), ``doubtful`` (pairs for clerical review, without identifiers), ``opted_out`` (persons) and
        ``filters``: ``kinds`` (identifiers held) and ``false_positive_rate``.

    Raises
    ------
    JobRefused
        When nothing has landed, or an opt-out cannot be read.
    """
    zone, warehouse = _Zone(Path(spec["landing"])), Path(spec["warehouse"])
    contracts = load_contracts(Path(spec["contracts"]))
    as_of = date.fromisoformat(spec["as_of"]) if spec.get("as_of") else date.today()
    versions.check_held(contracts.values(), zone.landing)
    rules = quality.load_rules(Path(spec["quality"]))
    receipts = arrivals.held(zone.landing, spec["submissions"])
    if not arrivals.datasets(receipts) and tables.newest_version(warehouse / PEOPLE) is None:
        raise JobRefused("Nothing has landed", where="landing", todo="Land a submission first")
    rows = sum(arrivals.rows(receipts, dataset) for dataset in arrivals.datasets(receipts))
    with (
        scratch_folder(zone.work),
        session("build", zone.work / "spark") as spark,
        plans_for(spark, rows),
    ):
        sent = _opt_outs(spark, zone, receipts, contracts)
        judged = _validated(spark, zone, receipts, contracts, as_of, progress)
        good = {dataset: validate.good(each.rows, contracts[dataset]) for dataset, each in judged.items()}
        measures = _measured(judged, receipts, contracts, rules, as_of, spec["unmeasured"])
        records = _records(spark, good, contracts, zone)
        spine, linked = _spine(spark, zone, records, spec.get("decisions", []), progress)
        persons = known.known_persons(spark, spine, keys[PSEUDONYM_KEY])
        numbers = opt_out.numbers_held(spark, _identified(spark, zone, good, contracts))
        opt_outs = opt_out.persons(opt_out.statements(sent), numbers, persons).persist()
        named = known.sent(opt_outs, arrivals.rows(receipts, opt_out.OPT_OUTS), rows)
        held = tables.rows_in(spine)
        everyone = known.ready_to_join(opt_out.marked(persons, named, as_of), held)
        measures += consistency.across_providers(records, everyone, rules)
        progress("writing the exact-match filters")
        written = _filters(records, everyone, keys["exact-match"], Path(spec["filters"]), zone)
        publishing = _Publishing(good, judged, everyone, held, contracts, warehouse, zone)
        made = publishing.run(records, progress)
        register = opt_out.publish(opt_outs, _generations(spec, keys), warehouse / opt_out.OPT_OUTS)
        made.append(_told(opt_out.OPT_OUTS, register))
        progress("measuring quality")
        for dataset in _streamed(contracts):
            measures += streamed_quality.kept(streamed_quality.folder(zone.landing, dataset))
        published = {each["dataset"]: each["version"] for each in made}
        days = consistency.of_days(spark, warehouse, published, contracts, rules)
        faults = quality.faults(spark, zone.quarantine)
        feedback.write(spark, zone.quarantine, Path(spec["feedback"]))
        in_force = reduce(Column.__or__, (opt_out.is_in_force(kind, as_of) for kind in opt_out.KINDS))
        opted_out = opt_outs.where(in_force).select("person").distinct().count()
    truth = Path(spec["truth"]) if spec.get("truth") else None
    measured = linkage.evaluate(spine, truth) if truth else {}
    for each in made:
        each["quarantined"] = judged[each["dataset"]].bad if each["dataset"] in judged else 0
        if dated := days.get(each["dataset"]):
            each |= {"first_year": dated.first_year, "last_year": dated.last_year}
            measures += dated.measures
    return {
        "tables": made,
        "quarantine": quality.by_reason(faults),
        "measures": [asdict(each) for each in quality.summed(measures)],
        "faults": [each for each in faults if each["submission"] in spec["unmeasured"]],
        "linkage": {**linked.counts(), **measured},
        "model": linked.model,
        "shared": linked.shared,
        "doubtful": linkage.keep(spine / "_doubtful", zone.review, linkage.load_settings().review.most_pairs),
        "opted_out": opted_out,
        "filters": written,
    }


def _generations(spec: dict[str, Any], keys: dict[str, bytes]) -> dict[int, bytes]:
    """Return the warehouse's pseudonym keys by generation: this build's, and the earlier ones that it was given."""
    newest = int(spec.get("generation", 1))
    earlier = {n: keys[f"{PSEUDONYM_KEY}.{n}"] for n in range(1, newest) if f"{PSEUDONYM_KEY}.{n}" in keys}
    return {**earlier, newest: keys[PSEUDONYM_KEY]}


@dataclass(frozen=True)
class _Judged:
    """The rows of a dataset as judged, what is counted of each submission's, and how many are bad."""

    rows: DataFrame
    counts: dict[str, dict[str, Any]]
    bad: int


def _validated(
    spark: SparkSession,
    zone: _Zone,
    receipts: list[Receipt],
    contracts: dict[str, Contract],
    as_of: date,
    say: Say,
) -> dict[str, _Judged]:
    """Write the rows of each dataset to the work folder as judged, once, and the bad ones to quarantine."""
    shutil.rmtree(zone.quarantine, ignore_errors=True)

    def validated(dataset: str) -> _Judged:
        say(f"validating {dataset}")
        contract = versions.current(contracts, dataset, "landing")
        many = arrivals.rows(receipts, dataset) >= validate.MANY
        judged = validate.judge(arrivals.read(spark, zone.landing, receipts, contract), contract, as_of, many=many)
        folder, tally = zone.work / "judged" / dataset, quality.Tally(contract, arrivals.senders(receipts, dataset))
        tally.watched(judged).write.parquet(str(folder))
        held = spark.read.schema(judged.schema).parquet(str(folder))
        counts = tally.counts(held)
        bad = sum(each["bad"] for each in counts.values())
        if bad:  # most datasets have none
            _quarantine(validate.bad(held), zone, dataset)
        return _Judged(held, counts, bad)

    datasets = arrivals.datasets(receipts)
    return dict(zip(datasets, parallel.each(validated, datasets), strict=True))


def _opt_outs(spark: SparkSession, zone: _Zone, receipts: list[Receipt], contracts: dict[str, Contract]) -> DataFrame:
    """Return the opt-outs as sent: which of them holds is not validation's to say."""
    contract = contracts[opt_out.OPT_OUTS]
    if contract.dataset not in arrivals.datasets(receipts):
        names = (*validate.SOURCE, *(field.name for field in contract.fields))
        return spark.createDataFrame([], ", ".join(f"`{name}` string" for name in names))
    sent = arrivals.read(spark, zone.landing, receipts, contract)
    opt_out.check_readable(sent)
    return sent


def _identified(
    spark: SparkSession, zone: _Zone, good: dict[str, DataFrame], contracts: dict[str, Contract]
) -> Iterator[tuple[Contract, DataFrame]]:
    """Yield the rows of each dataset, the good ones and those in quarantine."""
    for dataset, frame in good.items():
        yield contracts[dataset], frame
        if (zone.quarantine / dataset).exists():
            names = (*validate.SOURCE, *(field.name for field in contracts[dataset].fields))
            schema = ", ".join(f"`{name}` string" for name in names)
            yield contracts[dataset], spark.read.schema(schema).parquet(str(zone.quarantine / dataset))


def _quarantine(bad: DataFrame, zone: _Zone, dataset: str) -> None:
    bad.selectExpr(*_as_text(bad)).write.mode("append").parquet(str(zone.quarantine / dataset))


def _as_text(frame: DataFrame) -> list[str]:
    return [f"CAST(`{name}` AS string) AS `{name}`" for name in frame.columns]


def _measured(
    judged: dict[str, _Judged], receipts: list[Receipt], contracts: dict[str, Contract],
    rules: quality.Rules, as_of: date, unmeasured: list[str],
) -> list[quality.Measure]:  # fmt: skip
    """Return the measures of each dataset from its rows as judged."""
    created = {receipt.submission: receipt.created for receipt in receipts}

    def measured(dataset: str) -> list[quality.Measure]:
        each, contract = judged[dataset], contracts[dataset]
        return quality.measure(
            each.rows, each.counts, contract, rules, as_of=as_of, created=created, unmeasured=unmeasured
        )

    return [one for found in parallel.each(measured, sorted(judged)) for one in found]


def _records(spark: SparkSession, good: dict[str, DataFrame], contracts: dict[str, Contract], zone: _Zone) -> DataFrame:
    """Write one record for each provider's local number: the identifiers that most of its rows carry."""
    kinds = ", ".join(f"{role} {'date' if role == 'birth_date' else 'string'}" for role in ROLES)
    views = [spark.createDataFrame([], f"provider string, local_id string, {kinds}")]  # all may have been withdrawn
    for dataset, frame in good.items():
        roles = contracts[dataset].identifiers
        if roles and contracts[dataset].person_level:
            columns = [F.col(roles[role]).alias(role) if role in roles else F.lit(None).alias(role) for role in ROLES]
            views.append(frame.select("provider", F.col(contracts[dataset].local_key).alias("local_id"), *columns))
    everyone = reduce(DataFrame.unionByName, views)
    records = majority.settle(everyone, everyone, known.KEY, ROLES, zone.work / "settled")
    # A number that fails its check joins nobody, but one that is nearly another's still says something.
    sent = records.withColumn("number", F.col("nhs_number"))
    verified = sent.withColumn("nhs_number", F.when(is_nhs_number(F.col("nhs_number")), F.col("nhs_number")))
    path = str(zone.work / "records")
    verified.write.parquet(path)
    return verified.sparkSession.read.schema(verified.schema).parquet(path)


def _spine(
    spark: SparkSession, zone: _Zone, records: DataFrame, decisions: list[dict[str, Any]], progress: Say
) -> tuple[Path, linkage.Linked]:
    before, made = zone.spine, zone.next_spine()
    shutil.rmtree(made, ignore_errors=True)
    said = linkage.decided(decisions, zone.review, zone.work / "decisions")
    if records.isEmpty():  # nothing to learn a model of linkage from
        nobody = records.select("provider", "local_id", F.lit("").alias("record"), F.lit("").alias("person"))
        nobody.write.parquet(str(made))
        linked = linkage.Linked.nobody()
    else:
        sent = zone.work / "records"
        linked = linkage.link(sent, before, made, int(made.name), progress, decisions=said, spark=spark)
    zone.adopt_spine(made)
    return made, linked


def _filters(records: DataFrame, everyone: DataFrame, key: bytes, folder: Path, zone: _Zone) -> dict[str, Any]:
    """Write the filters of identifiers and of pseudonyms, and return what they hold."""
    written = filters.write(records, key, folder, zone.work / "filters")
    written["pseudonyms"] = filters.write_pseudonyms(everyone, key, folder, zone.work / "pseudonym-filter")
    return written


@dataclass(frozen=True)
class _Publishing:
    """Makes the tables of the warehouse from the good rows of each dataset.

    Parameters
    ----------
    everyone, held : DataFrame, int
        What :func:`spark_jobs.known.ready_to_join` returns, and how many records that is.
    """

    good: dict[str, DataFrame]
    judged: dict[str, _Judged]
    everyone: DataFrame
    held: int
    contracts: dict[str, Contract]
    warehouse: Path
    zone: _Zone

    def run(self, records: DataFrame, progress: Say) -> list[dict[str, Any]]:
        """Publish every dataset, people, and nothing in place of what was withdrawn whole."""
        names = self._names(records)

        def published(dataset: str) -> dict[str, Any]:
            progress(f"publishing {dataset}")
            return self._people() if dataset == PEOPLE else self._dataset(dataset, names)

        made = parallel.each(published, [*sorted(n for n in self.good if self.contracts[n].published()), PEOPLE])
        for dataset in _withdrawn(self.good, self.contracts, self.warehouse):
            empty = tables.read(self.everyone.sparkSession, self.warehouse / dataset).limit(0)
            made.append(_told(dataset, tables.publish(empty, self.warehouse / dataset)))
        return made

    def _dataset(self, dataset: str, names: free_text.Names | None) -> dict[str, Any]:
        contract, seen = self.contracts[dataset], Observation()
        if not contract.person_level:
            frame = self.good[dataset].select(*_published(contract))
            return _told(dataset, tables.publish(frame, self.warehouse / dataset))
        everyone = opt_out.without_type_1(self._with_person(dataset), dataset)
        if not contract.identifiers:
            everyone = everyone.observe(seen, F.count_if(F.col("person").isNull()).alias("lost"))
        frame = everyone.where("person IS NOT NULL")
        if names is not None:
            frame = names.taken_out(frame, contract)
        told = tables.publish(frame.select("pseudonym", *_published(contract)), self.warehouse / dataset)
        if not contract.identifiers and seen.get.get("lost") != 0:
            _quarantine_lost(everyone, contract, self.zone)
        return _told(dataset, told)

    def _people(self) -> dict[str, Any]:
        scratch = self.zone.work / "people"
        frame = people(self.good, self.everyone, self.contracts, scratch)
        return _told(PEOPLE, tables.publish(frame, self.warehouse / PEOPLE))

    def _names(self, records: DataFrame) -> free_text.Names | None:
        """Gather what names the persons of whom there is a free text to publish; None when no dataset has one."""
        told = [
            self._with_person(dataset).where(f"`{field.name}` IS NOT NULL AND person IS NOT NULL").select("person")
            for dataset in self.good
            for field in self.contracts[dataset].fields
            if field.deidentified
        ]
        if not told:
            return None
        persons = reduce(DataFrame.union, told).distinct()
        return free_text.Names.held(records, self.everyone, self.zone.work / "names", persons)

    def _with_person(self, dataset: str) -> DataFrame:
        rows = sum(each["rows"] for each in self.judged[dataset].counts.values())
        sent = known.sent(self.everyone, self.held, rows)
        return known.with_person(self.good[dataset], sent, self.contracts[dataset])


def _withdrawn(good: dict[str, DataFrame], contracts: dict[str, Contract], warehouse: Path) -> list[str]:
    """Return the tables of which no submission is held any more: their newest version must be empty."""
    gone = contracts.keys() - good.keys() - DERIVED - _streamed(contracts) - {opt_out.OPT_OUTS}
    return sorted(name for name in gone if tables.newest_version(warehouse / name) is not None)


def _streamed(contracts: dict[str, Contract]) -> set[str]:
    return {name for name, contract in contracts.items() if contract.cadence == STREAMED}


def _published(contract: Contract) -> list[str]:
    return [field.name for field in contract.published()]


def _told(dataset: str, published: tables.Published) -> dict[str, Any]:
    return {"dataset": dataset, "version": published.version, "rows": published.rows}


def _quarantine_lost(everyone: DataFrame, contract: Contract, zone: _Zone) -> None:
    """Add the rows without a person to quarantine.

    A dataset that carries identifiers registers its own local numbers: see :func:`_records`.
    """
    lost = everyone.where("person IS NULL").drop("person", opt_out.TYPE_1)
    _quarantine(lost.withColumn("reason", F.lit(f"{contract.local_key}: no such person")), zone, contract.dataset)
