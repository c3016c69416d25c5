"""Check digits as expressions of Spark itself: no value leaves the executors' own memory for Python."""

from __future__ import annotations

from functools import reduce
from operator import add

from pyspark.sql import Column
from pyspark.sql import functions as F

NHS_WEIGHTS = tuple(range(10, 1, -1))
_SEPARATORS = " \t\r\n\u00a0-\u2010\u2011\u2012\u2013"


def normalised_nhs_number(value: Column) -> Column:
    """Return ten digits where the value is ten digits once spaces and hyphens are left out, else the value as it is.

    People write NHS numbers in groups of 3, 3 and 4 (NHS Data Model and Dictionary, "NHS NUMBER"; DCB0149).
    """
    digits = F.translate(value, _SEPARATORS, "")
    return F.when(digits.rlike(r"\A[0-9]{10}\z"), digits).otherwise(value)


def is_nhs_number(value: Column) -> Column:
    """Return whether the value is ten digits of which the last is the check digit.

    Modulus 11 with weights 10 to 2 (NHS Data Model and Dictionary, "NHS NUMBER"). See
    :func:`spark_jobs.nhs_number.is_valid`, the same in plain Python.
    """
    digits = [_digit(value, place) * weight for place, weight in enumerate(NHS_WEIGHTS)]
    check = (F.lit(11) - reduce(add, digits) % 11) % 11
    return value.rlike(r"\A[0-9]{10}\z") & (check == _digit(value, len(NHS_WEIGHTS)))


def _digit(value: Column, place: int) -> Column:
    return F.substring(value, place + 1, 1).try_cast("int")
