"""What is shown of two versions: nothing that differs is left out, nothing that is the same is told to differ."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tre.airlock.differences import MOST, Side, difference, side_of
from tre.disclosure.showing import Cell, Heading, Page, Shown, Token

_CELLS = st.sampled_from(["a", "b", "1", "2", ""])
_ROWS = st.lists(st.lists(_CELLS, max_size=4).map(tuple), max_size=12).map(tuple)
_TEXTS = st.lists(st.sampled_from(["one", "two", "three"]), max_size=12).map(tuple)


def table(rows: tuple[tuple[str, ...], ...]) -> Side:
    return Side("table", rows=rows)


def _whole(row: tuple[str, ...] | None) -> tuple[str, ...]:
    cells = list(row or ())
    while cells and not cells[-1]:
        cells.pop()  # a missing cell is shown as an empty one
    return tuple(cells)


@given(_ROWS, _ROWS)
def test_both_versions_can_be_read_off_what_is_shown(before, after):
    found = difference(table(before), table(after))
    rows = {
        ("before", row.before): _whole(tuple(cell.before for cell in row.cells)) for row in found.rows if row.before
    }
    rows |= {("after", row.after): _whole(tuple(cell.after for cell in row.cells)) for row in found.rows if row.after}
    for (which, place), shown in rows.items():
        assert shown == _whole((before if which == "before" else after)[place - 1])
    told_before = {row.before for row in found.rows if row.mark in ("changed", "removed")}
    told_after = {row.after for row in found.rows if row.mark in ("changed", "added")}
    kept_before = [row for place, row in enumerate(before, start=1) if place not in told_before]
    kept_after = [row for place, row in enumerate(after, start=1) if place not in told_after]
    assert kept_before == kept_after, "what is not told to differ is the same"


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
    cell = Cell(1, "code", (code,), ("out\nmore",))
    assert side_of([shown("notebook", Page(cells=(cell,)))]) == Side("text", lines=("if x", "out", "more"))
    assert side_of([shown("pictures", Page(picture=b"x"), 2)]) == Side("picture", cut=True)
    assert side_of([shown("file", Page())]) == Side("none")
    assert side_of([shown("table", None)]) == Side("none")
