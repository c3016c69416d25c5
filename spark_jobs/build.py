"""Builds the warehouse from everything that has landed: validate, link, apply type 1 opt-outs, pseudonymise, publish.

The identifiers stop here: what is published holds a pseudonym, no direct identifier, no free text and no date of
birth. Built again from the same submissions, every table keeps its version.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs import (
    arrivals,
    consistency,
    consistency_few,
    everyone,
    feedback,
    feedback_few,
    filters,
    filters_few,
    identified,
    judging,
    linkage,
    opt_out,
    quality,
    streamed_quality,
    tables,
    validate,
    versions,
)
from spark_jobs.contracts import load_contracts
from spark_jobs.errors import JobRefused
from spark_jobs.everyone import Everyone
from spark_jobs.people import PEOPLE
from spark_jobs.provisioning.engines import InProcess
from spark_jobs.publish import Publishing, streamed, told
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
    with (
        scratch_folder(zone.work),
        session("build", zone.work / "spark", [zone.landing, warehouse]) as spark,
        plans_for(spark, judging.rows_for_spark(receipts, contracts)),
        closing(InProcess()) as engine,
    ):
        landing = judging.Landed(spark, engine, zone.landing, receipts, contracts)
        sent = everyone.sent(landing)
        judged = judging.judged(landing, zone.work, zone.quarantine, as_of, progress)
        good = {dataset: validate.good(each.rows, contracts[dataset]) for dataset, each in judged.items()}
        measures = judging.measured(judged, landing, rules, as_of, spec["unmeasured"])
        records = identified.records(landing, judged, good, zone.work)
        spine, linked = _spine(spark, zone, records, spec.get("decisions", []), progress)
        finding = everyone.Finding(landing, judged, zone.quarantine, zone.work, warehouse, as_of)
        whom = finding.everyone(spine, keys[PSEUDONYM_KEY], sent)
        if whom.few is not None:
            measures += consistency_few.across_providers(engine, zone.work / "records", whom.few.known, rules)
        else:
            measures += consistency.across_providers(records, whom.frame, rules)
        progress("writing the exact-match filters")
        written = _filters(records, whom, keys["exact-match"], Path(spec["filters"]), zone)
        counted = {name: sum(counts["rows"] for counts in each.counts.values()) for name, each in judged.items()}
        publishing = Publishing(
            good, counted, whom.frame, whom.held, contracts, warehouse, zone.work, zone.quarantine, whom.few
        )
        made = publishing.run(records, progress)
        register = whom.publish(_generations(spec, keys), warehouse / opt_out.OPT_OUTS)
        made.append(told(opt_out.OPT_OUTS, register))
        progress("measuring quality")
        for dataset in streamed(contracts):
            measures += streamed_quality.kept(streamed_quality.folder(zone.landing, dataset))
        published = {each["dataset"]: each["version"] for each in made}
        if sum(each["rows"] for each in made) <= consistency_few.MOST_DAYS:
            days = consistency_few.of_days(engine, warehouse, published, contracts, rules)
        else:
            days = consistency.of_days(spark, warehouse, published, contracts, rules)
        faults = _fed_back(spark, engine, zone.quarantine, Path(spec["feedback"]))
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
        "opted_out": whom.opted_out,
        "filters": written,
    }


def _generations(spec: dict[str, Any], keys: dict[str, bytes]) -> dict[int, bytes]:
    """Return the warehouse's pseudonym keys by generation: this build's, and the earlier ones that it was given."""
    newest = int(spec.get("generation", 1))
    earlier = {n: keys[f"{PSEUDONYM_KEY}.{n}"] for n in range(1, newest) if f"{PSEUDONYM_KEY}.{n}" in keys}
    return {**earlier, newest: keys[PSEUDONYM_KEY]}


def _fed_back(spark: SparkSession, engine: InProcess, waiting: Path, folder: Path) -> list[dict[str, Any]]:
    """Tell each provider which of their rows wait in quarantine, and return how many do, and why."""
    if feedback_few.are_few(waiting):
        feedback_few.write(engine, waiting, folder)
        return feedback_few.faults(engine, waiting)
    feedback.write(spark, waiting, folder)
    return quality.faults(spark, waiting)


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


def _filters(records: DataFrame, whom: Everyone, key: bytes, folder: Path, zone: _Zone) -> dict[str, Any]:
    """Write the filters of identifiers and of pseudonyms, and return what they hold."""
    if whom.few is not None:
        written = filters_few.write(whom.few.engine, zone.work / "records", key, folder)
        return {**written, "pseudonyms": filters_few.write_pseudonyms(whom.few.known, key, folder)}
    written = filters.write(records, key, folder, zone.work / "filters")
    written["pseudonyms"] = filters.write_pseudonyms(whom.frame, key, folder, zone.work / "pseudonym-filter")
    return written
