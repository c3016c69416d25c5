"""NHS numbers: their spelling and check digit, in Python and as Spark expressions, and the range kept for tests."""

from __future__ import annotations

from functools import reduce

import numpy as np
import numpy.typing as npt
from pyspark.sql import Column
from pyspark.sql import functions as F

TEST_PREFIX = "999"  # 999 000 0000 to 999 999 9999 are never issued (NHS Digital, "Test data standards")


def check_digit(nine: str) -> int | None:
    """Return the tenth digit of a number's first nine, or None where there is none.

    Modulus 11 with weights 10 to 2 (NHS Data Model and Dictionary, "NHS NUMBER").
    """
    remainder = 11 - sum(int(digit) * weight for digit, weight in zip(nine, range(10, 1, -1), strict=True)) % 11
    return None if remainder == 10 else remainder % 11


def is_valid(number: str) -> bool:
    """Return whether a text of ten digits carries the right check digit."""
    if len(number) != 10 or not number.isascii() or not number.isdigit():
        return False
    return check_digit(number[:9]) == int(number[9])


def digits(column: Column) -> Column:
    """Return a text without all that is no digit: providers write ``943 476 5919`` and ``943-476-5919``."""
    return F.regexp_replace(column, "[^0-9]", "")


def checks(column: Column) -> Column:
    """Return the condition that a column holds ten digits with the right check digit; null where the column is."""
    weighed = [F.substring(column, place, 1).try_cast("int") * (11 - place) for place in range(1, 10)]
    check = (F.lit(11) - reduce(lambda total, each: total + each, weighed) % 11) % 11
    return column.rlike("^[0-9]{10}$") & (check == F.substring(column, 10, 1).try_cast("int"))


def test_numbers() -> npt.NDArray[np.int64]:
    """Return every valid number of the test range, ascending, shape (909,091,) or so."""
    middle = np.arange(1_000_000, dtype=np.int64)
    digits = [9, 9, 9] + [(middle // 10**place) % 10 for place in range(5, -1, -1)]
    total = sum(digit * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True))
    last = 11 - total % 11
    kept = last != 10
    return (9_990_000_000 + middle * 10 + last % 11)[kept]
