"""Tables that a program printed in columns of blanks: pandas' and R's frames, a page of PDF, a log's summary.

A column is a stretch of characters that some line fills, between stretches that all lines leave blank: so cells may
hold blanks, and be empty. Where lines lost their place (a page's text), what counts is at the end of each line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from textwrap import dedent

import numpy as np
import pyarrow as pa

from tre.disclosure.contents import Table
from tre.disclosure.detectors.counts import SUPPRESSED, names_count
from tre.disclosure.detectors.headings import is_heading

MOST_LINES = 5000  # of one table
_MOST_BLOCKS = 10_000  # of one text that are tried
_WIDEST = 400  # characters of a line
_FEWEST = 3  # lines: a heading and two rows
_ABOVE = 4  # lines that may stand over the heading without an empty line between
_BELOW = 2  # and under the last row
_CELL = 40  # characters
_PROGRAM = re.compile(r"[=\"'{}<>]")  # no heading is printed with these
_RULER = re.compile(r"\s*[-=─━┄]{2}[-=─━┄\s]*")  # under a heading, and around a table in reStructuredText
_SERIES = re.compile(
    r"(?:Name: (.{1,60}?), )?(?:Freq: \S+, )?(?:Length: \d+, )?dtype: (?:int|float|uint|Int|UInt|object)\d*"
)
_DIGIT = re.compile(r"\d")
_VALUE_LAST = re.compile(r"(?:\s|^)(?:[<>~]?[-+]?[\d,]*\.?\d+(?:[eE][-+]?\d+)?%?|\[\w+\]|\*|\.\.|-)$")
_VALUE = re.compile(r"[<>~]?[-+]?[\d,]*\.?\d+(?:[eE][-+]?\d+)?%?")


def is_value(cell: str) -> bool:
    """Tell whether a cell is a number, or the mark for one that was suppressed."""
    return bool(_VALUE.fullmatch(cell)) or (bool(cell) and cell.lower() in SUPPRESSED)


def has_digit(cell: str) -> bool:
    """Tell whether a digit stands in a cell."""
    return bool(_DIGIT.search(cell))


def find_printed(where: str, text: str) -> Iterator[Table]:
    """Yield the tables in columns of blanks that stand in a text, each between empty lines or under few others.

    Of very many blocks of lines that could be tables some are tried, evenly spread.
    """
    blocks = list(_blocks(text))
    for block in blocks[:: len(blocks) // _MOST_BLOCKS + 1]:
        found = _series(where, block) or _in_columns(where, block) or _at_the_end(where, block)
        if found is not None:
            yield found


def _blocks(text: str) -> Iterator[list[str]]:
    """Yield the lines between empty ones where enough of them hold digits and are no longer than a table's."""
    block: list[str] = []
    for line in [*text.splitlines(), ""]:
        if _RULER.fullmatch(line):
            continue
        if line.strip() and len(line) <= _WIDEST:
            if len(block) < MOST_LINES:
                block.append(line.expandtabs().rstrip())
            continue
        if len(block) >= _FEWEST and 2 * sum(map(has_digit, block[1:])) >= len(block):
            yield block
        block = []


def _series(where: str, block: list[str]) -> Table | None:
    """Return what pandas prints of a series: labels and a value in each line, and at the end what it is named."""
    end = _SERIES.fullmatch(block[-1])
    body = [line for line in block[:-1] if _VALUE_LAST.search(line)]
    if end is None or len(body) < len(block) - 2:
        return None
    labels: list[list[str]] = []
    for line in body:
        parts = line.split()[:-1]
        above = labels[-1] if labels else []
        # a label that goes on for many lines is printed in the first alone
        labels.append([*above[: len(above) - len(parts)], *parts] if line[0] == " " else parts)
    rows = [[" ".join(label), line.split()[-1]] for label, line in zip(labels, body, strict=True)]
    return _table(where, [["group", end[1] or "of each"], *rows])


def _in_columns(where: str, block: list[str]) -> Table | None:
    """Return the table whose columns all lines from a heading on leave blanks between, or None."""
    block = dedent("\n".join(block)).split("\n")
    if 3 * sum("  " in line or line[0] == " " for line in block) < len(block):
        return None  # nothing was moved to stand under another: prose
    width = max(map(len, block))
    flat = "".join(line.ljust(width) for line in block)
    drawn = (np.frombuffer(flat.encode("utf-32-le"), dtype="<u4") != ord(" ")).reshape(-1, width)
    best: list[list[str]] = []
    for first in range(min(_ABOVE, len(block) - _FEWEST) + 1):
        if _PROGRAM.search(block[first]):
            continue
        for last in range(len(block), max(first + _FEWEST, len(block) - _BELOW) - 1, -1):
            spans = _spans(drawn[first:last].any(axis=0))
            gaps = [start - end for (_, end), (start, _) in pairwise(spans)]
            rows = _joined([[line[start:end].strip() for start, end in spans] for line in block[first:last]], gaps)
            if _is_table(rows) and (len(rows[0]) > 1 or _is_lone(block[first:last])):
                best = rows if not best or len(rows[0]) > len(best[0]) else best
                break
    return _table(where, best) if best else None


def _spans(used: np.ndarray) -> list[tuple[int, int]]:
    """Return where stretches of used places start and end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], used, [False]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _is_lone(lines: list[str]) -> bool:
    """Tell whether it is one column under its name, all moved to end at one place."""
    alone = all(len(line.split()) == 1 for line in lines)
    return alone and len(set(map(len, lines))) == 1 and any(line[0] == " " for line in lines)


def _joined(rows: list[list[str]], gaps: list[int]) -> list[list[str]]:
    """Return the rows with what stands under no name joined to the nearer column, and names of no values as well.

    The first column may have no name, where each row has something in it: it numbers the rows.

    Parameters
    ----------
    gaps : list of int
        How many blanks stand between each column and the next.
    """
    at = len(rows[0]) - 1
    while at >= 0 and gaps:
        column = [row[at] for row in rows]
        nameless = not column[0] and not (at == 0 and all(column[1:]))
        if nameless or not any(column[1:]):
            first = at - 1 if at == len(gaps) or (at and gaps[at - 1] < gaps[at]) else at
            rows = [[*row[:first], f"{row[first]} {row[first + 1]}".strip(), *row[first + 2 :]] for row in rows]
            gaps = [*gaps[:first], *gaps[first + 1 :]]
        at -= 1
    return rows


def _is_table(rows: list[list[str]]) -> bool:
    """Tell whether rows are a table: named columns, short cells, one column of values at least and few empty ones."""
    head, body = rows[0], rows[1:]
    if not is_heading(head) or not all(head[1:]) or len(body) < _FEWEST - 1:
        return False
    columns = list(zip(*body, strict=True))
    cells = [cell for row in body for cell in row]
    sized = max(map(len, cells)) <= _CELL and sum(map(bool, cells)) >= 0.75 * len(cells)
    valued = [sum(map(is_value, column)) >= 0.75 * len(column) for column in columns]
    digits = [sum(map(has_digit, column)) >= 0.9 * len(column) for column in columns]
    counted = any(digit and names_count(name) for name, digit in zip(head, digits, strict=True))
    return sized and (any(valued[1:]) or counted or sum(digits) >= 2 or (len(head) == 1 and digits[0]))


def _at_the_end(where: str, block: list[str]) -> Table | None:
    """Return the table whose rows are words and then values, as many in each, under a heading that names counts."""
    if 2 * sum(bool(_VALUE_LAST.search(line)) for line in block) < len(block):
        return None
    parted = [line.split() for line in block]
    for first in range(min(_ABOVE, len(block) - _FEWEST) + 1):
        body = [parts for parts in parted[first + 1 :] if is_value(parts[-1])]
        if len(body) < max(_FEWEST - 1, 0.75 * (len(block) - first - 1)):
            continue
        width = min(map(_values_at_end, body))
        names = parted[first][-width:]
        if len(names) == width < len(parted[first]) and is_heading(names) and any(map(names_count, names)):
            label = " ".join(parted[first][:-width])
            rows = [[" ".join(parts[:-width]), *parts[-width:]] for parts in body]
            return _table(where, [[label, *names], *rows])
    return None


def _values_at_end(parts: list[str]) -> int:
    return next((n for n, part in enumerate(reversed(parts)) if not is_value(part)), len(parts))


def _table(where: str, rows: list[list[str]]) -> Table:
    columns = tuple(pa.array(list(column), pa.string()) for column in zip(*rows[1:], strict=True))
    return Table(f"{where} table in text".strip(), tuple(rows[0]), columns)
