"""The persons of an extract, under the pseudonyms that the project will know them by.

Each person's HMAC is computed once here, and not once for each of their rows: every table takes it by joining.
"""

from __future__ import annotations

from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.errors import JobRefused
from spark_jobs.provisioning.cohort import PSEUDONYM
from spark_jobs.pseudonymise import with_pseudonym

OWN, PLACE = "_own", "_place"
LINKAGES = ("project", "table", "none")
# The base32 alphabet (RFC 4648) in the order of its code points, and Spark's digits in base 32: so the first
# characters of a pseudonym become a number that sorts as the pseudonym does.
_SORTED, _DIGITS = "234567ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789ABCDEFGHIJKLMNOPQRSTUV"
_BITS = 5
PLACE_BITS = 4 * _BITS
_SAMPLE_BITS = 8 * _BITS


def _place(pseudonym: Column, bits: int) -> Column:
    """Return the first bits of a pseudonym (a multiple of five) as a whole number, in sorting order."""
    digits = F.translate(F.substring(pseudonym, 1, bits // _BITS), _SORTED, _DIGITS)
    return F.conv(digits, 32, 10).cast("long")


def sampled(persons: DataFrame, sampling: dict[str, Any] | None, key: bytes) -> DataFrame:
    """Return a seeded share of the persons: the same ones at each refresh, and nobody without the key knows which.

    Parameters
    ----------
    sampling : dict or None
        ``fraction`` (a number over 0 and up to 1, as text or number) and ``seed``; None keeps everybody.

    Raises
    ------
    JobRefused
        When the fraction is not such a number.
    """
    if sampling is None:
        return persons
    fraction = _fraction(sampling["fraction"])
    asked = F.concat(F.lit(f"sample {int(sampling['seed'])} "), F.col(PSEUDONYM))
    tickets = with_pseudonym(persons.select(asked.alias("_asked"), PSEUDONYM), "_asked", key, "_ticket")
    most = int(fraction * 2**_SAMPLE_BITS)
    return tickets.where(_place(F.col("_ticket"), _SAMPLE_BITS) < most).select(PSEUDONYM)


def _fraction(told: object) -> float:
    try:
        fraction = float(str(told))
    except ValueError:
        fraction = 0.0
    if not 0 < fraction <= 1:
        raise JobRefused("The sample's fraction must be over 0 and at most 1", where="sampling")
    return fraction


def own(persons: DataFrame, key: bytes, table: str = "") -> DataFrame:
    """Return the persons' pseudonyms (``pseudonym``) and those that the project knows them by (``_own``).

    ``_place`` is the latter's place among all that there could be: a whole number of 20 bits.

    Parameters
    ----------
    table : str
        The table that these pseudonyms are for alone, so that it joins with no other; empty for the project's.
    """
    identity = F.concat(F.lit(f"{table} "), F.col(PSEUDONYM)) if table else F.col(PSEUDONYM)
    keyed = with_pseudonym(persons.select(identity.alias("_identity"), PSEUDONYM), "_identity", key, OWN)
    return keyed.withColumn(PLACE, _place(F.col(OWN), PLACE_BITS).cast("int"))
