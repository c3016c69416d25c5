"""Marks: which cells, columns, lines and boxes of a page a finding stands on, and the page to turn to."""

from __future__ import annotations

from tre.airlock.marks import Box, mark, turn_to
from tre.disclosure.model import Finding, Hit
from tre.disclosure.places import placed
from tre.disclosure.policy import load_policy
from tre.disclosure.showing import Heading, Page


def finding(where: str = "", place: str = "", **told: object) -> Finding:
    return load_policy().explain(placed(Hit("identifier", "nhs_number", where, place, **told)))


def table(first: int = 0) -> Page:
    rows = tuple((str(n), f"v{n}") for n in range(first, first + 100))
    return Page(first=first, names=("id", "note"), rows=rows)


def test_a_cell_and_its_column_are_marked_on_the_page_on_which_they_stand() -> None:
    found = [finding(place="row 102, column note"), finding(place="column id")]
    second = mark(found, Heading("", "table"), table(100))
    assert [each.findings for each in second.heads] == [(2,), (1,)]
    number, cells = second.rows[1]
    assert (number, [each.findings for each in cells]) == (102, [(), (1,)])
    assert not any(each.findings for number, row in second.rows if number != 102 for each in row)
    first = mark(found, Heading("", "table"), table())
    assert not any(each.findings for _, row in first.rows for each in row)


def test_a_finding_of_another_sheet_is_not_marked() -> None:
    found = [finding("sheet Deaths", "row 1, column id")]
    assert mark(found, Heading("sheet Deaths", "table"), table()).rows[0][1][0].findings == (1,)
    assert mark(found, Heading("sheet Births", "table"), table()).rows[0][1][0].findings == ()
    assert turn_to(found[0], [Heading("sheet Births", "table"), Heading("sheet Deaths", "table")]) == (1, 0)


def test_a_line_is_marked_and_where_it_goes_on_is_not() -> None:
    page = Page(numbers=(4, 0, 5), lines=((), (), ()))
    assert mark([finding(place="line 5")], Heading("", "text"), page).lines == ((), (), (1,))
    assert mark([finding(place="line 4")], Heading("", "text"), page).lines == ((1,), (), ())


def test_a_box_is_drawn_where_the_picture_is_shown_smaller() -> None:
    found = [finding(box=(100, 200, 300, 260))]
    page = Page(picture=b"x", width=500, height=500, scale=0.5)
    assert mark(found, Heading("the picture", "pictures"), page).boxes == (Box(50, 100, 100, 30, 1),)
    assert turn_to(found[0], [Heading("the picture", "pictures", 1)]) == (0, 0)


def test_what_tells_no_place_is_turned_to_nowhere() -> None:
    assert turn_to(finding("sheet Deaths"), [Heading("", "table")]) is None
    assert turn_to(finding(place="row 250, column id"), [Heading("", "table")]) == (0, 2)
    assert turn_to(finding(place="line 301"), [Heading("", "text")]) == (0, 1)
    assert turn_to(finding(place="column id"), [Heading("", "table")]) == (0, 0)
