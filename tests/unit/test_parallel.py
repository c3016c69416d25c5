"""Several at once: in order, and nothing more begins once one has failed."""

from __future__ import annotations

import threading
import time

import pytest

from spark_jobs import parallel


def test_what_is_made_comes_in_the_order_of_what_was_given():
    second = threading.Event()

    def made(number: int) -> int:
        if number == 0:
            assert second.wait(10), "two are at work at once"
        second.set()
        return number * 10

    assert parallel.each(made, [0, 1, 2]) == [0, 10, 20]
    assert parallel.each(made, []) == []


def test_an_error_is_told_and_what_had_not_begun_never_begins():
    begun: list[int] = []

    def fails(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise ValueError("the first")
        time.sleep(0.05)

    with pytest.raises(ValueError, match="the first"):
        parallel.each(fails, range(200))
    assert len(begun) < 200
