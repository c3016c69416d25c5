"""Counts of a table in delimited text, suppressed or rounded: the mends of :mod:`tre.disclosure.fixes` for them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from tre.disclosure.charsets import decode
from tre.disclosure.detectors.counts import is_count
from tre.disclosure.profile import Profile
from tre.disclosure.readers.tabular import delimiter_of

SUPPRESSED = "[c]"  # GSS guidance: the mark for a confidential value
_Rows = Sequence[Sequence[str]]


def suppressed(data: bytes, profile: Profile, *, base: int) -> bytes:
    """Return a table with its small counts suppressed and the others rounded to a multiple of the base.

    Raises
    ------
    ValueError
        It is no table of rows of one width.
    """
    return _mended(data, lambda rows, n, labels: _suppressed(rows, n, labels, profile, base=base))


def rounded(data: bytes, profile: Profile) -> bytes:
    """Return a table with its counts as a profile that rounds shows them.

    Raises
    ------
    ValueError
        It is no table of rows of one width.
    """
    return _mended(data, lambda rows, n, labels: [_as_asked(row[n], profile) for row in rows])


def _mended(data: bytes, mended: Callable[[_Rows, int, Sequence[int]], list[str]]) -> bytes:
    """Return a table with its counts changed.

    Parameters
    ----------
    mended : callable
        Takes the rows, a column of counts and the columns of labels, and returns what that column is to hold.
    """
    text = decode(data)
    mark = delimiter_of(text) if text is not None else None
    if text is None or mark is None:
        raise ValueError("no table")
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=mark) if row]
    width = len(rows[0])
    if any(len(row) != width for row in rows):
        raise ValueError("rows of more than one width")
    counts = [n for n in range(width) if is_count(rows[0][n], pa.array([row[n] for row in rows[1:]], pa.string()))]
    labels = [n for n in range(width) if n not in counts]
    for n in counts:
        for row, value in zip(rows[1:], mended(rows[1:], n, labels), strict=True):
            row[n] = value
    made = io.StringIO()
    csv.writer(made, delimiter=mark, lineterminator="\n").writerows(rows)
    return made.getvalue().encode()


def _suppressed(rows: _Rows, n: int, labels: Sequence[int], profile: Profile, *, base: int) -> list[str]:
    hidden = _hidden(rows, n, labels, profile)
    return [SUPPRESSED if gone else _rounded(row[n], base) for row, gone in zip(rows, hidden, strict=True)]


def _hidden(rows: _Rows, n: int, labels: Sequence[int], profile: Profile) -> list[bool]:
    """Return which cells of a column are suppressed: the small, and the least beside one that is alone in its group.

    A group is the whole column, or the rows that share a label: a total of it gives a single suppressed cell away.
    """
    least = 0 if profile.check_zeros else 1
    values = [int(float(row[n])) if row[n].strip().lstrip("-").replace(".", "", 1).isdigit() else -1 for row in rows]
    hidden = [least <= value < profile.threshold or row[n].strip() == SUPPRESSED
              for value, row in zip(values, rows, strict=True)]  # fmt: skip
    groups = [list(range(len(rows)))]
    for label in labels:
        names = dict.fromkeys(row[label] for row in rows)
        groups += [[at for at, row in enumerate(rows) if row[label] == name] for name in names]
    changed = True
    while changed:
        changed = False
        for group in groups:
            shown = [at for at in group if not hidden[at] and values[at] >= 0]
            if sum(hidden[at] for at in group) == 1 and shown:
                hidden[min(shown, key=values.__getitem__)] = True
                changed = True
    return hidden


def _rounded(value: str, base: int) -> str:
    """Return a count rounded to the nearest multiple of the base; what is no whole number stays."""
    if base == 1 or not value.strip().isdigit():
        return value
    return str((2 * int(value) + base) // (2 * base) * base)


def _as_asked(value: str, profile: Profile) -> str:
    """Return a count as a profile that rounds shows it; what is no whole number stays."""
    whole = value.strip().replace(",", "")
    return str(int(profile.rounded(np.array(float(whole))))) if whole.isdigit() else value
