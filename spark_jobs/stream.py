"""Takes device readings in as they are dropped, and shows them in the warehouse under pseudonyms within a minute.

A provider drops files of NDJSON into its own folder, each by renaming a finished file into place. Each batch is judged
by the contract; its devices are looked up in the person spine, where a device is the provider's own number of the
person it was issued to; and its readings are appended to the table in one transaction.

Every reading is there once, whatever is killed when. Spark's checkpoint says which drops make up a batch; the table's
own log says which batch it holds (Delta's transaction identifiers), so that a batch that is run again is not appended
again; and a reading that was sent before, however late, is recognised by the person, the kind and the instant.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs import appended, quality, streamed_quality, tables, validate
from spark_jobs.contracts import Contract, load_contracts
from spark_jobs.errors import JobRefused
from spark_jobs.pseudonymise import with_pseudonym
from spark_jobs.register import load_register
from spark_jobs.session import session

Say = Callable[[str], None]
DATASET = "device_readings"
EVERY = "20 seconds"  # so that a reading is seen within a minute: one wait, one batch
_BITS = 33  # of an increasing number: the place within a task; the task stands above (monotonically_increasing_id)
_SENT_AGAIN = ("pseudonym", "kind", "taken_at")


class Stream:
    """What one stream works with; :meth:`take` handles a batch."""

    def __init__(self, spark: SparkSession, spec: dict[str, Any], key: bytes, progress: Say) -> None:
        self.spark, self._key, self._say = spark, key, progress
        self.landing, self.table = Path(spec["landing"]), Path(spec["warehouse"]) / DATASET
        self._people = Path(spec["warehouse"]) / "people"
        self._contract: Contract = load_contracts(Path(spec["contracts"]))[DATASET]
        self.checkpoint = self.landing / "streams" / DATASET / "checkpoint"
        self.id = _stream_id(self.checkpoint)
        self._measures = streamed_quality.folder(self.landing, DATASET)
        self._rules = quality.load_rules(Path(spec["quality"]))

    def take(self, drops: DataFrame, number: int) -> None:
        """Append the readings of one batch, unless the table holds the batch already.

        Parameters
        ----------
        drops : DataFrame
            ``value``: lines of JSON; ``path``: of the drop that each stands in.
        number : int
            The batch's number in this stream.
        """
        if appended.holds(self.table, self.id, number):
            return
        now = datetime.now(UTC)
        judged = validate.judge(self._read(drops), self._contract, now.date()).persist()
        try:
            measured = streamed_quality.measure(judged, self._contract, self._rules, now)
            streamed_quality.add(self._measures, self.id, number, measured)
            made = self._append(judged, number)
        finally:
            judged.unpersist()
        if made is not None:
            self._say(json.dumps({"dataset": DATASET, "version": made.version, "rows": made.rows}))

    def _append(self, judged: DataFrame, number: int) -> tables.Published | None:
        good = validate.good(judged, self._contract)
        # A device that sends a reading again does no wrong: it is counted, and waits for nobody.
        bad = validate.bad(judged).where(F.col("reason") != validate.repeated(self._contract))
        known = self._known()
        keyed = good.join(
            known, (good.provider == known.of) & (good[self._contract.local_key] == known.local_id), "left"
        )
        lost = keyed.where("person IS NULL").withColumn("reason", F.lit(f"{self._contract.local_key}: no such device"))
        self._quarantine(_numbered(bad, judged), _numbered(lost, judged), number)
        fields = [field.name for field in self._contract.published()]
        found = with_pseudonym(keyed.where("person IS NOT NULL").select("person", *fields), "person", self._key)
        fresh = self._not_there(self._of_listed(found).dropDuplicates(list(_SENT_AGAIN)))
        return appended.append(fresh, self.table, self.id, number)

    def _read(self, drops: DataFrame) -> DataFrame:
        schema = ", ".join(f"`{field.name}` string" for field in self._contract.fields)
        told = drops.select(F.from_json("value", schema).alias("told"), "path")
        own: dict[str, Column] = {
            "provider": F.element_at(F.split("path", "/"), -2),
            "submission": F.lit("stream"),
            "landed": F.lit(0),
            "file": F.element_at(F.split("path", "/"), -1),
            "row": F.monotonically_increasing_id(),  # its place in this batch: of its drop, see _numbered
        }
        return told.select(*(column.alias(name) for name, column in own.items()), "told.*")

    def _known(self) -> DataFrame:
        """Return the newest spine, which a build may have renewed since the last batch."""
        spine = self.landing / "spine"
        rows = self.spark.read.parquet(str(spine / (spine / "current").read_text().strip()))
        return rows.select(F.col("provider").alias("of"), "local_id", "person")

    def _of_listed(self, readings: DataFrame) -> DataFrame:
        """Keep the readings of those whom the warehouse lists; opt-outs are applied when they are provisioned."""
        listed = tables.read(self.spark, self._people).select("pseudonym")
        return readings.join(listed, "pseudonym", "left_semi")

    def _not_there(self, readings: DataFrame) -> DataFrame:
        """Leave out what the table holds; only the files of the batch's own span of time are looked at."""
        if tables.newest_version(self.table) is None:
            return readings
        instants = F.unix_micros("taken_at")  # no local time, which has an hour twice a year
        span = readings.agg(F.min(instants), F.max(instants)).collect()[0]
        first, last = (F.timestamp_micros(F.lit(each).cast("long")) for each in span)
        held = tables.read(self.spark, self.table).where(F.col("taken_at").between(first, last))
        return readings.join(held.select(*_SENT_AGAIN), list(_SENT_AGAIN), "left_anti")

    def _quarantine(self, bad: DataFrame, lost: DataFrame, number: int) -> None:
        """Write what is refused to a folder of the batch's own, so that a batch that is run again writes it once."""
        folder = self.checkpoint.with_name("quarantine") / f"batch={self.id}-{number}"
        names = [*validate.SOURCE, *(field.name for field in self._contract.fields), "reason"]
        columns = [F.col(f"`{name}`").cast("string").alias(name) for name in names]
        bad.select(*columns).unionByName(lost.select(*columns)).write.mode("overwrite").parquet(str(folder))


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Say) -> dict[str, Any]:
    """Take readings in until stopped, or, when bounded, until what has been dropped is in.

    Parameters
    ----------
    spec : dict
        ``drops`` (a folder with one folder for each provider), ``landing``, ``warehouse`` and ``contracts`` (folders),
        ``register`` (the register of providers), ``quality`` (its rules), ``bounded`` (bool) and ``most_drops`` (files
        in one batch: a backlog is worked off in pieces).
    keys : dict
        ``warehouse-pseudonym``.

    Returns
    -------
    dict
        ``version`` of the table (None when it holds nothing yet). Each appended batch is told as progress: a JSON
        object with ``dataset``, ``version`` and ``rows``.

    Raises
    ------
    JobRefused
        When the warehouse was never built: then no device is known.
    """
    if tables.newest_version(Path(spec["warehouse"]) / "people") is None:
        raise JobRefused("The warehouse is empty", where="people", todo="Build the warehouse first")
    senders = load_register(Path(spec["register"]), load_contracts(Path(spec["contracts"])))
    names = sorted(name for name, provider in senders.items() if DATASET in provider.datasets)
    for name in names:
        (Path(spec["drops"]) / name).mkdir(parents=True, exist_ok=True)
    with session("stream", shared=[Path(spec[each]) for each in ("drops", "landing", "warehouse")]) as spark:
        stream = Stream(spark, spec, keys["warehouse-pseudonym"], progress)
        source = spark.readStream.option("maxFilesPerTrigger", spec["most_drops"])
        lines = source.text(f"{spec['drops']}/{{{','.join(names)}}}")
        sink = lines.select("value", F.col("_metadata.file_path").alias("path")).writeStream.foreachBatch(stream.take)
        sink = sink.option("checkpointLocation", str(stream.checkpoint / "spark"))
        query = (sink.trigger(availableNow=True) if spec["bounded"] else sink.trigger(processingTime=EVERY)).start()
        query.awaitTermination()
    return {"version": tables.newest_version(stream.table)}


def _numbered(rows: DataFrame, batch: DataFrame) -> DataFrame:
    """Return rows of a batch with their numbers in their drops, counted from 1; none where one was read in pieces.

    A drop's lines are read one after another by one task, whose lines are numbered upwards from a bound of its own; a
    drop of more than ``spark.sql.files.maxPartitionBytes`` is read by several.
    """
    first, last = F.min("row").alias("_first"), F.max("row").alias("_last")
    bounds = batch.groupBy("provider", "file").agg(first, last)
    whole = F.shiftright("_first", _BITS) == F.shiftright("_last", _BITS)
    placed = F.when(whole, F.col("row") - F.col("_first") + 1)
    return rows.join(bounds, ["provider", "file"]).withColumn("row", placed).drop("_first", "_last")


def _stream_id(checkpoint: Path) -> str:
    """Return the identity that lives and goes with the checkpoint: another one counts its batches anew."""
    path = checkpoint / "id"
    if not path.exists():
        checkpoint.mkdir(parents=True, exist_ok=True)
        staged = path.with_suffix(".part")
        staged.write_text(uuid.uuid4().hex)
        staged.rename(path)
    return path.read_text()
