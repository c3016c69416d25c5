"""Opt-outs: who has said that data about them is not to be used beyond their own care.

The national data opt-out holds for research and planning, whatever the data; a type 1 opt-out keeps what a general
practice recorded from leaving it for any use but care. The build drops the latter's rows for good. Of the former the
warehouse keeps a table under the persons' pseudonyms, from which provisioning takes them out of each extract whose
use it applies to, by what is in force on that day. See "National data opt-out operational policy guidance document"
and "Type 1 opt-outs" (NHS England).

Opt-outs fail closed. One holds whatever its other columns say: without a readable date it is in force, without a
readable kind it is of both kinds, and only a readable day of withdrawal ends it. While one has a number that cannot be
read nothing is built, and without the table nothing is provisioned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, reduce
from pathlib import Path
from typing import Any

from deltalake.exceptions import DeltaError
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from spark_jobs import tables
from spark_jobs.check_digits import digits, is_nhs_number
from spark_jobs.contracts import Contract
from spark_jobs.errors import JobRefused
from spark_jobs.pseudonymise import with_pseudonym

OPT_OUTS = "opt_outs"
NATIONAL, TYPE_1 = KINDS = ("national", "type_1")
GP = "gp_"  # how the names of datasets begin that general practices record
NUMBER = "nhs_number"
NEVER = "9999-12-31"
COLUMNS = ("kind", "recorded_on", "withdrawn_on")


def check_readable(sent: DataFrame) -> None:
    """Refuse to build while an opt-out names nobody that could be told.

    Parameters
    ----------
    sent : DataFrame
        The opt-outs as the providers sent them, with ``submission``.

    Raises
    ------
    JobRefused
        Naming the submission, when a number is no NHS number even without its spaces and marks.
    """
    number = digits(F.coalesce(F.col(NUMBER), F.lit("")))
    wrong = sent.where(~is_nhs_number(number)).groupBy("submission").count().orderBy("submission").limit(1).collect()
    if wrong:
        submission, rows = wrong[0]
        raise unreadable(submission, rows)


def unreadable(submission: str, rows: int) -> JobRefused:
    """Return the refusal to build while so many of a submission's opt-outs name nobody."""
    return JobRefused(
        f"An opt-out has an NHS number that cannot be read (rows: {rows}), so that nothing is built",
        where=f"submission {submission}",
        todo="Ask its sender to withdraw it and to send it corrected",
    )


def statements(sent: DataFrame) -> DataFrame:
    """Return what is known of each number and kind: ``nhs_number``, ``kind``, ``recorded_on``, ``withdrawn_on``.

    Of the submissions of a provider that speak of a number and kind the one that landed last counts, and of several
    providers the strictest. A submission that no longer names somebody withdraws nothing.

    Parameters
    ----------
    sent : DataFrame
        The contract's columns as text, with :data:`spark_jobs.validate.SOURCE`.
    """
    kind, recorded, withdrawn = (_trimmed(name) for name in ("kind", "recorded_on", "withdrawn_on"))
    known = kind.isin(*KINDS)
    told = sent.select(
        "provider",
        "landed",
        digits(F.col(NUMBER)).alias(NUMBER),
        F.explode(F.when(known, F.array(kind)).otherwise(F.array(*map(F.lit, KINDS)))).alias("kind"),
        recorded.try_cast("date").alias("recorded_on"),
        F.when(known, withdrawn.try_cast("date")).alias("withdrawn_on"),
    )
    newest = Window.partitionBy("provider", NUMBER, "kind").orderBy(F.desc("landed"))
    latest = told.withColumn("_age", F.rank().over(newest)).where("_age = 1")
    # A day of withdrawal before the day of recording is an error, and an error withdraws nothing.
    ordered = F.coalesce(F.col("withdrawn_on") >= F.col("recorded_on"), F.lit(True))
    return _strictest(latest.withColumn("withdrawn_on", F.when(ordered, F.col("withdrawn_on"))), NUMBER)


def _trimmed(name: str) -> Column:
    return F.lower(F.trim(F.coalesce(F.col(name), F.lit(""))))


def _strictest(rows: DataFrame, who: str) -> DataFrame:
    """Return one row for each ``who`` and kind: recorded first, and withdrawn only when every row is."""
    last = F.max(F.coalesce("withdrawn_on", F.lit(NEVER).cast("date")))
    return rows.groupBy(who, "kind").agg(
        F.min("recorded_on").alias("recorded_on"), F.nullif(last, F.lit(NEVER).cast("date")).alias("withdrawn_on")
    )


def persons(told: DataFrame, held: DataFrame, known: DataFrame) -> DataFrame:
    """Return the opt-outs of persons: ``person``, ``kind``, ``recorded_on``, ``withdrawn_on``.

    A person has opted out when one of their records carries a number that an opt-out names.

    Parameters
    ----------
    told : DataFrame
        What :func:`statements` returns.
    held : DataFrame
        What :func:`numbers_held` returns.
    known : DataFrame
        The spine: provider, local_id and person.
    """
    return _strictest(told.join(held, NUMBER).join(known, ["provider", "local_id"]), "person")


def numbers_held(spark: SparkSession, rows: Iterable[tuple[Contract, DataFrame]]) -> DataFrame:
    """Return each NHS number that a row of a local number carries: ``provider``, ``local_id``, ``nhs_number``.

    Every row counts, those in quarantine too, and not just the number that most of a person's rows carry: a number
    that one row alone holds is still theirs to opt out by.
    """
    found = [spark.createDataFrame([], "provider string, local_id string, nhs_number string")]  # all may be withdrawn
    found += [
        frame.select(
            "provider",
            F.col(contract.local_key).alias("local_id"),
            digits(F.col(contract.identifiers[NUMBER])).alias(NUMBER),
        )
        for contract, frame in rows
        if NUMBER in contract.identifiers and contract.local_key
    ]
    return reduce(DataFrame.unionByName, found)


def in_force(opt_outs: DataFrame, kind: str, day: date) -> DataFrame:
    """Return the opt-outs of a kind that are not withdrawn by the end of the day."""
    return opt_outs.where(is_in_force(kind, day))


def is_in_force(kind: str, day: date) -> Column:
    """Return whether an opt-out is of a kind and not withdrawn by the end of the day."""
    lasting = F.col("withdrawn_on").isNull() | (F.col("withdrawn_on") > F.lit(day.isoformat()).cast("date"))
    return (F.col("kind") == kind) & lasting


def is_gp_record(dataset: str) -> bool:
    """Return whether a dataset is what a general practice recorded: by the contracts' naming, :data:`GP`."""
    return dataset.startswith(GP)


def marked(known: DataFrame, opt_outs: DataFrame, day: date) -> DataFrame:
    """Return the spine with :data:`TYPE_1`: whether a type 1 opt-out of the person is in force on the day.

    Parameters
    ----------
    opt_outs : DataFrame
        What :func:`persons` returns: of each person and kind one.
    """
    out = in_force(opt_outs, TYPE_1, day).select("person").withColumn(TYPE_1, F.lit(True))
    joined = known.join(out, "person", "left")
    return joined.withColumn(TYPE_1, F.coalesce(TYPE_1, F.lit(False)))


def without_type_1(rows: DataFrame, dataset: str) -> DataFrame:
    """Return a dataset's rows, joined with what :func:`marked` returns; those of practices without whom it marks.

    A row whose person nobody knows stays.
    """
    return rows.where(~F.coalesce(TYPE_1, F.lit(False))) if is_gp_record(dataset) else rows


def publish(opt_outs: DataFrame, keys: Mapping[int, bytes], folder: Path) -> tables.Published:
    """Publish who opted out as a table of the warehouse, which is never provisioned.

    Parameters
    ----------
    keys : mapping of int to bytes
        The warehouse's pseudonym key by generation: an earlier one too, so that an opt-out is applied to tables of
        that generation as well.
    """
    by_generation = [
        with_pseudonym(opt_outs.select("person", *COLUMNS), "person", key).withColumn("generation", F.lit(generation))
        for generation, key in sorted(keys.items())
    ]
    return tables.publish(reduce(DataFrame.unionByName, by_generation), folder)


@dataclass(frozen=True)
class Register:
    """One version of the warehouse's opt-outs, as provisioning applies them on a day, to a use.

    Parameters
    ----------
    people : int
        The version of the people table that was built with these opt-outs, or later.
    national : bool
        Whether the national opt-out applies to the use.
    """

    rows: DataFrame
    version: int
    people: int
    day: date
    national: bool

    @classmethod
    def read(cls, spark: SparkSession, warehouse: Path, told: Mapping[str, Any]) -> Register:
        """Return the register that a specification pins: ``version``, ``people``, ``day`` (ISO) and ``national``.

        Raises
        ------
        JobRefused
            When the warehouse holds no such version: then nobody knows who has opted out.
        """
        version, day = int(told["version"]), date.fromisoformat(told["day"])
        try:
            rows = tables.read(spark, warehouse / OPT_OUTS, version).persist()
        except (DeltaError, AnalysisException):  # there is none, or its files were removed since
            raise JobRefused(
                "The warehouse does not say who has opted out", where=OPT_OUTS, todo="Build the warehouse first"
            ) from None
        return cls(rows, version, int(told["people"]), day, bool(told["national"]))

    def cohort(self, cohort: DataFrame) -> DataFrame:
        """Return the cohort without those whose national opt-out is in force, when it applies to the use."""
        if not self.national:
            return cohort
        return cohort.join(in_force(self.rows, NATIONAL, self.day), "pseudonym", "left_anti")

    def table(self, frame: DataFrame, dataset: str, version: int) -> DataFrame:
        """Return a table's rows without those that a type 1 opt-out keeps back; see :meth:`withheld`."""
        withheld = self.withheld(dataset, version)
        return frame if withheld is None else frame.join(withheld, "pseudonym", "left_anti")

    def withheld(self, dataset: str, version: int) -> DataFrame | None:
        """Return the pseudonyms whose rows of a table a type 1 opt-out keeps back, or None where it keeps none.

        Parameters
        ----------
        version : int
            The table's. The people table tells of a person what their practice does; the build has taken that out of
            the version that these opt-outs go with, and from an older one such a person is left out whole.
        """
        if not is_gp_record(dataset) and (dataset != "people" or version >= self.people):
            return None
        return self._type_1

    @cached_property
    def _type_1(self) -> DataFrame:
        return in_force(self.rows, TYPE_1, self.day).select("pseudonym")
