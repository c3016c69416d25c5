"""What is put together: a mark of each line, row or column, and the pieces of strings in a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tre.disclosure.contents import Table, text_cells
from tre.disclosure.detectors.along import LEAST, marks_along, parted
from tre.disclosure.detectors.down import LENGTH, ONE, digits_down, tens
from tre.disclosure.detectors.joined import joined
from tre.disclosure.detectors.watch import Sight
from tre.disclosure.exact_match import nhs_number_is_issued
from tre.disclosure.model import Hit, mask
from tre.disclosure.rereading import is_telling

_ROWS = 400  # of a table, and lines of a text: a longer message stands in the first ones as well
_COLUMNS = 200
_FIELDS = 6  # columns that commas make of a list's lines
# What marks in a row say no other way; letters and digits in turn have the forms of other identifiers now and then.
_SPELLED = ("name", "full_name", "name_dob", "nhs_number", "date_of_birth", "email")


def lines_of(table: Table) -> Iterator[tuple[str, str]]:
    """Yield each column of a table as a text, a cell a line under the column's name, and where it stands."""
    for name, column in zip(table.names, table.columns[:_COLUMNS], strict=False):
        yield f"{table.where} column {name}".strip(), "\n".join([name, *column[:_ROWS].to_pylist()])


def rejoined(table: Table) -> str:
    """Return the rows of a list that was taken for a table: brackets that a cell opens are closed in the next.

    It is empty for any other table.
    """
    if len(table.names) > _FIELDS:
        return ""
    columns = [column[:_ROWS].to_pylist() for column in table.columns]
    rows = [[*table.names], *map(list, zip(*columns, strict=True))]
    broken = [row for row in rows if any(cell.count("(") != cell.count(")") for cell in row)]
    return "\n".join(", ".join(cell.strip() for cell in row) for row in broken) if len(broken) > 0.5 * len(rows) else ""


class Spelled:
    """The detectors of messages a mark at a time in one file."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight

    def in_text(self, where: str, text: str) -> Iterator[Hit]:
        """Yield what the lines of a text spell."""
        yield from self._along(where, "", text.splitlines()[:_ROWS])

    def in_table(self, table: Table) -> Iterator[Hit]:
        """Yield what the columns of a table spell from row to row, and its rows from column to column.

        The first mark may have been taken for a column's name.
        """
        columns = [column[:_ROWS].to_pylist() for column in table.columns[:_COLUMNS]]
        for name, column in zip(table.names, columns, strict=False):
            for cell in column:
                if cell.count("\n") >= LEAST - 1:
                    yield from self.in_text(f"{table.where} column {name}".strip(), cell)
            strings = [name, *column] if len(name) == 1 else column
            yield from self._along(table.where, f"column {name}", strings)
            for how, digits in digits_down(strings):
                yield from self._digits(table.where, f"column {name}", how, digits)
        if len(columns) >= LEAST:
            for row in ([*table.names], *map(list, zip(*columns, strict=True))):
                if all(len(each.strip()) <= 1 for each in row):
                    yield from self._along(table.where, "", row)

    def in_program(self, where: str, text: str) -> Iterator[Hit]:
        """Yield what the strings say that a program puts together from pieces."""
        made = list(joined(text[: int(self._sight.policy.shape["turned_bytes"])]))
        numbers = [each for each in made if nhs_number_is_issued(each)]
        place = f"{where}, put together from pieces".strip(", ")
        for hit in self._sight.search(text_cells(place, "\n".join(made))) if made else ():
            if is_telling(hit):
                yield replace(hit, place="")
        if numbers:
            yield Hit("possible-identifier", "nhs_number", place, "", len(numbers), mask(numbers[0]), 0.6)

    def _along(self, where: str, place: str, strings: Sequence[str]) -> Iterator[Hit]:
        """Yield what a mark of each string says of a person; nothing else is a message."""
        for how, text in marks_along(strings):
            both = f"{text}\n{parted(text, self._sight.pack.names)}"
            cells = text_cells(f"{where}, read from {how}".strip(", "), both)
            found = [hit for hit in self._sight.search(cells) if is_telling(hit) and hit.kind in _SPELLED]
            if found:
                yield Hit("hidden-message", how, where, place, 1, "", 0.95)
            yield from (replace(hit, place=place) for hit in found)

    def _digits(self, where: str, place: str, how: str, digits: str) -> Iterator[Hit]:
        """Yield what digits that were put together say: NHS numbers, or that somebody hid some."""
        asked = tens(digits)
        issued = [each for each in asked if nhs_number_is_issued(each)]
        for hit in self._sight.search(text_cells(where, "\n".join(asked))):
            if hit.rule == "held-identifier":
                yield replace(hit, place=place)
        if how != ONE:
            yield Hit("concealed-text", "digits", where, place, len(digits), "", 0.8)
        elif len(digits) % LENGTH or len(asked) == 1:
            return  # ten digits among many are an NHS number now and then, and alone are read over the ends of lines
        if issued and len(issued) >= 0.5 * len(asked):
            yield Hit("identifier", "nhs_number", where, place, len(issued), mask(issued[0]), 0.8)
