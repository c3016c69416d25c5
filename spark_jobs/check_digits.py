"""Check digits as expressions of Spark itself: no value leaves the executors' own memory for Python."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable
from functools import reduce
from operator import add

from pyspark.sql import Column
from pyspark.sql import functions as F

NHS_WEIGHTS = tuple(range(10, 1, -1))
SEPARATORS = " \t\r\n\u00a0-\u2010\u2011\u2012\u2013"
_FOREIGN = {each: str(unicodedata.digit(each)) for each in map(chr, range(128, sys.maxunicode)) if each.isdigit()}
FOREIGN_DIGITS, PLAIN_DIGITS = "".join(_FOREIGN), "".join(_FOREIGN.values())  # of double width, other scripts, raised


def normalised_nhs_number(value: Column) -> Column:
    """Return ten digits where the value is ten digits once spaces and hyphens are left out, else the value as it is.

    A digit is one whatever its width or script (Unicode's property Numeric_Type: Decimal or Digit).
    People write NHS numbers in groups of 3, 3 and 4 (NHS Data Model and Dictionary, "NHS NUMBER"; DCB0149).
    """
    digits = F.translate(value, FOREIGN_DIGITS + SEPARATORS, PLAIN_DIGITS)
    return F.when(digits.rlike(r"\A[0-9]{10}\z"), digits).otherwise(value)


def digits(value: Column) -> Column:
    """Return the value without all that is no digit: what an opt-out names, however its number is written."""
    return F.regexp_replace(F.translate(value, FOREIGN_DIGITS, PLAIN_DIGITS), "[^0-9]", "")


def is_nhs_number(value: Column) -> Column:
    """Return whether the value is ten digits of which the last is the check digit.

    Modulus 11 with weights 10 to 2 (NHS Data Model and Dictionary, "NHS NUMBER"). See
    :func:`spark_jobs.nhs_number.is_valid`, the same in plain Python.
    """
    number = value.try_cast("bigint")
    total = reduce(add, (_part(number, 10 ** (weight - 1), 10) * weight for weight in NHS_WEIGHTS))
    return value.rlike(r"\A[0-9]{10}\z") & ((F.lit(11) - total % 11) % 11 == number % 10)


def _part(number: Column, unit: int, base: int) -> Column:
    """Return the digit, in a base, of a whole number at the unit.

    Arithmetic costs less than cutting text. Where a rule stands behind others Spark reads the number anew for each
    digit, so that it must be cheap to read: what form it has is asked apart.
    """
    return F.call_function("div", number, F.lit(unit)) % base


# Verhoeff's dihedral check: multiplication in the group D5, and the permutation of each place (period 8).
# J. Verhoeff, Error Detecting Decimal Codes, 1969; SNOMED CT Release File Specifications, "Check-digit".
_D5 = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_FIRST_STEP = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
SNOMED_CT_PATTERN = r"[1-9][0-9]{2,14}[01]0[0-9]"  # a concept's identifier: its partition is 00, or 10 in an extension
_LONGEST = 18


def _permutations() -> list[tuple[int, ...]]:
    rows = [tuple(range(10))]
    while len(rows) < 8:
        rows.append(tuple(_FIRST_STEP[digit] for digit in rows[-1]))
    return rows


def has_verhoeff_digit(number: str) -> bool:
    """Return whether a text of digits ends with its Verhoeff check digit: plain Python, for what is no column."""
    return _product(number, 0) == 0


def _product(number: str, first: int) -> int:
    """Return the product in D5 of digits, of which the last stands at a place counted from the end."""
    rows, product = _permutations(), 0
    for place, digit in enumerate(reversed(number), start=first):
        product = _D5[product][rows[place % 8][int(digit)]]
    return product


def is_snomed_ct(value: Column) -> Column:
    """Return whether the value is a SNOMED CT concept's identifier by its form and check digit.

    6 to 18 digits, of which the last is the check digit and the two before it say that it names a concept (SNOMED CT
    Release File Specifications, "SCTID"). Whether the concept exists is not asked: the list is licensed.
    """
    number = value.try_cast("bigint")
    products, check = _table(product for row in _D5 for product in row), F.lit(0)
    pairs = [_table(_pairs(place)) for place in range(0, 8, 2)]
    for place in range(0, _LONGEST, 2):
        two = _part(number, 10**place, 100).cast("int")
        check = F.get(products, check * 10 + F.get(pairs[place // 2 % 4], two))
    # The places before the first digit were taken for noughts, which are not the group's identity.
    noughts = _table(_product("0" * (_LONGEST - length), length) for length in range(_LONGEST + 1))
    return value.rlike(rf"\A{SNOMED_CT_PATTERN}\z") & (check == F.get(noughts, F.length(value)))


def _table(values: Iterable[int]) -> Column:
    """Return whole numbers as an array: told in one call, where a list of literals takes one for each number."""
    return F.expr(f"array({', '.join(map(str, values))})")


def _pairs(place: int) -> list[int]:
    """Return what each two digits, 00 to 99, contribute of which the last stands at the place."""
    return [_product(f"{two:02}", place) for two in range(100)]


CHECKS = {"snomed_ct": is_snomed_ct}
