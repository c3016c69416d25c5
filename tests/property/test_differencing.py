"""What two releases give away together, held against trying every difference there is."""

from __future__ import annotations

from itertools import combinations, pairwise, product

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap64

from tre.disclosure.model import DisclosureError
from tre.disclosure.statistics.differencing import Isolated, Published, Release, isolated, isolated_by_cuts, member_id

PEOPLE = st.integers(0, 39)
CELLS = st.dictionaries(st.sampled_from("abcd"), st.frozensets(PEOPLE, min_size=1), min_size=1, max_size=4)


def release(name: str, cells: dict[str, frozenset[int]]) -> Release:
    return Release(name, {label: BitMap64(members) for label, members in cells.items()})


def every_union(name: str, cells: dict[str, frozenset[int]], together: int) -> dict[frozenset, frozenset[int]]:
    found = {}
    for size in range(1, together + 1):
        for labels in combinations(sorted(cells), size):
            members = [cells[label] for label in labels]
            if sum(map(len, members)) == len(frozenset().union(*members)):
                found[frozenset((name, label) for label in labels)] = frozenset().union(*members)
    return found


def brute(new, earlier, threshold, together):
    """Every pair of unions of which one holds the other, by sets of Python."""
    fresh = every_union("new", new, together)
    found = set()
    for name, cells in [("new", new), *((f"old{n}", each) for n, each in enumerate(earlier))]:
        for (mine, people), (other, others) in product(fresh.items(), every_union(name, cells, together).items()):
            for (whole, a), (part, b) in (((mine, people), (other, others)), ((other, others), (mine, people))):
                if b < a and b and 0 < len(a - b) < threshold:
                    found.add((whole, part, len(a - b)))
    return found


@settings(max_examples=200, deadline=None)
@given(CELLS, st.lists(CELLS, max_size=2), st.integers(2, 12), st.integers(1, 2))
def test_every_difference_that_isolates_is_found_and_no_other(new, earlier, threshold, together):
    olds = [release(f"old{n}", each) for n, each in enumerate(earlier)]
    found = {
        (frozenset(each.whole), frozenset(each.parts), each.people)
        for each in isolated(release("new", new), olds, threshold, together=together)
    }
    event(f"found {min(len(found), 3)}")
    assert found == brute(new, earlier, threshold, together)


def test_all_less_all_but_one_ward_is_that_ward():
    """AI-SDC/ACRO#117: two tables, each fine by itself."""
    everyone, ward = frozenset(range(500)), frozenset(range(7))
    first, second = release("first", {"all": everyone}), release("second", {"outside": everyone - ward})
    assert list(isolated(second, [first], 10)) == [Isolated((("first", "all"),), (("second", "outside"),), 7)]
    assert not list(isolated(second, [release("first", {"all": everyone | frozenset(range(500, 504))})], 10))
    assert not list(isolated(first, [], 10))


def test_a_total_less_its_parts_is_found_in_one_release():
    cells = {"all": frozenset(range(60)), "F": frozenset(range(30)), "M": frozenset(range(30, 57))}
    (found,) = isolated(release("new", cells), [], 10)
    assert (set(found.parts), found.people) == ({("new", "F"), ("new", "M")}, 3)


@given(CELLS)
def test_bytes_give_the_release_back(cells):
    made = release("a name", cells)
    assert Release.from_bytes(made.to_bytes()) == made


@given(CELLS, st.data())
def test_bytes_that_are_none_are_refused_in_one_sentence(cells, data):
    whole = release("a name", cells).to_bytes()
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(DisclosureError):
        Release.from_bytes(whole[:cut])
    with pytest.raises(DisclosureError):
        Release.from_bytes(whole + b"\0")


def test_a_member_is_named_by_a_key_alone():
    assert member_id(b"k" * 32, "A") == member_id(b"k" * 32, "A") != member_id(b"l" * 32, "A")
    assert 0 <= member_id(b"k" * 32, "A") < 2**64


AGES = st.lists(st.integers(0, 99), min_size=1, max_size=60)
CUTS = st.lists(st.integers(0, 100), min_size=2, max_size=5, unique=True).map(sorted)


def published(name: str, ages: list[int], cuts: list[int]) -> Published:
    bins = pairwise(cuts)
    return Published(name, {("F", (low, high)): sum(low <= age < high for age in ages) for low, high in bins})


@settings(max_examples=150, deadline=None)
@given(AGES, CUTS, CUTS, st.integers(2, 10))
def test_tables_of_other_cut_points_are_subtracted(ages, first, second, threshold):
    """A range is found when linear algebra over the published counts fixes it, and neither table tells it."""
    old, new = published("old", ages, first), published("new", ages, second)
    found = {each.whole[0][0]: each.people for each in isolated_by_cuts(new, [old], threshold)}
    points = sorted({*first, *second})
    tied = bool(set(first) & set(second))
    for low, high in combinations(points, 2):
        truth = sum(low <= age < high for age in ages)
        by_old, by_new = {low, high} <= set(first), {low, high} <= set(second)
        told_by_new = by_new and second.index(high) == second.index(low) + 1
        reached = by_old or by_new or tied
        expected = reached and not by_old and not told_by_new and 0 < truth < threshold
        assert (f"from {low} to {high}" in found) == expected, (low, high)
        if expected:
            assert found[f"from {low} to {high}"] == truth
