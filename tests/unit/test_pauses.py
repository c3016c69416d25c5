"""Pauses grow, and begin anew after an attempt that lasted."""

from __future__ import annotations

from tre.pauses import Pauses


def test_pauses_grow_up_to_the_longest():
    pauses = Pauses(most=10, steady=60)
    assert [pauses.after(1) for _ in range(7)] == [0, 1, 2, 4, 8, 10, 10]


def test_they_begin_anew_after_an_attempt_that_lasted():
    pauses = Pauses(most=10, steady=60)
    assert [pauses.after(lasted) for lasted in (1, 1, 1, 60, 1)] == [0, 1, 2, 0, 1]
