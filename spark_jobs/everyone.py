"""Whom a build knows, and who of them opted out: found in this process where both are few, else on Spark."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial, reduce
from pathlib import Path

import pyarrow as pa
from pyspark.sql import Column, DataFrame

from spark_jobs import arrivals, known, opt_out, opt_out_few, publish_few, quarantine, tables, validate
from spark_jobs.contracts import Contract
from spark_jobs.judging import Judged, Landed
from spark_jobs.publish_few import Few

Publish = Callable[[Mapping[int, bytes], Path], tables.Published]


@dataclass(frozen=True)
class Everyone:
    """Whom a build knows.

    Parameters
    ----------
    frame, held : DataFrame, int
        What :func:`spark_jobs.known.ready_to_join` returns of them, with :data:`spark_jobs.opt_out.TYPE_1`, and how
        many records that is.
    few : Few or None
        What publishes in this process what was judged here, or None where these are too many.
    opted_out : int
        Persons of whom some opt-out is in force.
    publish : callable
        Publishes the opt-outs under the keys of each generation, as a table in a folder.
    """

    frame: DataFrame
    held: int
    few: Few | None
    opted_out: int
    publish: Publish


@dataclass(frozen=True)
class Finding:
    """What everybody is found from: the judged rows, their quarantine, and where scratch and the warehouse are."""

    landed: Landed
    judged: Mapping[str, Judged]
    quarantine: Path
    work: Path
    warehouse: Path
    as_of: date

    def everyone(self, spine: Path, key: bytes, sent: pa.Table | None) -> Everyone:
        """Return whom the build knows.

        Parameters
        ----------
        spine : Path
            A folder of Parquet with ``provider``, ``local_id`` and ``person``.
        key : bytes
            The warehouse's pseudonym key.
        sent : pyarrow.Table or None
            What :func:`spark_jobs.opt_out_few.sent` returned.
        """
        held = tables.rows_in(spine)
        folders = {name: each.folder for name, each in self.judged.items() if each.here}
        if sent is not None and held <= min(known.MOST_HERE, publish_few.MOST_KNOWN):
            return self._here(spine, key, sent, folders)
        opt_outs, marked = self._on_spark(spine, key)
        here = bool(folders) and held <= publish_few.MOST_KNOWN
        few = Few(self.landed.engine, folders, marked.toArrow(), self.warehouse) if here else None
        frame = known.ready_to_join(marked, held) if few is None else self._read(few.known)
        in_force = reduce(Column.__or__, (opt_out.is_in_force(kind, self.as_of) for kind in opt_out.KINDS))
        opted_out = opt_outs.where(in_force).select("person").distinct().count()
        return Everyone(frame, held, few, opted_out, partial(opt_out.publish, opt_outs))

    def _here(self, spine: Path, key: bytes, sent: pa.Table, folders: Mapping[str, Path]) -> Everyone:
        engine, told = self.landed.engine, known.here(spine, key)
        judged = {name: each.folder for name, each in self.judged.items()}
        opt_outs = opt_out_few.persons(engine, sent, told, judged, self.landed.contracts)
        marked = opt_out_few.marked(engine, told, opt_outs, self.as_of)
        opted_out = opt_out_few.in_force(engine, opt_outs, self.as_of, *opt_out.KINDS).num_rows
        few = Few(engine, folders, marked, self.warehouse) if folders else None
        frame = self._read(marked) if folders else known.ready_to_join(self._read(marked), len(told))
        return Everyone(frame, len(told), few, opted_out, partial(opt_out_few.publish, engine, opt_outs))

    def _read(self, marked: pa.Table) -> DataFrame:
        return known.read(self.landed.spark, marked, self.work / "everyone")

    def _on_spark(self, spine: Path, key: bytes) -> tuple[DataFrame, DataFrame]:
        """Return the persons' opt-outs, and everybody marked by them."""
        spark = self.landed.spark
        persons = known.known_persons(spark, spine, key, self.work)
        numbers = opt_out.numbers_held(spark, self._identified())
        opt_outs = opt_out.persons(opt_out.statements(sent_on_spark(self.landed)), numbers, persons).persist()
        receipts = self.landed.receipts
        rows = sum(arrivals.rows(receipts, dataset) for dataset in arrivals.datasets(receipts))
        named = known.sent(opt_outs, arrivals.rows(receipts, opt_out.OPT_OUTS), rows)
        columns = (*known.KEY, "person", "pseudonym", opt_out.TYPE_1)
        return opt_outs, opt_out.marked(persons, named, self.as_of).select(*columns)

    def _identified(self) -> Iterator[tuple[Contract, DataFrame]]:
        """Yield the rows of each dataset, the good ones and those in quarantine."""
        for dataset, each in self.judged.items():
            contract = self.landed.contracts[dataset]
            yield contract, validate.good(each.rows, contract)
            if (waiting := quarantine.read(self.landed.spark, self.quarantine, contract)) is not None:
                yield contract, waiting


def sent(landed: Landed) -> pa.Table | None:
    """Return the opt-outs as sent, as :func:`spark_jobs.opt_out_few.sent` does, or None where they are Spark's to read.

    Raises
    ------
    JobRefused
        When one cannot be read.
    """
    found = opt_out_few.sent(landed)
    if found is None:
        opt_out.check_readable(sent_on_spark(landed))
    return found


def sent_on_spark(landed: Landed) -> DataFrame:
    """Return the opt-outs as sent: which of them holds is not validation's to say."""
    contract = landed.contracts[opt_out.OPT_OUTS]
    if contract.dataset not in arrivals.datasets(landed.receipts):
        names = (*validate.SOURCE, *(field.name for field in contract.fields))
        return landed.spark.createDataFrame([], ", ".join(f"`{name}` string" for name in names))
    return arrivals.read(landed.spark, landed.folder, landed.receipts, contract)
