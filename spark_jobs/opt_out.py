"""Opt-outs: who has said that data about them is not to be used beyond their own care.

They fail closed. An opt-out holds whatever its other columns say, and while one has a number that cannot be read
nothing is built. See "National data opt-out operational policy guidance document" (NHS England).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.contracts import Contract
from spark_jobs.errors import JobRefused
from spark_jobs.nhs_number import checks, digits

OPT_OUTS = "opt_outs"
_NUMBER = "nhs_number"


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
    number = digits(F.coalesce(F.col(_NUMBER), F.lit("")))
    unreadable = sent.where(~checks(number)).groupBy("submission").count().orderBy("submission").limit(1).collect()
    if unreadable:
        submission, rows = unreadable[0]
        raise JobRefused(
            f"An opt-out has an NHS number that cannot be read (rows: {rows}), so that nothing is built",
            where=f"submission {submission}",
            todo="Ask its sender to withdraw it and to send it corrected",
        )


def persons(sent: DataFrame, held: DataFrame, known: DataFrame) -> DataFrame:
    """Return the persons who opted out: one of their records carries a number that an opt-out names.

    Parameters
    ----------
    held : DataFrame
        What :func:`numbers_held` returns.
    known : DataFrame
        The spine: provider, local_id and person.
    """
    named = sent.select(digits(F.col(_NUMBER)).alias(_NUMBER)).distinct()
    return held.join(named, _NUMBER, "left_semi").join(known, ["provider", "local_id"]).select("person").distinct()


def numbers_held(rows: Iterable[tuple[Contract, DataFrame]]) -> DataFrame:
    """Return each NHS number that a row of a local number carries: ``provider``, ``local_id``, ``nhs_number``.

    Every row counts, those in quarantine too, and not just the number that most of a person's rows carry: a number
    that one row alone holds is still theirs to opt out by.
    """
    found = [
        frame.select(
            "provider",
            F.col(contract.local_key).alias("local_id"),
            digits(F.col(contract.identifiers[_NUMBER])).alias(_NUMBER),
        )
        for contract, frame in rows
        if _NUMBER in contract.identifiers and contract.local_key
    ]
    return reduce(DataFrame.unionByName, found)
