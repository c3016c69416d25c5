"""Ten digits are read back from every way of writing them, and no text breaks the reading of any."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from tre.disclosure.detectors.along import marks_along, parted
from tre.disclosure.detectors.arithmetic import in_sums
from tre.disclosure.detectors.ciphers import MORSE, SPELLING, of_spelling
from tre.disclosure.detectors.down import digits_down, tens
from tre.disclosure.detectors.joined import joined
from tre.disclosure.detectors.number_words import digits_of_words
from tre.disclosure.detectors.numerals import LENGTH, numerals
from tre.disclosure.detectors.pseudonym_forms import regrouped
from tre.disclosure.exact_match import nhs_number_is_issued, nhs_number_is_valid
from tre.disclosure.packs import load_pack

UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
TEN = st.integers(10 ** (LENGTH - 1), 10**LENGTH - 1).map(str)
WAYS: dict[str, Callable[[str], str]] = {
    "single digits": " ".join,
    "single digits, dashed": "-".join,
    "one a line": "\n".join,
    "two groups": lambda digits: f"{digits[:4]} {digits[4:]}",
    "thousands": lambda digits: f"{int(digits):,}",
    "words": lambda digits: " ".join(UNITS[int(each)] for each in digits),
    "words, parted": lambda digits: ", ".join(UNITS[int(each)] for each in digits),
    "words and digits": lambda digits: " ".join(UNITS[int(each)] if int(each) % 2 else each for each in digits),
    "exponent": lambda digits: f"{int(digits):.9e}",
    "base 16": lambda digits: f"{int(digits):#x}",
    "base 8": lambda digits: f"{int(digits):#o}",
    "base 2": lambda digits: f"{int(digits):#b}",
    "glued": lambda digits: f"pt{digits}v",
}
PROGRAM = st.lists(
    st.sampled_from(
        ["a", "b", "=", "+", '"x"', "'y'", "(", ")", ",", "\n", "chr(77)", ".join", '""', "{a}", 'f"{b}"', "7"]
    )
).map("".join)


def spoken(number: int) -> str:
    """Return a whole number under a million in words."""
    if number < 20:
        return UNITS[number]
    if number < 100:
        return TENS[number // 10] + (f"-{UNITS[number % 10]}" if number % 10 else "")
    size, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
    rest = number % size
    joint = " and " if 0 < rest < 100 else " "
    return f"{spoken(number // size)} {name}" + (joint + spoken(rest) if rest else "")


@given(TEN, st.sampled_from(sorted(WAYS)), st.sampled_from(["", "the number is "]))
def test_ten_digits_are_read_back_from_each_way_of_writing_them(digits: str, way: str, before: str) -> None:
    text = f"{before}{WAYS[way](digits)}"
    if way == "exponent" and len(digits.rstrip("0")) < 8:
        return  # a round number
    assert digits in {each.digits for each in numerals(text)}


@given(TEN, st.lists(st.integers(1, 10**9), min_size=1, max_size=2), st.sampled_from([" + ", "+", "  +"]))
def test_ten_digits_are_read_back_from_a_sum(digits: str, parts: list[int], plus: str) -> None:
    rest = int(digits) - sum(parts)
    if rest < 0:
        assert not list(in_sums(f"x = {digits} - {int(digits) + 1}"))
        return
    text = f"total = {plus.join(map(str, [rest, *parts]))}."
    (found,) = in_sums(text)
    assert found.digits == digits
    assert text[found.start : found.end] == text[8:-1]


@given(st.integers(0, 999_999))
def test_words_of_a_number_are_its_digits(number: int) -> None:
    assert digits_of_words(spoken(number)) == str(number)


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=200), st.text("0123456789 .,-/\nxbeEoO|SBIl", max_size=120), PROGRAM))
def test_no_text_breaks_the_reading(text: str) -> None:
    for each in (*numerals(text), *in_sums(text)):
        assert len(each.digits) == LENGTH
        assert each.digits.isdecimal()
        assert 0 <= each.start < each.end <= len(text)
    assert all(len(each) > 0 or each == "" for each in joined(text))
    lines = text.splitlines()
    assert all(len(spelled) <= len(lines) for _, spelled in marks_along(lines))
    assert all(digits.isdecimal() for _, digits in digits_down(lines))
    kept = parted(text, load_pack().names)
    assert kept.replace(" ", "").lower() == text.replace(" ", "").lower()
    assert len(regrouped(text)) <= len(text)
    for run in MORSE.finditer(text):
        assert run[0]
    for run in SPELLING.finditer(text):
        assert of_spelling(run[0]).decode().isupper()


@given(st.text("0123456789", max_size=60))
def test_tens_are_of_the_digits(digits: str) -> None:
    made = tens(digits)
    assert all(len(each) == LENGTH and each in digits for each in made)
    assert len(digits) % LENGTH or "".join(made) == digits


@given(TEN)
def test_a_number_that_is_issued_is_valid(digits: str) -> None:
    assert nhs_number_is_valid(digits) or not nhs_number_is_issued(digits)
