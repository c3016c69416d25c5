"""Whatever ten digits are written in Roman numerals or as a product of primes come out as they were."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tre.disclosure.detectors.reckoned import in_roman, is_prime, of_factors, reckoned, roman

VALUES = (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1)
LETTERS = ("M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I")
NUMBERS = st.integers(10**9, 10**10 - 1)


def _roman(number: int) -> str:
    written = ""
    for value, letters in zip(VALUES, LETTERS, strict=True):
        written += letters * (number // value)
        number %= value
    return written or "N"


def _factors(number: int) -> Counter[int]:
    """Return how often each prime divides a number, by trial."""
    found: Counter[int] = Counter()
    divisor = 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            found[divisor] += 1
            number //= divisor
        divisor += 1
    found[number] += number > 1
    return +found


@given(st.integers(0, 9999))
def test_a_numeral_is_read_as_it_is_written(number: int) -> None:
    assert roman(_roman(number)) == roman(_roman(number).lower()) == number


@given(st.tuples(st.integers(100, 999), st.integers(0, 999), st.integers(1000, 9999)), st.sampled_from("-./ "))
def test_three_groups_in_numerals_are_ten_digits(groups: tuple[int, int, int], sign: str) -> None:
    written = sign.join(map(_roman, groups))
    first, second, third = groups
    found = [each.digits for each in in_roman(f"case {written};")]
    assert found == ([f"{first}{second:03}{third}"] if len(written) - 2 >= 8 else [])


@given(NUMBERS, st.sampled_from([" x ", "*", " × "]), st.booleans())
def test_prime_factors_give_the_number_back(number: int, sign: str, powers: bool) -> None:
    factors = _factors(number)
    if len(factors) == 1:
        return  # a prime is written as it is
    each = [
        f"{base}^{power}" if powers and power > 1 else sign.join([str(base)] * power) for base, power in factors.items()
    ]
    assert [found.digits for found in of_factors(f"size {sign.join(each)}")] == [str(number)]


@given(st.integers(0, 10**10))
def test_primes_are_told(number: int) -> None:
    assert is_prime(number) == (number > 1 and _factors(number) == Counter([number]))


@given(st.text(st.sampled_from("MDCLXVInx0123456789 -.*^×"), max_size=200))
def test_any_text_is_read(text: str) -> None:
    for found in reckoned(text):
        assert len(found.digits) == 10
        assert text[found.start : found.end].strip() == text[found.start : found.end] != ""
