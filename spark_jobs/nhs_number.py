"""NHS numbers: their check digit, and the range kept for tests."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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


def test_numbers() -> npt.NDArray[np.int64]:
    """Return every valid number of the test range, ascending, shape (909,091,) or so."""
    middle = np.arange(1_000_000, dtype=np.int64)
    digits = [9, 9, 9] + [(middle // 10**place) % 10 for place in range(5, -1, -1)]
    total = sum(digit * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True))
    last = 11 - total % 11
    kept = last != 10
    return (9_990_000_000 + middle * 10 + last % 11)[kept]
