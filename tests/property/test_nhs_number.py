"""NHS numbers: modulus 11, and every valid number of the test range."""

from __future__ import annotations

import unicodedata
from contextlib import closing

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import functions as F

from spark_jobs import check_digits, nhs_number
from spark_jobs.provisioning.engines import InProcess
from spark_jobs.validate_few import only_digits

DIGITS = st.text("0123456789", min_size=9, max_size=9)


@given(DIGITS)
def test_a_number_with_its_check_digit_is_valid_and_with_another_is_not(nine):
    digit = nhs_number.check_digit(nine)
    valid = [last for last in range(10) if nhs_number.is_valid(f"{nine}{last}")]
    assert valid == ([] if digit is None else [digit])


@given(DIGITS, st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(nine, place, step):
    digit = nhs_number.check_digit(nine)
    if digit is None:
        return
    wrong = nine[:place] + str((int(nine[place]) + step) % 10) + nine[place + 1 :]
    assert not nhs_number.is_valid(f"{wrong}{digit}")


@given(DIGITS, st.integers(0, 7))
def test_two_neighbours_that_changed_places_are_always_found(nine, place):
    digit = nhs_number.check_digit(nine)
    if digit is None or nine[place] == nine[place + 1]:
        return
    wrong = nine[:place] + nine[place + 1] + nine[place] + nine[place + 2 :]
    assert not nhs_number.is_valid(f"{wrong}{digit}")


@given(st.text())
def test_any_text_is_judged_without_an_error(text):
    assert nhs_number.is_valid(text) in {True, False}


def test_the_test_range_is_valid_distinct_and_kept_for_tests():
    numbers = nhs_number.test_numbers()
    assert len(set(numbers.tolist())) == len(numbers) > 900_000
    for number in numbers[:: len(numbers) // 500]:
        assert nhs_number.is_valid(str(number))
        assert str(number).startswith(nhs_number.TEST_PREFIX)


def test_the_standard_s_own_example():
    assert nhs_number.is_valid("9434765919")  # NHS Data Model and Dictionary
    assert not nhs_number.is_valid("9434765918")


@pytest.mark.spark
def test_a_digit_is_read_whatever_its_width_or_script(spark):
    texts = [f"94{each}" for each in check_digits.FOREIGN_DIGITS] + ["", "9-4", "94\u00bd", "x"]
    wanted = ["".join(str(unicodedata.digit(each, "")) for each in text) for text in texts]
    assert len(texts) > 700  # of each script that Unicode has, and the raised, lowered and encircled ones
    frame = spark.createDataFrame(list(enumerate(texts)), "place int, told string")
    told = frame.select("place", check_digits.digits(F.col("told")).alias("read")).orderBy("place").collect()
    assert [row.read for row in told] == wanted
    with closing(InProcess()) as engine:
        rows = pa.table({"place": range(len(texts)), "told": texts})
        here = engine.ask(f"SELECT place, {only_digits('told')} AS read FROM {{rows}} ORDER BY place", rows=rows)
    assert [row["read"] for row in here] == wanted
