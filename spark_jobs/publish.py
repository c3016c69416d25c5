"""Publishes the good rows of each dataset under pseudonyms, and what they tell of people, as the warehouse's tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from spark_jobs import free_text, free_text_few, known, opt_out, parallel, quarantine, tables
from spark_jobs.contracts import Contract
from spark_jobs.people import PEOPLE, people, tells_of_people
from spark_jobs.publish_few import Few
from spark_jobs.register import DERIVED, STREAMED


@dataclass(frozen=True)
class Publishing:
    """Makes the tables of the warehouse from the good rows of each dataset.

    Parameters
    ----------
    rows : dict of str to int
        How many rows of each dataset there are, good and bad.
    everyone, held : DataFrame, int
        What :func:`spark_jobs.known.ready_to_join` returns, and how many records that is.
    work, quarantine : Path
        Folders in the landing zone.
    few : Few or None
        What publishes in this process what it takes.
    """

    good: dict[str, DataFrame]
    rows: dict[str, int]
    everyone: DataFrame
    held: int
    contracts: dict[str, Contract]
    warehouse: Path
    work: Path
    quarantine: Path
    few: Few | None = None

    def run(self, records: DataFrame, progress: Callable[[str], None]) -> list[dict[str, Any]]:
        """Publish every dataset, people, and nothing in place of what was withdrawn whole."""
        names = self._names(records)

        def published(dataset: str) -> dict[str, Any]:
            progress(f"publishing {dataset}")
            return self._people() if dataset == PEOPLE else self._dataset(dataset, names)

        made = parallel.each(published, [*sorted(n for n in self.good if self.contracts[n].published()), PEOPLE])
        for dataset in _withdrawn(self.good, self.contracts, self.warehouse):
            empty = tables.read(self.everyone.sparkSession, self.warehouse / dataset).limit(0)
            made.append(told(dataset, tables.publish(empty, self.warehouse / dataset)))
        return made

    def _dataset(self, dataset: str, names: free_text.Names | None) -> dict[str, Any]:
        contract, seen = self.contracts[dataset], Observation()
        if self.few is not None and self.few.takes(contract):
            return self._of_few(self.few, contract)
        if not contract.person_level:
            frame = self.good[dataset].select(*_published(contract))
            return told(dataset, tables.publish(frame, self.warehouse / dataset))
        everyone = opt_out.without_type_1(self._with_person(dataset), dataset)
        if not contract.identifiers:
            everyone = everyone.observe(seen, F.count_if(F.col("person").isNull()).alias("lost"))
        frame = everyone.where("person IS NOT NULL")
        if names is not None:
            frame = names.taken_out(frame, contract)
        made = tables.publish(frame.select("pseudonym", *_published(contract)), self.warehouse / dataset)
        if not contract.identifiers and seen.get.get("lost") != 0:
            self._quarantine_lost(everyone, contract)
        return told(dataset, made)

    def _of_few(self, few: Few, contract: Contract) -> dict[str, Any]:
        made, lost = few.publish(contract)
        if lost is not None:
            quarantine.add_here(lost, self.quarantine, contract.dataset)
        return told(contract.dataset, made)

    def _quarantine_lost(self, everyone: DataFrame, contract: Contract) -> None:
        """Add the rows without a person to quarantine.

        A dataset that carries identifiers registers its own local numbers: they are in the build's records.
        """
        lost = everyone.where("person IS NULL").drop("person", "pseudonym", opt_out.TYPE_1)
        sent = lost.withColumnRenamed("local_id", contract.local_key)
        quarantine.add(sent.withColumn("reason", F.lit(known.nobody(contract))), self.quarantine, contract.dataset)

    def _people(self) -> dict[str, Any]:
        if self.few is not None:
            telling = [name for name in self.good if tells_of_people(self.contracts[name])]
            if (made := self.few.people(telling, self.contracts)) is not None:
                return told(PEOPLE, made)
        scratch = self.work / "people"
        frame = people(self.good, self.everyone, self.contracts, scratch)
        return told(PEOPLE, tables.publish(frame, self.warehouse / PEOPLE))

    def _names(self, records: DataFrame) -> free_text.Names | None:
        """Gather what names the persons of whom there is a free text to publish; None when no dataset has one."""
        if self.few is not None and (names := self._names_of_few(self.few)) is not None:
            return names
        texts = [
            self._with_person(dataset).where(f"`{field.name}` IS NOT NULL AND person IS NOT NULL").select("person")
            for dataset in self.good
            for field in self.contracts[dataset].fields
            if field.deidentified
        ]
        if not texts:
            return None
        # Of few records it costs more to look up whose they are than it saves.
        persons = reduce(DataFrame.union, texts).distinct() if self.held >= known.SORTED_FROM else None
        return free_text.Names.held(records, self.everyone, self.work / "names", persons)

    def _names_of_few(self, few: Few) -> free_text.Names | None:
        """Gather the same in this process, or return None where not all of it lies here."""
        texts = [
            (self.contracts[dataset], field.name)
            for dataset in self.good
            for field in self.contracts[dataset].fields
            if field.deidentified
        ]
        if not texts or any(contract.dataset not in few.folders for contract, _ in texts):
            return None
        meant = pa.concat_tables([few.with_text(*each) for each in texts])
        spark, records = self.everyone.sparkSession, self.work / "records"
        return free_text_few.held(spark, few.engine, records, few.known, meant, self.work / "names")

    def _with_person(self, dataset: str) -> DataFrame:
        sent = known.sent(self.everyone, self.held, self.rows[dataset])
        return known.with_person(self.good[dataset], sent, self.contracts[dataset])


def _withdrawn(good: dict[str, DataFrame], contracts: dict[str, Contract], warehouse: Path) -> list[str]:
    """Return the tables of which no submission is held any more: their newest version must be empty."""
    gone = contracts.keys() - good.keys() - DERIVED - streamed(contracts) - {opt_out.OPT_OUTS}
    return sorted(name for name in gone if tables.newest_version(warehouse / name) is not None)


def streamed(contracts: dict[str, Contract]) -> set[str]:
    """Return the datasets that come as a stream alone."""
    return {name for name, contract in contracts.items() if contract.cadence == STREAMED}


def _published(contract: Contract) -> list[str]:
    return [field.name for field in contract.published()]


def told(dataset: str, published: tables.Published) -> dict[str, Any]:
    """Return a published table as the build's result tells of it."""
    return {"dataset": dataset, "version": published.version, "rows": published.rows}
