"""Rows that stand in a text: CSV under a title, a frame that was printed, a Markdown table, a string in a program.

For each way to part a line, the widths that most lines have are looked at, wherever the lines stand, so that a line in
between does not hide the rows around it. Logs have lines of one width as well: what runs one way (time, epochs) and
what is measured (loss, seconds) is nobody's data.
"""

from __future__ import annotations

import contextlib
import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import LINE, Table
from tre.disclosure.detectors.counts import names_count
from tre.disclosure.detectors.curves import is_disordered
from tre.disclosure.detectors.groups import Column, combinations, read_column
from tre.disclosure.detectors.headings import is_heading
from tre.disclosure.readers.printed import MOST_LINES, find_printed, has_digit, is_value
from tre.disclosure.readers.statements import read_inserted
from tre.disclosure.statistics.shares import numbers_of

MARKS = (",", "\t", ";", "|", "&", "")  # the empty one: white space; & is LaTeX's
# Marks that cells are joined with, and how many of them are no date, time, place or name; white space is not among
# them, for a sentence has it as well.
_JOINS = {"|": 2, ";": 2, ",": 2, "\t": 2, "~": 2, "^": 2, "#": 2, "/": 3, ":": 3}
_MOST_LINES = 1000  # of one width, evenly spread: enough to judge them by
_MOST_WIDTHS = 40
_DIGIT = re.compile(r"\d")
_CELL = 40  # characters
_RULE = re.compile(r"[\s|:+=,;\-\u2500-\u257f]+|\\[a-z]*(?:rule|line)\b.*")
_BOXES = str.maketrans(dict.fromkeys("│┃┆┇┊┋║╎╏", "|"))  # what polars, DuckDB and others draw a table with
_BREAK = re.compile(r"\\r\\n|\\n")
_NOT_WORDS = re.compile(r"[\W\d_]+")
_OF_PROGRAMS = re.compile(
    r"\b(time|took|elapsed|duration|latency|s|secs?|seconds?|ms|us|ns|min|minutes?|eta|bytes?|kb|mb|gb|kib|mib|gib|memory|"
    r"cpu|gpu|load|rows|loss|acc|accuracy|auc|auroc|score|metric|reward|error|lr|rate|grad|gradient|norm|weights?|"
    r"perplexity|entropy|epoch|step|iter|iterations?|batch|fold|trial|seed|part|partition|shard|chunk|block|task|job|"
    r"worker|thread|pid|port|stage|progress|size|length|offset|checksum|version)\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"(\d{4}-\d\d-\d\d[T ])?\d{1,2}:\d\d(:\d\d([.,]\d+)?)?Z?")


def find_tables(where: str, text: str, shape: Mapping[str, float]) -> Iterator[Table]:
    """Yield the tables whose rows are lines of a text.

    Parameters
    ----------
    shape : mapping
        ``review_rows``, the least lines of one width that are looked at, and what else the policy says of shapes.
    """
    text = _BREAK.sub("\n", text).translate(_BOXES)
    yield from find_printed(where, text)
    inserted, text = read_inserted(where, text)
    yield from inserted
    lines = [line.strip(" \r").removesuffix("\\\\").rstrip() for line in text.splitlines()]
    lines = [line for line in lines if line and len(line) <= LINE and not _RULE.fullmatch(line)]
    if len(lines) < 3:
        return
    for mark in MARKS:
        widths = [_width(line, mark) for line in lines]
        if mark:
            yield from _summaries(where, lines, widths, mark, shape)
        found = list(_runs(where, lines, widths, shape, mark))
        yield from found
        if found:
            return


def find_joined(table: Table) -> Iterator[tuple[str, str]]:
    """Yield the columns whose cells are rows themselves, the same mark as often in each: where, and a cell a line."""
    for name, column in zip(table.names, table.columns, strict=True):
        some = column[:_MOST_LINES].to_pylist()
        for mark in _JOINS:
            times = some[0].count(mark) if some else 0
            if times >= _JOINS[mark] and sum(cell.count(mark) == times for cell in some) >= 0.9 * len(some):
                lines = "\n".join(cell.replace(mark, "|") for cell in some)
                yield f"{table.where} column {name}".strip(), lines
                break


def _parted(line: str, mark: str) -> list[str]:
    if not mark:
        return line.split()
    line = line.strip("|") if mark == "|" else line
    if '"' in line:
        with contextlib.suppress(csv.Error):
            return next(csv.reader([line], delimiter=mark))
    return line.split(mark)


def _width(line: str, mark: str) -> int:
    if not mark or '"' in line:
        return len(_parted(line, mark))
    return (line.strip("|") if mark == "|" else line).count(mark) + 1


def _summaries(
    where: str, lines: list[str], widths: list[int], mark: str, shape: Mapping[str, float]
) -> Iterator[Table]:
    """Yield each block of lines of one width under a heading, if it names a count or the rows are few.

    Many rows under no count are looked at by what they hold (:func:`_runs`).
    """
    at = 0
    framed = [mark == "|" and line[0] == line[-1] == mark for line in lines]
    for (width, boxed), block in groupby(zip(widths, framed, strict=True)):
        start, at = at, at + len(list(block))
        if (width < 2 and not boxed) or at - start < 3:
            continue
        names = [name.strip() for name in _parted(lines[start], mark)]
        counted = width < 2 or any(map(names_count, names))
        if not is_heading(names) or (not counted and at - start > shape["review_rows"]):
            continue
        rows = [[cell.strip() for cell in _parted(line, mark)] for line in lines[start + 1 : at][:MOST_LINES]]
        valued = has_digit if counted else is_value  # a count may stand beside its share in one cell
        if any(sum(map(valued, column)) >= 0.75 * len(rows) for column in zip(*rows, strict=True)):
            columns = tuple(pa.array(list(column), pa.string()) for column in zip(*rows, strict=True))
            yield Table(f"{where} table in text".strip(), tuple(names), columns)


def _runs(where: str, lines: list[str], widths: list[int], shape: Mapping[str, float], mark: str) -> Iterator[Table]:
    """Yield the lines of each frequent width, where they read as data."""
    for width, count in Counter(widths).most_common(_MOST_WIDTHS):
        if width < 2 or count < shape["review_rows"] - 1:
            continue
        places = [n for n, each in enumerate(widths) if each == width]
        first = places[0]
        names = _parted(lines[first], mark)
        headed = is_heading([name.strip() for name in names])
        whole = bool(mark) and count >= 0.9 * len(lines) and headed
        above = _parted(lines[first - 1], mark) if first and widths[first - 1] == width - 1 else []
        if not headed and is_heading(above):
            names = ["row", *above]  # a printed frame has no heading over its rows' numbers
        elif headed:
            places = places[1:]
        else:
            names = [f"column {n + 1}" for n in range(width)]
        rows = [_parted(lines[n], mark) for n in places[:: len(places) // _MOST_LINES + 1]]
        place = f"{where} rows in text".strip()
        if not whole:  # lines of words may stand between, of the same width by chance or not
            lone = [] if mark else [row for row in rows if _digits(row) == 1]
            rows = [row for row in rows if _digits(row) > (not mark)]
            if len(lone) >= shape["list_values"]:
                yield from _measured(_table(place, names, lone), " ".join(lone[0]))
        if len(rows) < shape["review_rows"] - 1:
            continue
        table = _table(place, names, rows)
        if _is_short(table) and (whole or _reads_as_data(table, shape, mark)):
            yield table
        elif not mark and len(rows) >= shape["list_values"]:
            yield from _measured(table, " ".join(rows[0]))


def _digits(row: list[str]) -> int:
    """Return how many cells hold a digit."""
    return sum(bool(_DIGIT.search(cell)) for cell in row)


def _table(where: str, names: Sequence[str], rows: list[list[str]]) -> Table:
    columns = [_bare([row[n].strip() for row in rows]) for n in range(len(rows[0]))]
    return Table(where, tuple(name.strip() for name in names), tuple(pa.array(each, pa.string()) for each in columns))


def _shared(one: str, two: str) -> str:
    length = next(
        (n for n, pair in enumerate(zip(one, two, strict=False)) if pair[0] != pair[1]), min(len(one), len(two))
    )
    return one[:length]


def _bare(values: list[str]) -> list[str]:
    """Return the values of a column without the words that all begin or end with (``loss=``, ``ms``)."""
    if len(values) < 3 or not all(values):
        return values
    low, high = min(values), max(values)  # what these two share at their beginning, all share
    head = len(_shared(low, high).rstrip("0123456789.+-:/T "))
    turned = [value[head:][::-1] for value in values]
    tail = len(_shared(min(turned), max(turned)).rstrip("0123456789."))
    bare = [value[head : len(value) - tail] for value in values]
    return bare if all(bare) else values


def _is_short(table: Table) -> bool:
    """Tell whether nearly all cells are as short as data's; a clause of prose is longer."""
    lengths = [pc.utf8_length(column).to_numpy() for column in table.columns]
    return all(float((each > _CELL).mean()) <= 0.2 for each in lengths)


def _reads_as_data(table: Table, shape: Mapping[str, float], mark: str) -> bool:
    """Tell whether two columns or more hold what differs from person to person."""
    values = [column.to_pylist() for column in table.columns]
    columns = [read_column(column) for column in table.columns]
    kinds = [_kind(column, each) for column, each in zip(columns, values, strict=True)]
    telling = (
        {"coded"} if {"axis", "prose"} & set(kinds) else {"coded", "measure"}
    )  # a log and a list of terms are labelled
    if mark and telling & set(kinds):
        telling.add("words")
    kept = [each for each, kind in zip(columns, kinds, strict=True) if kind in telling]
    return len(kept) >= 2 and not _is_grid(kept, table.rows, shape)


def _measured(table: Table, line: str) -> Iterator[Table]:
    """Yield the one column of numbers, in no order, of lines that say no more but when they were written.

    Parameters
    ----------
    line : str
        The first line: its words, which are all lines' words, say what a program measures of itself.
    """
    values = [column.to_pylist() for column in table.columns]
    columns = [read_column(column) for column in table.columns]
    kinds = [_kind(column, each) for column, each in zip(columns, values, strict=True)]
    numbers = [n for n, kind in enumerate(kinds) if kind in ("coded", "measure") and not columns[n].day]
    if len(numbers) != 1 or "prose" in kinds or _OF_PROGRAMS.search(_NOT_WORDS.sub(" ", line)):
        return
    column = table.columns[numbers[0]]
    if is_disordered(numbers_of(column)):
        yield Table(table.where, (table.names[numbers[0]],), (column,))


def _kind(column: Column, values: list[str]) -> str:
    """Return what a column holds: an axis, a measure, codes (ages, areas, diagnoses, dates), few words, or prose."""
    if column.distinct == 1:
        return "constant"
    clock = sum(bool(_CLOCK.fullmatch(value)) for value in values) >= 0.9 * len(values)
    if clock or (column.one_way and any(value[:1].isdigit() for value in values)):
        return "axis"
    if column.measure:
        return "measure"
    if sum(any(mark.isdigit() for mark in value) for value in values) >= 0.9 * len(values):
        return "coded"
    return "words" if column.distinct <= max(12, 0.05 * len(values)) else "prose"


def _is_grid(columns: list[Column], rows: int, shape: Mapping[str, float]) -> bool:
    """Tell whether a few coarse columns tell all rows apart by construction, as loops within loops do."""
    cells, unique, _ = combinations(columns, rows)
    return unique == rows and rows**2 / (2 * cells) >= shape["coincidences"]
