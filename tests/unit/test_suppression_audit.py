"""The audit of a suppression: what an attacker can work out is told, and what no attacker can is not."""

from __future__ import annotations

import numpy as np
import pytest

from tre.disclosure.model import DisclosureError
from tre.disclosure.statistics.lattice import Lattice, Side
from tre.disclosure.statistics.suppression import Measure, bounds, narrowed, suppress

GRID = np.array([[3.0, 20.0, 30.0], [30.0, 40.0, 50.0], [12.0, 15.0, 60.0]])
TABLE = Lattice(Side.of_groups(("a",), [(n,) for n in range(3)]), Side.of_groups(("b",), [(n,) for n in range(3)]))
WHOLE = np.block([[GRID, GRID.sum(1, keepdims=True)], [GRID.sum(0, keepdims=True), GRID.sum()]]).ravel()
NOBODY = np.zeros(16, dtype=bool)


def measure(known: np.ndarray = NOBODY) -> Measure:
    return Measure(WHOLE, np.where(WHOLE < 10, 0.0, WHOLE), np.where(WHOLE < 10, 10.0, WHOLE), 0.0, known)


def hidden(*cells: int) -> np.ndarray:
    return np.isin(np.arange(16), cells)


def test_a_cell_that_is_hidden_alone_is_worked_out():
    assert narrowed(TABLE.relations(), measure(), hidden(0), [0]) == [(0, 3.0, 3.0)]


def test_a_second_cell_in_its_row_is_not_enough():
    ((cell, low, high),) = narrowed(TABLE.relations(), measure(), hidden(0, 1), [0])
    assert (cell, low, high) == (0, 3.0, 3.0), "its column gives it away"


def test_a_square_bounds_a_cell_by_its_smallest_neighbour():
    assert bounds(TABLE.relations(), measure(), hidden(0, 1, 8, 9), 0) == (0.0, 15.0)
    assert not narrowed(TABLE.relations(), measure(), hidden(0, 1, 8, 9), [0])


def test_who_knows_one_of_a_square_knows_them_all():
    knows = measure(hidden(9))
    assert narrowed(TABLE.relations(), knows, hidden(0, 1, 8, 9), [0]) == [(0, 3.0, 3.0)]
    found = suppress(TABLE.relations(), [knows], hidden(0, 9), 1 + WHOLE)
    assert not narrowed(TABLE.relations(), knows, found, [0])


def test_the_search_hides_the_cheapest_square_and_the_audit_agrees():
    found = suppress(TABLE.relations(), [measure()], hidden(0), 1 + WHOLE)
    assert np.flatnonzero(found).tolist() == [0, 1, 8, 9]
    assert not narrowed(TABLE.relations(), measure(), found, [0])


def test_numbers_that_do_not_add_up_are_told():
    wrong = Measure(WHOLE + hidden(1), WHOLE, WHOLE, 0.0, NOBODY)
    with pytest.raises(DisclosureError, match="add up"):
        bounds(TABLE.relations(), wrong, hidden(0), 0)


def test_without_any_total_nothing_bounds_a_cell():
    alone = Lattice(Side.of_groups((), []), Side.of_groups((), []))
    one = Measure(np.array([3.0]), np.zeros(1), np.array([10.0]), 0.0, np.zeros(1, dtype=bool))
    assert bounds(alone.relations(), one, np.array([True]), 0) == (0.0, np.inf)
