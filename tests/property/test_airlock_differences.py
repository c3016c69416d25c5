"""What is shown of two versions: nothing that differs is left out, nothing that is the same is told to differ."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from tre.airlock.differences import MOST, Difference, Picture, Side, difference, side_of
from tre.disclosure.showing import Cell, Heading, Page, Shown, Token

_CELLS = st.sampled_from(["a", "b", "1", "2", ""])
_ROWS = st.lists(st.lists(_CELLS, max_size=4).map(tuple), max_size=12).map(tuple)
_TEXTS = st.lists(st.sampled_from(["one", "two", "three"]), max_size=12).map(tuple)


def table(rows: tuple[tuple[str, ...], ...]) -> Side:
    return Side("table", rows=rows)


def _laid(row: tuple[str, ...], found: Difference, side: int) -> tuple[str, ...]:
    """Return a row as it is shown: a missing cell as an empty one, and one where its column is not there."""
    places = [pair[side] for pair in found.columns]
    return tuple(row[place] if place is not None and place < len(row) else "" for place in places)


@given(_ROWS, _ROWS)
def test_both_versions_can_be_read_off_what_is_shown(before, after):
    found = difference(table(before), table(after))
    laid = [[_laid(row, found, side) for row in rows] for side, rows in enumerate((before, after))]
    for row in found.rows:
        for side, place, told in ((0, row.before, "before"), (1, row.after, "after")):
            assert place is None or laid[side][place - 1] == tuple(getattr(cell, told) for cell in row.cells)
    told_before = {row.before for row in found.rows if row.mark in ("changed", "removed")}
    told_after = {row.after for row in found.rows if row.mark in ("changed", "added")}
    kept_before = [row for place, row in enumerate(laid[0], start=1) if place not in told_before]
    kept_after = [row for place, row in enumerate(laid[1], start=1) if place not in told_after]
    assert kept_before == kept_after, "what is not told to differ is the same"


@given(_ROWS, _ROWS)
def test_every_cell_of_either_version_has_its_place(before, after):
    found = difference(table(before), table(after))
    for side, rows in enumerate((before, after)):
        places = [pair[side] for pair in found.columns if pair[side] is not None]
        assert places == sorted(set(places)), "columns stay in their order"
        assert set(range(max(map(len, rows), default=0))) <= set(places)


@given(_ROWS)
def test_nothing_is_told_of_two_that_are_the_same(rows):
    assert difference(table(rows), table(rows)).rows == ()


@given(_TEXTS, _TEXTS)
def test_lines_are_in_the_order_of_both_versions(before, after):
    found = difference(Side("text", lines=before), Side("text", lines=after))
    for side in ("before", "after"):
        places = [getattr(row, side) for row in found.rows if getattr(row, side)]
        assert places == sorted(places)
    for row in found.rows:
        assert (row.mark == "same") is (row.before is not None and row.after is not None and not row.cells[0].changed)


def test_a_changed_cell_is_found_in_its_row():
    rows = tuple((str(n), str(n * n), "x") for n in range(50))
    changed = (*rows[:20], ("20", "401", "x"), *rows[21:])
    found = difference(table(rows), table(changed))
    (row,) = [each for each in found.rows if each.mark == "changed"]
    assert (row.before, row.after) == (21, 21)
    assert [cell.changed for cell in row.cells] == [False, True, False]
    assert [each.mark for each in found.rows] == ["same", "changed", "same"]


def test_a_column_that_was_put_in_is_the_one_thing_that_differs():
    before = (("year", "falls"), *((str(n), str(n * n)) for n in range(5)))
    after = (("year", "area", "falls"), *((str(n), "north", str(n * n)) for n in range(5)))
    found = difference(table(before), table(after))
    assert found.columns == ((0, 0), (None, 1), (1, 2))
    assert {tuple(cell.changed for cell in row.cells) for row in found.rows} == {(False, True, False)}
    back = difference(table(after), table(before))
    assert back.columns == ((0, 0), (1, None), (2, 1))
    renamed = difference(table(before), table((("year", "admissions"), *before[1:])))
    assert renamed.columns == ((0, 0), (1, 1))
    assert [row.mark for row in renamed.rows] == ["changed", "same"]


def test_rows_further_on_have_their_place_in_the_whole():
    rows = tuple((str(n),) for n in range(3))
    sides = [Side("table", (("n",), *each), first=400) for each in (rows, (*rows[:2], ("9",)))]
    (_, row) = difference(*sides).rows
    assert (row.mark, row.before, row.after) == ("changed", 404, 404)


def picture(place: int, drawn: str) -> Picture:
    return Picture(0, 3, place, drawn)


def test_pictures_that_differ_are_told_and_no_others():
    one, other, third = picture(0, "a"), picture(1, "b"), picture(1, "c")
    found = difference(Side("picture", pictures=(one, other)), Side("picture", pictures=(one, third)))
    assert found.pictures == ((other, third),)
    grown = difference(Side("text", pictures=(one,)), Side("text", pictures=(picture(0, "new"), picture(1, "a"))))
    assert grown.pictures == ((None, picture(0, "new")),)
    assert difference(Side("picture", pictures=(one,)), Side("picture", pictures=(one,))).pictures == ()


def test_what_is_too_much_is_cut_and_said_to_be():
    before = Side("text", lines=tuple(f"a{n}" for n in range(MOST + 5)))
    after = Side("text", lines=tuple(f"b{n}" for n in range(MOST + 5)))
    found = difference(before, after)
    assert found.cut
    assert len(found.rows) == MOST


def test_kinds_that_do_not_compare_are_told_apart():
    assert difference(Side("picture"), Side("picture")).kind == "picture"
    assert difference(Side("picture"), Side("text", lines=("x",))).kind == "none"
    assert difference(Side("none"), Side("none")).kind == "none"
    assert difference(table((("a",),)), Side("text", lines=("a",))).kind == "none"


def shown(kind: str, page: Page | None, sections: int = 1) -> Shown:
    return Shown("csv", (Heading("", kind),) * sections, page)


def test_what_is_compared_is_what_is_shown():
    first = shown("table", Page(names=("a",), rows=(("1",),), more=True))
    second = shown("table", Page(names=("a",), rows=(("2",),)))
    assert side_of([first, second]) == Side("table", (("a",), ("1",), ("2",)))
    code = (Token("k", "if"), Token("", " x"))
    assert side_of([shown("code", Page(lines=(code,)))]) == Side("text", lines=("if x",))
    cell = Cell(1, "code", (code,), ("out\nmore",), (b"x",))
    drawn = Picture(0, 1, 0, sha256(b"x").hexdigest())
    lines = ("if x", "out", "more", f"Picture 1: {drawn.sha256[:16]}")
    assert side_of([shown("notebook", Page(cells=(cell,)))]) == Side("text", lines=lines, pictures=(drawn,))
    pages = [shown("pictures", Page(first=at, picture=b"x"), 2) for at in (0, 1)]
    assert side_of(pages) == Side("picture", pictures=tuple(replace(drawn, page=at, cell=0) for at in (0, 1)))
    assert side_of([shown("file", Page())]) == Side("none")
    assert side_of([shown("table", None)]) == Side("none")
